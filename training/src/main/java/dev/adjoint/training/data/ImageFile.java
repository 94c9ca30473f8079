package dev.adjoint.training.data;

import dev.adjoint.tensor.Tensor;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads image files as tensors of shape (channels, height, width) with elements from 0 to 1.
 *
 * @param channels 1 for brightness, 3 for red, green and blue
 * @param resized whether an image of another size is resized; else it is refused
 * @param maxPixels that an image to be resized may have: a hundred bytes can claim any number, and
 *     decoding takes memory for what they claim
 */
record ImageFile(int channels, int height, int width, boolean resized, long maxPixels) {

  /** An image of eight megapixels. */
  static final long MAX_PIXELS = 1L << 23;

  /** A decoded pixel has at most so many bytes, and so has one that is not packed. */
  private static final int MOST_BYTES_PER_PIXEL = 8;

  private static final int MOST_BYTES_BESIDE = 1 << 24;

  private static final Set<String> FORMATS = Set.of("png", "jpeg", "jpg", "gif", "bmp");

  /** Tells whether the name of a file is that of an image. */
  static boolean isImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && FORMATS.contains(name.substring(name.lastIndexOf('.') + 1));
  }

  /** Reads a file. */
  Tensor read(Path file) throws IOException {
    BufferedImage image = decode(file);
    boolean gray = isGray(image.getColorModel());
    int planes = gray ? 1 : channels;
    Resizing resizing = new Resizing(planes, image.getHeight(), image.getWidth(), height, width);
    float[] row = new float[planes * image.getWidth()];
    for (int y = 0; y < image.getHeight(); y++) {
      if (gray) {
        gray(image, y, row);
      } else {
        colors(image, y, row);
      }
      resizing.add(y, row);
    }
    return Tensor.of(resizing.result(), planes, height, width).expand(channels, height, width);
  }

  private BufferedImage decode(Path file) throws IOException {
    byte[] bytes = bytes(file);
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      ImageReader reader = readers.hasNext() ? readers.next() : null;
      if (reader == null || !FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
        throw DataFormatException.of(file, "is no image; expected PNG, JPEG, GIF or BMP");
      }
      try {
        reader.setInput(in, true, true);
        int orientation = ImageBytes.orientation(bytes);
        boolean lies = orientation > 4; // on its side
        requireSize(
            file,
            lies ? reader.getWidth(0) : reader.getHeight(0),
            lies ? reader.getHeight(0) : reader.getWidth(0));
        String fault = ImageBytes.fault(bytes);
        if (!fault.isEmpty()) {
          throw DataFormatException.of(file, fault);
        }
        Damage damage = new Damage();
        reader.addIIOReadWarningListener(damage);
        reader.addIIOReadProgressListener(damage);
        BufferedImage image = reader.read(0);
        String found = damage.found(reader.getFormatName());
        if (!found.isEmpty()) {
          throw DataFormatException.of(file, "is damaged: " + found);
        }
        return upright(image, orientation);
      } catch (DataFormatException e) {
        throw e;
      } catch (IOException | RuntimeException e) { // decoders throw either at what is damaged
        throw DataFormatException.of(file, "cannot be decoded: " + e, e);
      } finally {
        reader.dispose();
      }
    }
  }

  /** Turns an image as it was seen: EXIF says which sides of it its first row and column are. */
  private static BufferedImage upright(BufferedImage image, int orientation) {
    if (orientation == 1) {
      return image;
    }
    int h = image.getHeight();
    int w = image.getWidth();
    boolean lies = orientation > 4;
    boolean fromRight = orientation == 2 || orientation == 3 || orientation > 6;
    boolean fromBottom =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    WritableRaster from = image.getRaster();
    WritableRaster to = from.createCompatibleWritableRaster(lies ? h : w, lies ? w : h);
    @Nullable Object pixel = null;
    for (int y = 0; y < to.getHeight(); y++) {
      for (int x = 0; x < to.getWidth(); x++) {
        int column = lies ? y : x;
        int row = lies ? x : y;
        pixel =
            from.getDataElements(
                fromRight ? w - 1 - column : column, fromBottom ? h - 1 - row : row, pixel);
        to.setDataElements(x, y, pixel);
      }
    }
    return new BufferedImage(image.getColorModel(), to, image.isAlphaPremultiplied(), null);
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
    if (actualHeight < 1 || actualWidth < 1) {
      throw DataFormatException.of(
          file, "an image of %d by %d pixels".formatted(actualHeight, actualWidth));
    }
    if (!same && (long) actualHeight * actualWidth > maxPixels) {
      throw DataFormatException.of(
          file,
          "an image of %d by %d pixels (height by width); expected at most %d, which maxPixels sets"
              .formatted(actualHeight, actualWidth, maxPixels));
    }
  }

  private byte[] bytes(Path file) throws IOException {
    long most =
        MOST_BYTES_PER_PIXEL * Math.max(maxPixels, (long) height * width) + MOST_BYTES_BESIDE;
    if (!Files.isRegularFile(file) || Files.size(file) > most) {
      throw DataFormatException.of(
          file, "expected a file of at most %d bytes for %d pixels".formatted(most, maxPixels));
    }
    return Files.readAllBytes(file);
  }

  private static boolean isGray(ColorModel model) {
    return model.getColorSpace().getType() == ColorSpace.TYPE_GRAY
        && !(model instanceof IndexColorModel);
  }

  /** Takes samples as they are: Java's conversion to RGB takes them for linear brightness. */
  private static void gray(BufferedImage image, int y, float[] row) {
    image.getRaster().getSamples(0, y, image.getWidth(), 1, 0, row);
    float white = (1 << image.getSampleModel().getSampleSize(0)) - 1;
    for (int x = 0; x < row.length; x++) {
      row[x] /= white;
    }
  }

  private void colors(BufferedImage image, int y, float[] row) {
    int w = image.getWidth();
    int[] pixels = image.getRGB(0, y, w, 1, null, 0, w);
    for (int x = 0; x < w; x++) {
      int red = pixels[x] >> 16 & 0xff;
      int green = pixels[x] >> 8 & 0xff;
      int blue = pixels[x] & 0xff;
      if (channels == 1) {
        row[x] = (299 * red + 587 * green + 114 * blue) / 255_000f; // ITU-R BT.601
      } else {
        row[x] = red / 255f;
        row[w + x] = green / 255f;
        row[2 * w + x] = blue / 255f;
      }
    }
  }

  /**
   * Listens to a decoder, which only warns of most damage, and of an end in the middle not even
   * that.
   */
  private static final class Damage implements IIOReadWarningListener, IIOReadProgressListener {
    private String warning = "";
    private float percent;

    private String found(String format) {
      boolean cut = format.equalsIgnoreCase("gif") && percent < 100;
      return cut ? "the data ends after %.0f %% of the image".formatted(percent) : warning;
    }

    @Override
    public void warningOccurred(ImageReader source, String text) {
      // Neither an odd profile nor bytes between two parts change a pixel.
      if (!text.endsWith("ignored") && !text.contains("extraneous bytes")) {
        warning = text;
      }
    }

    @Override
    public void imageProgress(ImageReader source, float percentageDone) {
      percent = percentageDone;
    }

    @Override
    public void sequenceStarted(ImageReader source, int minIndex) {}

    @Override
    public void sequenceComplete(ImageReader source) {}

    @Override
    public void imageStarted(ImageReader source, int imageIndex) {}

    @Override
    public void imageComplete(ImageReader source) {}

    @Override
    public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

    @Override
    public void thumbnailProgress(ImageReader source, float percentageDone) {}

    @Override
    public void thumbnailComplete(ImageReader source) {}

    @Override
    public void readAborted(ImageReader source) {}
  }
}
