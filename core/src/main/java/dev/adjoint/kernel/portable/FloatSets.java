package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.FloatNormLoops.LANES;
import static dev.adjoint.kernel.FloatNormLoops.NUMBERS;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.FloatNormLoops;
import dev.adjoint.kernel.Norm;
import dev.adjoint.kernel.Norm.Tile;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes sets, one after another, and measures their mean and variance, as the rows {@code
 * scale, offset, inverse, shift, along} of a table, with {@code y = (x scale + offset) inverse +
 * shift}, and along by how much more sigma follows x than if epsilon did so, too: 1 but for an
 * epsilon outside the root.
 *
 * <p>Differences from a center that is near the mean have the mean and the variance that correct
 * for its being elsewhere: {@code var(x) = mean((x - m)^2) - mean(x - m)^2} for any m (Chan, Golub,
 * LeVeque, 1983). The center is the mean of a few elements, which is exact for a constant set; if
 * it is farther from the mean than the others are, the sums are made again around the mean.
 *
 * <p>The scale is 1; for a set whose squares overflow or vanish a power of two, which rounds
 * nothing.
 */
final class FloatSets {

  /** So many elements are added up in the arrays' precision before they are added in double. */
  private static final int PIECE = 4096;

  /** At most so many sets are measured before they are written. */
  private static final int GROUP = 64;

  /** Mean squares from here on do not feel the squares that vanished. */
  private static final double LEAST = Math.scalb(1d, Float.MIN_EXPONENT + 2 * Float.PRECISION);

  /** Receives elements of one feature, as lanes, or rows of features one after another. */
  private interface Body {
    void run(Tile tile, int feature);
  }

  private final FloatNormLoops loops;
  private final Norm norm;
  private final float[] x;
  private final float[] statistics;

  /** Whether neighbors have gains of their own. */
  private final boolean features;

  /** How many neighboring sets have the same features, and go together. */
  private final int together;

  private final int group;

  /** A set has so many runs of so many neighbors, which start so far from each other. */
  private final int runs;

  private final int length;
  private final int step;

  /** The numbers of each set of a group, and those of one for its lanes. */
  private final float[] numbers;

  private final float[] table = Buffers.uninitializedFloats(NUMBERS * LANES);
  private final float[] lanes = Buffers.zeroedFloats(2 * 2 * LANES);

  /** What the lanes of one set, or of two, have added up to: two sums each. */
  private final double[] totals = Buffers.zeroedDoubles(2 * 2);

  FloatSets(FloatNormLoops loops, Norm norm, float[] x, float[] statistics) {
    this.loops = loops;
    this.norm = norm;
    this.x = x;
    this.statistics = statistics;
    runs = norm.runs();
    length = norm.length();
    step = norm.at(1, 0);
    features = norm.inner() == 1;
    together = features && norm.b() == norm.features() ? 2 : 1;
    int most = Math.clamp(norm.sets(), 1, GROUP);
    group = Math.clamp((1 << 14) / norm.size(), 1, most);
    numbers = Buffers.uninitializedFloats(group * NUMBERS);
  }

  /**
   * Measures each of some sets that stay in cache, and then writes them: memory is fastest where it
   * is read in long stretches.
   */
  void forward(int from, int to, float[] affine, float[] h) {
    for (int c = from, end; c < to; c = end) {
      end = Math.min(to, c + group);
      for (int i = c, n; i < end; i += n) {
        n = Math.min(together, end - i);
        if (n == 1) {
          measure(i, 0);
        } else {
          measurePair(i);
        }
      }
      for (int i = c; i < end; i++) { // two at once are slower, once they come from memory
        apply(i, affine, h);
      }
    }
  }

