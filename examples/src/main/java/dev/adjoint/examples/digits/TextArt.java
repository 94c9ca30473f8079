package dev.adjoint.examples.digits;

import static java.util.stream.Collectors.joining;

import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Shows images in a terminal. */
public final class TextArt {

  /** From little ink, which is mostly noise, to much. */
  private static final String SHADES = "  .:-=+*#%@";

  /** An image loses so many pixels at each edge, where there is rarely any ink. */
  private static final int CUT = 2;

  private static final int WIDTH = Handwriting.SIZE - 2 * CUT;

  private TextArt() {}

  /**
   * Returns lines that show images side by side; a character is one pixel wide and two high.
   *
   * @param images of shape (28, 28), from 0 to 1
   * @param captions one for each image, which are put below
   */
  public static List<String> of(List<Tensor> images, List<String> captions) {
    Stream<String> pictures =
        IntStream.range(0, WIDTH / 2)
            .mapToObj(i -> joined(images.stream().map(x -> row(x, CUT + 2 * i))));
    return Stream.concat(pictures, Stream.of(joined(captions.stream().map(TextArt::padded))))
        .toList();
  }

  private static String joined(Stream<String> parts) {
    return parts.collect(joining("  ")).stripTrailing();
  }

  private static String padded(String caption) {
    return caption + " ".repeat(Math.max(0, WIDTH - caption.length()));
  }

  private static String row(Tensor image, int y) {
    StringBuilder line = new StringBuilder();
    for (int x = CUT; x < CUT + WIDTH; x++) {
      double ink = (image.get(y, x) + image.get(y + 1, x)) / 2;
      line.append(SHADES.charAt((int) Math.round(ink * (SHADES.length() - 1))));
    }
    return line.toString();
  }
}
