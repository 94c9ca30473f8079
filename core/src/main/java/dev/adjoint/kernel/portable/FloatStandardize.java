package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Fold;
import dev.adjoint.kernel.Kernels.BinaryLoop;
import dev.adjoint.kernel.Kernels.TernaryLoop;
import java.util.Arrays;

/**
 * Standardizes each channel of an array of shape (a, channels, b).
 *
 * <p>The mean is taken of the differences from the set's first value, so that a constant set has
 * exactly zero variance. Then the set is centred at that mean, and mean and variance of what is
 * left correct both for the rounding of the mean: {@code var(x) = mean((x - m)^2) - mean(x - m)^2}
 * for any m (Chan, Golub, LeVeque, 1983).
 *
 * <p>A set whose squares overflowed or vanished is standardized again, scaled by a power of two,
 * which rounds nothing.
 */
final class FloatStandardize {

  /** Mean squares from here on do not feel the squares that vanished. */
  private static final double LEAST = Math.scalb(1d, Float.MIN_EXPONENT + 2 * Float.PRECISION);

  private final Fold sum;
  private final Fold dot;
  private final Fold deviations;
  private final BinaryLoop minus;
  private final BinaryLoop times;
  private final TernaryLoop standardize;
  private final TernaryLoop minusMultiple;

  FloatStandardize(FloatKernels kernels) {
    sum = kernels.fold("first", "plus");
    dot = kernels.fold("times", "plus");
    deviations = kernels.fold("minus", "plus");
    minus = kernels.binary("minus");
    times = kernels.binary("times");
    standardize = kernels.ternary("standardize");
    minusMultiple = kernels.ternary("minusMultiple");
  }

  void forward(
      float[] x,
      Sets sets,
      int cFrom,
      int cTo,
      boolean centred,
      double epsilon,
      float[] y,
      float[] mean,
      float[] variance,
      float[] inverse) {
    if (sets.size() == 0) {
      Arrays.fill(mean, cFrom, cTo, Float.NaN);
      Arrays.fill(variance, cFrom, cTo, Float.NaN);
      Arrays.fill(inverse, cFrom, cTo, Float.NaN);
      return;
    }
    if (sets.b() == 1) {
      columns(x, sets, cFrom, cTo, centred, epsilon, y, mean, variance, inverse);
    } else {
      runs(x, sets, cFrom, cTo, centred, epsilon, y, mean, variance, inverse);
    }
    mend(x, sets, cFrom, cTo, centred, epsilon, y, mean, variance, inverse);
  }

