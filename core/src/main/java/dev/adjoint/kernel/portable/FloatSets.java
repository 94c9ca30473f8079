package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.Buffers.FAR;
import static dev.adjoint.kernel.Buffers.PAGE;
import static dev.adjoint.kernel.FloatRunLoops.LANES;
import static dev.adjoint.kernel.FloatRunLoops.NUMBERS;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.FloatColumnLoops;
import dev.adjoint.kernel.FloatRunLoops;
import dev.adjoint.kernel.Norm;
import dev.adjoint.kernel.Norm.Run;
import dev.adjoint.kernel.Norm.Tile;
import java.util.Arrays;
import java.util.function.Consumer;
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

  private final FloatRunLoops loops;
  private final Norm norm;
  private final float[] x;
  private final float[] statistics;

  /** Whether neighbors have gains of their own. */
  private final boolean features;

  /** How many neighboring sets, which have the same features, go together. */
  private final int together;

  /** How many go together where they are read for the first time. */
  private final int atFirst;

  /** So many sets are measured, and stay in cache until they are written. */
  private final int group;

  /** Whether memory is to have the next page ready that a group is written to. */
  private final boolean isAhead;

  /** What was read of such pages: a result, without which the JIT would not read them. */
  @SuppressWarnings("UnusedVariable")
  private float readAhead;

  /** A set has so many runs of so many neighbors, which start so far from each other. */
  private final int runs;

  private final int length;
  private final int step;

  /** The numbers of each set of a group. */
  private final float[] numbers;

  private final float[] lanes = Buffers.uninitializedFloats(2 * 2 * LANES);

  /** What the lanes of one set, or of two, have added up to: two sums each. */
  private final double[] totals = Buffers.zeroedDoubles(2 * 2);

  FloatSets(FloatRunLoops loops, Norm norm, float[] x, float[] statistics) {
    this.loops = loops;
    this.norm = norm;
    this.x = x;
    this.statistics = statistics;
    runs = norm.runs();
    length = norm.length();
    step = norm.at(1, 0);
    features = norm.inner() == 1;
    together = features && norm.b() == norm.features() ? 2 : 1;
    // What comes from memory: small sets one by one, the smallest beside what is written (ADR 89).
    boolean isFar = norm.size() * norm.sets() >= FAR;
    atFirst = isFar && norm.size() <= PAGE ? 1 : together;
    boolean isAlone = isFar && norm.size() <= (features ? PAGE / 2 : PAGE);
    isAhead = isFar && !isAlone;
    int most = isAlone ? 1 : Math.clamp(norm.sets(), 1, GROUP);
    group = Math.clamp((1 << 14) / norm.size(), 1, most);
    numbers = Buffers.uninitializedFloats(group * NUMBERS);
  }

  /** Measures each of a group of sets, and then writes them. */
  void forward(int from, int to, float[] affine, float[] h) {
    for (int c = from, end; c < to; c = end) {
      end = Math.min(to, c + group);
      for (int i = c, n; i < end; i += n) {
        n = Math.min(atFirst, end - i);
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
        run -> {
          loops.momentsPair(x, run, numbers, 0, lanes);
          for (int i = 0; i < 4; i++) {
            totals[i] += total(lanes, i * LANES);
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
    double mean =
        length >= LANES && exponent == 0 ? total(x, start) / LANES : scaled(x[start], -exponent);
    return (float) mean;
  }

  /** Computes the means of d and its square. */
  private void addUp(int c, int exponent, float center) {
    numbers[0] = (float) scaled(1, -exponent);
    numbers[1] = -center;
    Arrays.fill(totals, 0);
    forEach(
        c,
        run -> {
          loops.moments(x, run, numbers, 0, lanes);
          totals[0] += total(lanes, 0);
          totals[1] += total(lanes, LANES);
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
      int first,
      Tile top,
      FloatColumnLoops columnLoops,
      float[] table,
      Supplier<double[]> moments) {
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
        run -> {
          readAhead(h, run);
          if (features) {
            loops.applyFeatures(x, run, numbers, 0, affine, h);
            return;
          }
          numbers[4] = affine[run.feature()];
          numbers[5] = affine[norm.features() + run.feature()];
          loops.apply(x, run, numbers, 0, h);
        });
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
        n = Math.min(atFirst, end - i);
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
    Arrays.fill(totals, 0);
    forEach(
        c,
        run -> {
          if (!features) {
            loops.sums(dh, x, run, numbers, k, lanes);
          } else if (sets == 1) {
            loops.sumsFeatures(dh, x, run, numbers, k, affine, lanes);
          } else {
            loops.sumsPair(dh, x, run, numbers, k, affine, lanes);
          }
          for (int i = 0; i < sets; i++) {
            int own = k + i * NUMBERS;
            double s = total(lanes, (2 * i + 1) * LANES);
            double product = total(lanes, 2 * i * LANES) * numbers[own + 2] + s * numbers[own + 3];
            double gain = features ? 1 : affine[run.feature()];
            totals[2 * i] += gain * product;
            totals[2 * i + 1] += gain * s;
            if (sums != null && !features) {
              sums[run.feature()] += product;
              sums[norm.features() + run.feature()] += s;
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
        run -> {
          readAhead(dx, run);
          if (!features) {
            numbers[k + 4] = affine[run.feature()];
            loops.pullback(dh, x, run, numbers, k, dx);
          } else if (sets == 1) {
            loops.pullbackFeatures(dh, x, run, numbers, k, affine, added, dx);
          } else {
            loops.pullbackPair(dh, x, run, numbers, k, affine, added, dx);
          }
        });
  }

  /** Reads an element of the page behind what is written to next (ADR 89). */
  private void readAhead(float[] out, Run run) {
    if (isAhead) {
      readAhead += out[Math.min(run.at(), out.length - 1 - PAGE) + PAGE];
    }
  }

  /** Takes what was measured of one set, or of two. */
  private void take(int c, int sets, int k) {
    for (int i = 0; i < sets; i++) {
      for (int number = 0; number < 4; number++) {
        numbers[k + i * NUMBERS + number] = statistics[number * norm.sets() + c + i];
      }
    }
  }

  /** Adds up lanes in halves, in the array's precision. */
  static double total(float[] lanes, int from) {
    float even = quarter(lanes, from) + quarter(lanes, from + 2);
    float odd = quarter(lanes, from + 1) + quarter(lanes, from + 3);
    return even + odd;
  }

  private static float quarter(float[] lanes, int i) {
    return (lanes[i] + lanes[i + 8]) + (lanes[i + 4] + lanes[i + 12]);
  }

  /** Walks over the runs of a set whose elements have one feature, or features in a row. */
  private void forEach(int c, Consumer<Run> body) {
    int start = norm.at(0, c);
    for (int i = 0; i < runs; i++, start += step) {
      int end = start + length;
      for (int at = start, n; at < end; at += n) {
        n = Math.min(PIECE, norm.run(at, end));
        body.accept(new Run(at, n, norm.b(), norm.feature(at)));
      }
    }
  }
}
