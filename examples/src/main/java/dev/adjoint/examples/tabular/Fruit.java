package dev.adjoint.examples.tabular;

import dev.adjoint.io.AtomicFile;
import dev.adjoint.tensor.Generator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Draws a table of fruit that somebody might have weighed and measured: kinds overlap, units
 * differ, and some measurements are missing.
 */
public final class Fruit {

  /** The column of the kind. */
  public static final String LABEL = "kind";

  private static final double MISSING = 0.02;
  private static final String[] COLORS = {"red", "yellow", "green", "blue"};

  /** The properties of a kind of fruit. */
  private enum Kind {
    APPLE(170, 25, 75, 5, 11.5, 1.5, 0.5, 0.25, 0.25, 0),
    PEAR(180, 30, 66, 5, 12.5, 1.5, 0.1, 0.4, 0.5, 0),
    LEMON(110, 20, 58, 5, 7, 1.2, 0, 0.95, 0.05, 0),
    LIME(70, 12, 47, 4, 7.5, 1.2, 0, 0.15, 0.85, 0),
    PLUM(60, 12, 45, 4, 13.5, 1.8, 0.35, 0.1, 0.05, 0.5);

    private final double[] means;
    private final double[] deviations;
    private final double[] colors;

    Kind(
        double grams,
        double gramsDeviation,
        double millimeters,
        double millimetersDeviation,
        double brix,
        double brixDeviation,
        double... colors) {
      means = new double[] {grams, millimeters, brix};
      deviations = new double[] {gramsDeviation, millimetersDeviation, brixDeviation};
      this.colors = colors;
    }
  }

  private Fruit() {}

  /** Writes a file with so many fruit. */
  public static void write(Path csv, int count, Generator generator) throws IOException {
    StringBuilder text =
        new StringBuilder("weight in g,diameter in mm,sweetness in Brix,color,kind\n");
    int[] kinds = generator.integers(Kind.values().length, count).toArray();
    float[] noise = generator.normal(count, 4).toFloatArray();
    float[] chance = generator.uniform(count, 4).toFloatArray();
    for (int i = 0; i < count; i++) {
      Kind kind = Kind.values()[kinds[i]];
      // A large fruit is heavy as well.
      double size = noise[4 * i + 3];
      for (int j = 0; j < 3; j++) {
        double own = noise[4 * i + j];
        double shared = j < 2 ? 0.8 * size + 0.6 * own : own;
        if (chance[4 * i + j] >= MISSING) {
          text.append(
              String.format(Locale.ROOT, "%.1f", kind.means[j] + kind.deviations[j] * shared));
        }
        text.append(',');
      }
      text.append(color(kind, chance[4 * i + 3]))
          .append(',')
          .append(kind.name().toLowerCase(Locale.ROOT))
          .append('\n');
    }
    AtomicFile.write(csv, out -> out.write(text.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static String color(Kind kind, double chance) {
    double sum = 0;
    for (int c = 0; c < COLORS.length; c++) {
      sum += kind.colors[c];
      if (chance < sum) {
        return COLORS[c];
      }
    }
    return COLORS[0];
  }
}