  /**
   * Standardizes again, by a power of two smaller or larger, the sets whose squares did not fit.
   */
  private void mend(
      float[] x,
      Sets sets,
      int cFrom,
      int cTo,
      boolean centred,
      double epsilon,
      float[] y,
      float[] mean,
      float[] variance,
      float[] inverse) {
    for (int c = cFrom; c < cTo; c++) {
      float largest = fits(variance[c], epsilon) ? 0 : largest(x, sets, c);
      if (!(largest > 0 && largest < Float.POSITIVE_INFINITY)) {
        continue;
      }
      int exponent = Math.max(Float.MIN_EXPONENT, Math.getExponent(largest));
      float scale = Math.scalb(1f, -exponent);
      Sets one = new Sets(1, 1, (int) sets.size());
      float[] scaled = Buffers.uninitializedFloats(one.b());
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] = x[sets.at(i / sets.b(), c) + i % sets.b()] * scale;
      }
      float[] result = Buffers.uninitializedFloats(one.b());
      float[] m = Buffers.uninitializedFloats(1);
      float[] v = Buffers.uninitializedFloats(1);
      float[] s = Buffers.uninitializedFloats(1);
      runs(scaled, one, 0, 1, centred, Math.scalb(epsilon, -2 * exponent), result, m, v, s);
      for (int i = 0; i < result.length; i++) {
        y[sets.at(i / sets.b(), c) + i % sets.b()] = result[i];
      }
      mean[c] = Math.scalb(m[0], exponent);
      variance[c] = (float) Math.scalb((double) v[0], 2 * exponent);
      // Infinite, it would make a NaN of a gradient of 0.
      inverse[c] = (float) Math.min(Float.MAX_VALUE, Math.scalb((double) s[0], -exponent));
    }
  }

  /** Where b is 1: all channels at a time, some rows of them after others. */
  private void columns(
      float[] x,
      Sets sets,
      int cFrom,
      int cTo,
      boolean centred,
      double epsilon,
      float[] y,
      float[] mean,
      float[] variance,
      float[] inverse) {
    int rows = sets.a();
    int stride = sets.channels();
    int n = cTo - cFrom;
    int height = height(sets, n);
    if (!centred) {
      dot.columns(x, cFrom, stride, x, cFrom, stride, rows, n, variance, cFrom);
      for (int c = cFrom; c < cTo; c++) {
        mean[c] = 0;
        inverse[c] = finish(variance, c, (double) variance[c] / rows, epsilon);
      }
      float[] inverses = repeated(inverse, cFrom, n, height);
      for (int r = 0; r < rows; r += height) {
        int at = cFrom + r * stride;
        times.run(x, at, 1, inverses, 0, 1, y, at, n * Math.min(height, rows - r));
      }
      return;
    }
    deviations.columns(x, cFrom, stride, x, cFrom, 0, rows, n, mean, cFrom);
    for (int c = cFrom; c < cTo; c++) {
      mean[c] = (float) (x[c] + (double) mean[c] / rows);
    }
    float[] means = repeated(mean, cFrom, n, height);
    for (int r = 0; r < rows; r += height) {
      int at = cFrom + r * stride;
      minus.run(x, at, 1, means, 0, 1, y, at, n * Math.min(height, rows - r));
    }
    float[] rest = Buffers.uninitializedFloats(n);
    sum.columns(y, cFrom, stride, y, cFrom, stride, rows, n, rest, 0);
    dot.columns(y, cFrom, stride, y, cFrom, stride, rows, n, variance, cFrom);
    for (int c = cFrom; c < cTo; c++) {
      double shift = (double) rest[c - cFrom] / rows;
      rest[c - cFrom] = (float) shift;
      mean[c] = (float) (mean[c] + shift);
      inverse[c] = finish(variance, c, (double) variance[c] / rows - shift * shift, epsilon);
    }
    scale(y, rest, inverse, sets, cFrom, n, y);
  }

  /**
   * Computes {@code out = (x - shift) * inverse} where b is 1; shifts are counted from the first
   * channel used.
   */
  private void scale(
      float[] x, float[] shift, float[] inverse, Sets sets, int cFrom, int n, float[] out) {
    int height = height(sets, n);
    float[] shifts = repeated(shift, 0, n, height);
    float[] inverses = repeated(inverse, cFrom, n, height);
    for (int r = 0; r < sets.a(); r += height) {
      int at = cFrom + r * sets.channels();
      standardize.run(
          x, at, 1, shifts, 0, 1, inverses, 0, 1, out, at, n * Math.min(height, sets.a() - r));
    }
  }

  /**
   * Returns how many rows to take at a time: several where they are short and nothing lies between
   * them.
   */
  private static int height(Sets sets, int n) {
    return n == sets.channels() ? Math.max(1, Math.min(sets.a(), 512 / Math.max(n, 1))) : 1;
  }

  private static float[] repeated(float[] row, int from, int n, int times) {
    float[] rows = Buffers.uninitializedFloats(n * times);
    for (int i = 0; i < times; i++) {
      System.arraycopy(row, from, rows, i * n, n);
    }
    return rows;
  }

  /** Where b is greater: one channel after another. */
  private void runs(
      float[] x,
      Sets sets,
      int cFrom,
      int cTo,
      boolean centred,
      double epsilon,
      float[] y,
      float[] mean,
      float[] variance,
      float[] inverse) {
    int n = sets.b();
    float[] folded = Buffers.uninitializedFloats(sets.a());
    float[] shift = Buffers.zeroedFloats(1);
    for (int c = cFrom; c < cTo; c++) {
      if (!centred) {
        mean[c] = 0;
        inverse[c] = finish(variance, c, mean(dot, x, x, sets, c, folded), epsilon);
        for (int i = 0; i < sets.a(); i++) {
          times.run(x, sets.at(i, c), 1, inverse, c, 0, y, sets.at(i, c), n);
        }
        continue;
      }
      int first = sets.at(0, c);
      deviations.rows(x, first, sets.stride(), x, first, 0, sets.a(), n, folded, 0);
      mean[c] = (float) (x[first] + total(folded) / sets.size());
      for (int i = 0; i < sets.a(); i++) {
        minus.run(x, sets.at(i, c), 1, mean, c, 0, y, sets.at(i, c), n);
      }
      double rest = mean(sum, y, y, sets, c, folded);
      inverse[c] = finish(variance, c, mean(dot, y, y, sets, c, folded) - rest * rest, epsilon);
      mean[c] = (float) (mean[c] + rest);
      shift[0] = (float) rest;
      for (int i = 0; i < sets.a(); i++) {
        standardize.run(y, sets.at(i, c), 1, shift, 0, 0, inverse, c, 0, y, sets.at(i, c), n);
      }
    }
  }

  /** Tells whether the squares that overflowed or vanished do not matter in a variance. */
  private static boolean fits(double variance, double epsilon) {
    return variance + epsilon >= LEAST && variance < Float.POSITIVE_INFINITY;
  }

  private static float largest(float[] x, Sets sets, int c) {
    float largest = 0;
    for (int i = 0; i < sets.a(); i++) {
      int at = sets.at(i, c);
      for (int j = at; j < at + sets.b(); j++) {
        largest = Math.max(largest, Math.abs(x[j]));
      }
    }
    return largest;
  }

  /**
   * Stores a variance and returns 1 / sigma; 0 where sigma is 0, so that a constant set becomes
   * zeros.
   */
  private static float finish(float[] variance, int c, double value, double epsilon) {
    double rounded = Math.max(value, 0);
    variance[c] = (float) rounded;
    return rounded + epsilon == 0 ? 0 : (float) (1 / Math.sqrt(rounded + epsilon));
  }

  void pullback(
      float[] q,
      float[] y,
      float[] inverse,
      Sets sets,
      int cFrom,
      int cTo,
      boolean centred,
      float[] dx) {
    if (sets.size() == 0) {
      return;
    }
    if (sets.b() == 1) {
      pullbackColumns(q, y, inverse, sets, cFrom, cTo, centred, dx);
    } else {
      pullbackRuns(q, y, inverse, sets, cFrom, cTo, centred, dx);
    }
  }

  private void pullbackColumns(
      float[] q,
      float[] y,
      float[] inverse,
      Sets sets,
      int cFrom,
      int cTo,
      boolean centred,
      float[] dx) {
    int rows = sets.a();
    int stride = sets.channels();
    int n = cTo - cFrom;
    float[] slope = Buffers.uninitializedFloats(n); // mean(q y)
    float[] shift = Buffers.zeroedFloats(n); // mean(q)
    dot.columns(q, cFrom, stride, y, cFrom, stride, rows, n, slope, 0);
    if (centred) {
      sum.columns(q, cFrom, stride, q, cFrom, stride, rows, n, shift, 0);
    }
    for (int j = 0; j < n; j++) {
      slope[j] = (float) ((double) slope[j] / rows);
      shift[j] = (float) ((double) shift[j] / rows);
    }
    int height = height(sets, n);
    float[] slopes = repeated(slope, 0, n, height);
    for (int r = 0; r < rows; r += height) {
      int at = cFrom + r * stride;
      minusMultiple.run(q, at, 1, y, at, 1, slopes, 0, 1, dx, at, n * Math.min(height, rows - r));
    }
    scale(dx, shift, inverse, sets, cFrom, n, dx);
  }

  private void pullbackRuns(
      float[] q,
      float[] y,
      float[] inverse,
      Sets sets,
      int cFrom,
      int cTo,
      boolean centred,
      float[] dx) {
    int n = sets.b();
    float[] folded = Buffers.uninitializedFloats(sets.a());
    float[] means = Buffers.zeroedFloats(2); // of q y, and of q
    for (int c = cFrom; c < cTo; c++) {
      means[0] = (float) mean(dot, q, y, sets, c, folded);
      means[1] = centred ? (float) mean(sum, q, q, sets, c, folded) : 0;
      for (int i = 0; i < sets.a(); i++) {
        int at = sets.at(i, c);
        minusMultiple.run(q, at, 1, y, at, 1, means, 0, 0, dx, at, n);
        standardize.run(dx, at, 1, means, 1, 0, inverse, c, 0, dx, at, n);
      }
    }
  }

  private static double mean(Fold fold, float[] x, float[] y, Sets sets, int c, float[] folded) {
    int first = sets.at(0, c);
    fold.rows(x, first, sets.stride(), y, first, sets.stride(), sets.a(), sets.b(), folded, 0);
    return total(folded) / sets.size();
  }

  private static double total(float[] folded) {
    double total = 0;
    for (float part : folded) {
      total += part;
    }
    return total;
  }
}