  /** Measures two neighboring sets. */
  private void measurePair(int c) {
    for (int i = 0; i < 2; i++) {
      numbers[i * NUMBERS] = 1;
      numbers[i * NUMBERS + 1] = -center(c + i, 0);
    }
    Arrays.fill(totals, 0);
    forEach(
        c,
        2,
        (tile, f) -> loops.momentsPair(x, tile, numbers, 0, lanes),
        f -> {
          for (int i = 0; i < 4; i++) {
            totals[i] += taken(i * LANES);
          }
        });
    double rest = totals[2] / norm.size();
    double meanSquare = totals[3] / norm.size();
    finish(c, 0, -numbers[1], totals[0] / norm.size(), totals[1] / norm.size());
    finish(c + 1, 0, -numbers[NUMBERS + 1], rest, meanSquare);
  }

  /** Measures a set of numbers divided by a power of two. */
  private void measure(int c, int exponent) {
    float center = center(c, exponent);
    addUp(c, exponent, center);
    finish(c, exponent, center, totals[0], totals[1]);
  }

  /** Returns the mean of a few elements. */
  private float center(int c, int exponent) {
    int start = norm.at(0, c);
    if (!norm.centered()) {
      return 0;
    }
    return length >= LANES && exponent == 0
        ? total(x, start) / LANES
        : (float) scaled(x[start], -exponent);
  }

  /** Computes the means of d and its square. */
  private void addUp(int c, int exponent, float center) {
    numbers[0] = (float) scaled(1, -exponent);
    numbers[1] = -center;
    loops.repeatNumbers(numbers, 0, table);
    Arrays.fill(totals, 0);
    forEach(
        c,
        0,
        (tile, f) -> loops.moments(x, tile, table, lanes),
        f -> {
          totals[0] += taken(0);
          totals[1] += taken(LANES);
        });
    totals[0] /= norm.size();
    totals[1] /= norm.size();
  }

  /** Stores what was measured around a center; if that is far from the mean, around the mean. */
  private void finish(int c, int exponent, float center, double rest, double meanSquare) {
    if (norm.centered() && isFar(rest, meanSquare)) {
      float mean = (float) (center + rest);
      addUp(c, exponent, mean);
      store(c, exponent, mean, totals[0], totals[1]);
    } else {
      store(c, exponent, center, rest, meanSquare);
    }
  }

  /**
   * Measures columns that are sets, from a number on.
   *
   * @param top their first few rows, the mean of which is the center
   * @param table receives scale and offset of each
   * @param moments makes the sums of d and its square of each by the table
   */
  void measureColumns(
      int first, Tile top, FloatNormLoops columnLoops, float[] table, Supplier<double[]> moments) {
    int n = top.to();
    int stride = top.stride();
    Arrays.fill(table, 0, n, 1);
    Arrays.fill(table, stride, stride + n, 0);
    if (norm.centered()) {
      for (int c = 0; c < n; c++) {
        table[stride + c] = -x[top.at() + c];
      }
      float[] few = Buffers.scratchFloats(2L * stride);
      Arrays.fill(few, 0, n, 0);
      Arrays.fill(few, stride, stride + n, 0);
      columnLoops.moments(x, top, table, few);
      for (int c = 0; c < n; c++) {
        table[stride + c] -= few[c] / top.rows();
      }
      Buffers.give(few);
    }
    long size = norm.size();
    double[] sums = moments.get();
    boolean again = false;
    for (int c = 0; norm.centered() && c < n; c++) {
      double rest = sums[c] / size;
      if (isFar(rest, sums[stride + c] / size)) {
        table[stride + c] = (float) (table[stride + c] - rest);
        again = true;
      }
    }
    if (again) {
      sums = moments.get();
    }
    for (int c = 0; c < n; c++) {
      store(first + c, 0, -table[stride + c], sums[c] / size, sums[stride + c] / size);
    }
  }

  private static double variance(double rest, double meanSquare) {
    return Math.max(0, meanSquare - rest * rest);
  }

  /** Tells whether a mean is so far from the center that the variance has lost digits. */
  private static boolean isFar(double rest, double meanSquare) {
    return rest * rest > 2 * variance(rest, meanSquare);
  }

