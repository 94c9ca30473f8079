package dev.adjoint.examples.digits;

import java.util.List;
import java.util.stream.Stream;

/**
 * The ways in which people write each digit.
 *
 * <p>A way is a list of strokes, in a box of width 60 and height 100 whose origin is the upper left
 * corner, written like the paths of <a href="https://www.w3.org/TR/SVG11/paths.html">SVG</a>: M
 * puts the pen down at a point, L draws a line to the next one, and C a Bézier curve by two control
 * points.
 */
final class Glyphs {

  /** The middle of the box. */
  static final Point CENTER = new Point(30, 50);

  private static final String[][] PATHS = {
    {
      "M 30 0 C 48 0 60 22 60 50 C 60 78 48 100 30 100 C 12 100 0 78 0 50 C 0 22 12 0 30 0",
      "M 42 6 C 20 -8 0 15 0 50 C 0 85 12 100 30 100 C 50 100 60 80 60 50 C 60 20 48 0 28 4"
    },
    {"M 30 0 L 30 100", "M 12 22 L 32 0 L 32 100", "M 12 22 L 32 0 L 32 100 M 10 100 L 54 100"},
    {
      "M 4 24 C 6 6 18 0 30 0 C 48 0 58 12 58 28 C 58 50 30 70 2 100 L 60 100",
      "M 4 20 C 10 -2 50 -6 54 22 C 57 50 22 76 4 94 C -4 84 16 80 28 90 C 40 100 52 100 60 90"
    },
    {
      "M 4 10 C 16 -4 56 -4 56 24 C 56 44 36 48 22 48 C 40 48 60 54 60 76 C 60 106 14 106 2 88",
      "M 6 0 L 54 0 L 26 40 C 48 38 60 52 60 70 C 60 104 14 108 2 88"
    },
    {
      "M 44 100 L 44 0 L 0 66 L 60 66",
      "M 10 0 L 4 56 L 60 56 M 46 10 L 46 100",
      "M 8 4 C 8 30 4 54 8 54 L 56 54 M 48 6 L 42 100"
    },
    {
      "M 54 0 L 12 0 L 8 44 C 20 34 60 32 60 66 C 60 104 14 108 2 88",
      "M 10 4 L 8 44 C 30 32 60 42 58 70 C 54 104 14 104 2 90 M 10 2 L 56 0"
    },
    {
      "M 50 2 C 20 14 2 44 2 70 C 2 92 14 100 30 100 C 48 100 58 88 58 72"
          + " C 58 54 46 46 32 46 C 18 46 6 54 2 70",
      "M 44 0 L 8 58 C -6 84 14 100 30 100 C 66 100 64 48 32 50 C 20 50 10 58 6 66"
    },
    {
      "M 2 0 L 58 0 C 40 34 28 66 22 100",
      "M 2 0 L 58 0 L 22 100 M 14 50 L 52 50",
      "M 4 16 L 4 2 L 58 0 L 26 100"
    },
    {
      "M 30 48 C 8 44 4 30 4 24 C 4 8 16 0 30 0 C 44 0 56 8 56 24 C 56 36 44 44 30 48"
          + " C 12 52 0 60 0 76 C 0 92 12 100 30 100 C 48 100 60 92 60 76 C 60 60 48 52 30 48",
      "M 52 14 C 44 -4 8 -4 8 22 C 8 50 58 46 58 78 C 58 106 4 106 4 78 C 4 52 50 44 52 14"
    },
    {
      "M 56 30 C 56 12 46 0 30 0 C 12 0 2 12 2 28 C 2 46 12 56 28 56 C 44 56 56 44 56 30"
          + " C 58 60 54 86 34 100",
      "M 54 26 C 50 -8 4 -8 4 28 C 4 60 50 60 54 26 L 50 100"
    }
  };

  private static final List<List<List<Stroke>>> GLYPHS =
      Stream.of(PATHS).map(ways -> Stream.of(ways).map(Stroke::parse).toList()).toList();

  private Glyphs() {}

  /** Returns the ways to write a digit. */
  static List<List<Stroke>> of(int digit) {
    return GLYPHS.get(digit);
  }
}
