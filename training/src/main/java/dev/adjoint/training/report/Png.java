package dev.adjoint.training.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Writes pictures. */
final class Png {

  private Png() {}

  /** What a picture shows: from 0 for black to 1 for white, or full color. */
  @FunctionalInterface
  interface Samples {
    double at(int channel, int y, int x);
  }

  /**
   * Returns the bytes of a file.
   *
   * @param channels 1 for gray, or 3 for red, green and blue
   */
  static byte[] of(int width, int height, int channels, Samples samples) {
    BufferedImage image =
        new BufferedImage(
            width,
            height,
            channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < channels; c++) {
          double sample = 255 * Math.clamp(samples.at(c, y, x), 0, 1);
          image.getRaster().setSample(x, y, c, (int) Math.round(sample));
        }
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("an array refused to be written", e);
    }
    return bytes.toByteArray();
  }
}