  /** Stores 1 / sigma; 0 where sigma is 0, so that a constant set becomes zeros. */
  private void store(int c, int exponent, float center, double meanOfRests, double meanSquare) {
    int n = norm.sets();
    double rest = norm.centered() ? meanOfRests : 0;
    double v = variance(rest, meanSquare);
    double epsilon = scaled(norm.epsilon(), norm.epsilonOutsideRoot() ? -exponent : -2 * exponent);
    double sigma = norm.sigma(v, epsilon);
    double inverse = sigma == 0 ? 0 : 1 / sigma;
    statistics[c] = (float) scaled(1, -exponent);
    statistics[n + c] = -center;
    statistics[2 * n + c] = (float) inverse;
    statistics[3 * n + c] = (float) (-rest * inverse);
    boolean moves = norm.epsilonOutsideRoot() && v > 0;
    statistics[4 * n + c] = moves ? (float) (sigma / Math.sqrt(v)) : 1;
    statistics[5 * n + c] = (float) scaled(center + rest, exponent);
    statistics[6 * n + c] = (float) scaled(v, 2 * exponent);
    if (exponent == 0 && !(v + epsilon >= LEAST && v < Float.POSITIVE_INFINITY)) {
      measureScaled(c);
    }
  }

  /** Returns {@code x 2^exponent}; the exponent is 0 but for sets whose squares did not fit. */
  private static double scaled(double x, int exponent) {
    return exponent == 0 ? x : Math.scalb(x, exponent);
  }

  /** Measures a set whose squares did not fit again, by a power of two smaller or larger. */
  private void measureScaled(int c) {
    float largest = 0;
    int at = norm.at(0, c);
    for (int i = 0; i < runs; i++, at += step) {
      for (int j = at; j < at + length; j++) {
        largest = Math.max(largest, Math.abs(x[j]));
      }
    }
    if (largest > 0 && largest < Float.POSITIVE_INFINITY) {
      measure(c, Math.max(Float.MIN_EXPONENT, Math.getExponent(largest)));
    }
  }

  private void apply(int c, float[] affine, float[] h) {
    take(c, 1, 0);
    forEach(
        c,
        features ? 1 : 0,
        (tile, f) -> {
          if (features) {
            loops.applyFeatures(x, tile, numbers, 0, affine, f, h);
            return;
          }
          numbers[4] = affine[f];
          numbers[5] = affine[norm.features() + f];
          loops.repeatNumbers(numbers, 0, table);
          loops.apply(x, tile, table, h);
        },
        f -> {});
  }

  /** Differentiates some sets, at most as many as may be added up in the arrays' precision. */
  void pullback(
      int from,
      int to,
      float[] dh,
      float[] affine,
      float @Nullable [] dx,
      double @Nullable [] sums) {
    float[] added = Buffers.scratchFloats(features ? 2 * norm.features() : 0);
    Arrays.fill(added, 0);
    for (int c = from, end; c < to; c = end) {
      end = Math.min(to, c + group);
      for (int i = c, n; i < end; i += n) {
        n = Math.min(together, end - i);
        addUp(i, n, (i - c) * NUMBERS, dh, affine, sums);
      }
      for (int i = c, n; dx != null && i < end; i += n) {
        n = Math.min(together, end - i);
        write(i, n, (i - c) * NUMBERS, dh, affine, added, dx);
      }
    }
    for (int f = 0; features && sums != null && f < norm.features(); f++) {
      sums[f] += added[f];
      sums[norm.features() + f] += added[added.length / 2 + f];
    }
    Buffers.give(added);
  }

