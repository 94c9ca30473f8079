package dev.adjoint.training.data;

import dev.adjoint.tensor.Tensor;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads image files as tensors of shape (channels, height, width) with elements from 0 to 1.
 *
 * @param channels 1 for brightness, 3 for red, green and blue
 * @param resized whether an image of another size is resized; else it is refused
 */
record ImageFile(int channels, int height, int width, boolean resized) {

  /** A hundred bytes can claim any size, and decoding takes memory for what they claim. */
  private static final long MOST_PIXELS = 1L << 25;

  /** The matrices that resize grow with this. */
  private static final int LONGEST_SIDE = 1 << 16;

  private static final Set<String> FORMATS = Set.of("png", "jpeg", "jpg", "gif", "bmp");

  /** Tells whether the name of a file is that of an image. */
  static boolean isImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && FORMATS.contains(name.substring(name.lastIndexOf('.') + 1));
  }

  /** Reads a file. */
  Tensor read(Path file) throws IOException {
    BufferedImage image = decode(file);
    Tensor pixels = isGray(image.getColorModel()) ? gray(image) : colors(image);
    if (image.getHeight() == height && image.getWidth() == width) {
      return pixels;
    }
    Tensor vertical = interpolation(image.getHeight(), height);
    Tensor horizontal = interpolation(image.getWidth(), width);
    return vertical.matmul(pixels).matmul(horizontal.transpose());
  }

  private BufferedImage decode(Path file) throws IOException {
    try (InputStream bytes = Files.newInputStream(file);
        ImageInputStream in = new MemoryCacheImageInputStream(bytes)) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      ImageReader reader = readers.hasNext() ? readers.next() : null;
      if (reader == null || !FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
        throw DataFormatException.of(file, "is no image; expected PNG, JPEG, GIF or BMP");
      }
      try {
        reader.setInput(in, true, true);
        requireSize(file, reader.getHeight(0), reader.getWidth(0));
        return reader.read(0);
      } catch (DataFormatException e) {
        throw e;
      } catch (IOException | RuntimeException e) { // decoders throw either at what is damaged
        throw DataFormatException.of(file, "cannot be decoded: " + e, e);
      } finally {
        reader.dispose();
      }
    }
  }

  private void requireSize(Path file, int actualHeight, int actualWidth)
      throws DataFormatException {
    boolean same = actualHeight == height && actualWidth == width;
    if (!resized && !same) {
      throw DataFormatException.of(
          file,
          "an image of %d by %d pixels (height by width); expected %d by %d"
              .formatted(actualHeight, actualWidth, height, width));
    }
    if (!same
        && ((long) actualHeight * actualWidth > MOST_PIXELS
            || Math.max(actualHeight, actualWidth) > LONGEST_SIDE)) {
      throw DataFormatException.of(
          file,
          "an image of %d by %d pixels (height by width); expected at most %d, and %d on a side"
              .formatted(actualHeight, actualWidth, MOST_PIXELS, LONGEST_SIDE));
    }
  }

  private static boolean isGray(ColorModel model) {
    return model.getColorSpace().getType() == ColorSpace.TYPE_GRAY
        && !(model instanceof IndexColorModel);
  }

  /** Takes samples as they are: Java's conversion to RGB takes them for linear brightness. */
  private Tensor gray(BufferedImage image) {
    int h = image.getHeight();
    int w = image.getWidth();
    float[] samples = image.getRaster().getSamples(0, 0, w, h, 0, new float[h * w]);
    int white = (1 << image.getSampleModel().getSampleSize(0)) - 1;
    return Tensor.of(samples, 1, h, w).div(white).expand(channels, h, w);
  }

  private Tensor colors(BufferedImage image) {
    int h = image.getHeight();
    int w = image.getWidth();
    int[] pixels = image.getRGB(0, 0, w, h, null, 0, w);
    float[] planes = new float[channels * pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      int red = pixels[i] >> 16 & 0xff;
      int green = pixels[i] >> 8 & 0xff;
      int blue = pixels[i] & 0xff;
      if (channels == 1) {
        planes[i] = (299 * red + 587 * green + 114 * blue) / 255_000f; // ITU-R BT.601
      } else {
        planes[i] = red / 255f;
        planes[pixels.length + i] = green / 255f;
        planes[2 * pixels.length + i] = blue / 255f;
      }
    }
    return Tensor.of(planes, channels, h, w);
  }

  /**
   * Returns the matrix, of shape (to, from), that makes a line of so many pixels of another: by
   * linear interpolation, or averages where it gets shorter.
   */
  private static Tensor interpolation(int from, int to) {
    double scale = (double) from / to;
    double reach = Math.max(1, scale);
    float[] weights = new float[to * from];
    for (int i = 0; i < to; i++) {
      double sum = 0;
      for (int j = 0; j < from; j++) {
        sum += triangle((j + 0.5 - (i + 0.5) * scale) / reach);
      }
      for (int j = 0; j < from; j++) {
        weights[i * from + j] = (float) (triangle((j + 0.5 - (i + 0.5) * scale) / reach) / sum);
      }
    }
    return Tensor.of(weights, to, from);
  }

  private static double triangle(double x) {
    return Math.max(0, 1 - Math.abs(x));
  }
}