  /** Adds up what dx needs of one set, or of two. */
  private void addUp(int c, int sets, int k, float[] dh, float[] affine, double @Nullable [] sums) {
    take(c, sets, k);
    if (!features) {
      loops.repeatNumbers(numbers, k, table);
    }
    Arrays.fill(totals, 0);
    forEach(
        c,
        features ? sets : 0,
        (tile, f) -> {
          if (!features) {
            loops.sums(dh, x, tile, table, lanes);
          } else if (sets == 1) {
            loops.sumsFeatures(dh, x, tile, numbers, k, affine, f, lanes);
          } else {
            loops.sumsPair(dh, x, tile, numbers, k, affine, f, lanes);
          }
        },
        f -> {
          for (int i = 0; i < sets; i++) {
            int own = k + i * NUMBERS;
            double s = taken((2 * i + 1) * LANES);
            double product = taken(2 * i * LANES) * numbers[own + 2] + s * numbers[own + 3];
            double gain = features ? 1 : affine[f];
            totals[2 * i] += gain * product;
            totals[2 * i + 1] += gain * s;
            if (sums != null && !features) {
              sums[f] += product;
              sums[norm.features() + f] += s;
            }
          }
        });
    for (int i = 0; i < sets; i++) {
      int own = k + i * NUMBERS;
      double along = totals[2 * i] / norm.size() * statistics[4 * norm.sets() + c + i];
      double mean = norm.centered() ? totals[2 * i + 1] / norm.size() : 0;
      numbers[own + 5] = (float) (-along * numbers[own + 2]);
      numbers[own + 6] = (float) -(along * numbers[own + 3] + mean);
    }
  }

  private void write(
      int c, int sets, int k, float[] dh, float[] affine, float[] added, float[] dx) {
    forEach(
        c,
        features ? sets : 0,
        (tile, f) -> {
          if (!features) {
            numbers[k + 4] = affine[f];
            loops.repeatNumbers(numbers, k, table);
            loops.pullback(dh, x, tile, table, dx);
          } else if (sets == 1) {
            loops.pullbackFeatures(dh, x, tile, numbers, k, affine, f, added, dx);
          } else {
            loops.pullbackPair(dh, x, tile, numbers, k, affine, f, added, dx);
          }
        },
        f -> {});
  }

  /** Takes what was measured of one set, or of two. */
  private void take(int c, int sets, int k) {
    for (int i = 0; i < sets; i++) {
      for (int number = 0; number < 4; number++) {
        numbers[k + i * NUMBERS + number] = statistics[number * norm.sets() + c + i];
      }
    }
  }

  /** Adds up lanes, and clears them. */
  private double taken(int from) {
    float total = total(lanes, from);
    Arrays.fill(lanes, from, from + LANES, 0);
    return total;
  }

  /** Adds up lanes in halves. */
  static float total(float[] lanes, int from) {
    float even = quarter(lanes, from) + quarter(lanes, from + 2);
    return even + (quarter(lanes, from + 1) + quarter(lanes, from + 3));
  }

  private static float quarter(float[] lanes, int i) {
    return (lanes[i] + lanes[i + 8]) + (lanes[i + 4] + lanes[i + 12]);
  }

  /** Walks over a set, or rows of them, and tells whenever lanes are to be added up. */
  private void forEach(int c, int rows, Body body, IntConsumer atEnd) {
    int start = norm.at(0, c);
    for (int i = 0; i < runs; i++, start += step) {
      int end = start + length;
      for (int at = start, n; at < end; at += n) {
        n = Math.min(PIECE, norm.run(at, end));
        int f = norm.feature(at);
        int whole = n / LANES * LANES;
        if (whole > 0) {
          body.run(tile(at, whole, rows), f);
        }
        if (whole < n) {
          body.run(tile(at + whole, n - whole, rows), features ? f + whole : f);
        }
        atEnd.accept(f);
      }
    }
  }

  /** Returns elements in rows of neighboring sets; as lanes of one set if there are 0 rows. */
  private Tile tile(int at, int n, int rows) {
    return rows > 0
        ? new Tile(at, norm.b(), rows, 0, n)
        : new Tile(at, LANES, n < LANES ? 1 : n / LANES, 0, Math.min(n, LANES));
  }
}
