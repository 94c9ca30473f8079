package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Norm;
import java.util.Arrays;

/**
 * Measures mean and variance of sets of elements, as the rows {@code scale, center, rest, inverse,
 * along} of a table, with {@code y = ((x scale - center) - rest) inverse}, and along by how much
 * more sigma follows x than if epsilon did so, too: 1 but for an epsilon outside the root.
 *
 * <p>Differences from a center that is near the mean have the mean and the variance that correct
 * for its being elsewhere: {@code var(x) = mean((x - m)^2) - mean(x - m)^2} for any m (Chan, Golub,
 * LeVeque, 1983). The center is the mean of a few elements, which is exact for a constant set; if
 * it is farther from the mean than the others are, the sums are made again around the mean.
 *
 * <p>The scale is 1; for a set whose squares overflow or vanish a power of two, which rounds
 * nothing.
 */
final class FloatMoments {

  /** Mean squares from here on do not feel the squares that vanished. */
  private static final double LEAST = Math.scalb(1d, Float.MIN_EXPONENT + 2 * Float.PRECISION);

  private static final int LANES = FloatNormLoops.LANES;

  private final FloatNormLoops loops;

  FloatMoments(FloatNormLoops loops) {
    this.loops = loops;
  }

  void measure(
      Norm norm, int cFrom, int cTo, float[] x, float[] table, float[] mean, float[] variance) {
    if (norm.size() == 0) {
      Arrays.fill(mean, cFrom, cTo, Float.NaN);
      Arrays.fill(variance, cFrom, cTo, Float.NaN);
      return;
    }
    int channels = norm.channels();
    if (norm.b() == 1) {
      measureColumns(norm, cFrom, cTo, x, table, variance);
    } else {
      Sums sums = new Sums();
      for (int c = cFrom; c < cTo; c++) {
        measureRuns(norm, c, x, sums);
        table[channels + c] = sums.center;
        table[2 * channels + c] = (float) sums.mean;
        variance[c] = (float) sums.variance();
      }
    }
    for (int c = cFrom; c < cTo; c++) {
      table[c] = 1;
      double v = variance[c];
      finish(norm, v, norm.epsilon(), table, c);
      mean[c] = table[channels + c] + table[2 * channels + c];
      if (!(v + norm.epsilon() >= LEAST && v < Float.POSITIVE_INFINITY)) {
        measureScaled(norm, c, x, table, mean, variance);
      }
    }
  }

  private void measureColumns(
      Norm norm, int cFrom, int cTo, float[] x, float[] table, float[] variance) {
    int channels = norm.channels();
    int centers = channels + cFrom;
    int n = cTo - cFrom;
    if (norm.centred()) {
      middle(norm, x, cFrom, n, table, centers);
    } else {
      Arrays.fill(table, centers, centers + n, 0);
    }
    double[] sums = addUpColumns(norm, x, cFrom, n, table, centers);
    boolean again = false;
    for (int j = 0; norm.centred() && j < n; j++) {
      double mean = sums[j] / norm.a();
      if (isFar(mean, sums[n + j] / norm.a())) {
        table[centers + j] = (float) (table[centers + j] + mean);
        again = true;
      }
    }
    if (again) {
      sums = addUpColumns(norm, x, cFrom, n, table, centers);
    }
    for (int j = 0; j < n; j++) {
      double mean = norm.centred() ? sums[j] / norm.a() : 0;
      table[centers + channels + j] = (float) mean;
      variance[cFrom + j] = (float) variance(mean, sums[n + j] / norm.a());
    }
  }

  /** Stores the means of the first elements of columns: exact if they are all equal. */
  private static void middle(Norm norm, float[] x, int cFrom, int n, float[] table, int centers) {
    int rows = norm.a() < LANES ? 1 : LANES;
    float[] first = Buffers.uninitializedFloats(rows * n);
    for (int r = 0; r < rows; r++) {
      System.arraycopy(x, r * norm.channels() + cFrom, first, r * n, n);
    }
    for (int half = rows / 2; half > 0; half /= 2) {
      for (int i = 0; i < half * n; i++) {
        first[i] += first[half * n + i];
      }
    }
    for (int j = 0; j < n; j++) {
      table[centers + j] = first[j] / rows;
    }
  }

  private double[] addUpColumns(
      Norm norm, float[] x, int cFrom, int n, float[] table, int centers) {
    float[] added = Buffers.zeroedFloats(2 * n);
    double[] sums = Buffers.zeroedDoubles(2 * n);
    for (int r = 0; r < norm.a(); r++) {
      int at = r * norm.channels() + cFrom;
      loops.addMoments(x, at, table, centers, n, added);
      if (r % FloatNormalize.ADDED == FloatNormalize.ADDED - 1 || r == norm.a() - 1) {
        FloatNormalize.move(added, sums);
      }
    }
    return sums;
  }

  /** What the differences of a set from a center add up to. */
  private static final class Sums {
    final float[] lanes = Buffers.uninitializedFloats(2 * LANES);
    float center;
    double mean;
    double meanSquare;

    double variance() {
      return FloatMoments.variance(mean, meanSquare);
    }
  }

  private static double variance(double mean, double meanSquare) {
    return Math.max(0, meanSquare - mean * mean);
  }

  /** Tells whether a mean is so far from the center that the variance has lost digits. */
  private static boolean isFar(double mean, double meanSquare) {
    return mean * mean > 2 * variance(mean, meanSquare);
  }

  private void measureRuns(Norm norm, int c, float[] x, Sums sums) {
    sums.center = norm.centred() ? middle(x, norm.at(0, c), norm.b(), sums.lanes) : 0;
    addUp(norm, c, x, sums);
    if (!norm.centred()) {
      sums.mean = 0;
    } else if (isFar(sums.mean, sums.meanSquare)) {
      sums.center = (float) (sums.center + sums.mean);
      addUp(norm, c, x, sums);
    }
  }

  /** Returns the mean of the first elements: exactly their value if they are all equal. */
  private static float middle(float[] x, int from, int n, float[] lanes) {
    if (n < LANES) {
      return x[from];
    }
    System.arraycopy(x, from, lanes, 0, LANES);
    return FloatNormLoops.total(lanes, 0) / LANES;
  }

  private void addUp(Norm norm, int c, float[] x, Sums sums) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < norm.a(); i++) {
      int end = norm.at(i, c) + norm.b();
      for (int at = norm.at(i, c); at < end; at += FloatNormalize.PIECE) {
        loops.moments(x, at, sums.center, Math.min(FloatNormalize.PIECE, end - at), sums.lanes);
        sum += sums.lanes[0];
        squares += sums.lanes[1];
      }
    }
    sums.mean = sum / norm.size();
    sums.meanSquare = squares / norm.size();
  }

  /** Stores 1 / sigma; 0 where sigma is 0, so that a constant set becomes zeros. */
  private static void finish(Norm norm, double variance, double epsilon, float[] table, int c) {
    double sigma = norm.sigma(variance, epsilon);
    table[3 * norm.channels() + c] = sigma == 0 ? 0 : (float) (1 / sigma);
    boolean moves = norm.epsilonOutsideRoot() && variance > 0;
    table[4 * norm.channels() + c] = moves ? (float) (sigma / Math.sqrt(variance)) : 1;
  }

  /** Measures a set whose squares did not fit again, by a power of two smaller or larger. */
  private void measureScaled(
      Norm norm, int c, float[] x, float[] table, float[] mean, float[] variance) {
    float largest = 0;
    for (int i = 0; i < norm.a(); i++) {
      int at = norm.at(i, c);
      for (int j = at; j < at + norm.b(); j++) {
        largest = Math.max(largest, Math.abs(x[j]));
      }
    }
    if (!(largest > 0 && largest < Float.POSITIVE_INFINITY)) {
      return;
    }
    int exponent = Math.max(Float.MIN_EXPONENT, Math.getExponent(largest));
    float scale = Math.scalb(1f, -exponent);
    float[] scaled = Buffers.uninitializedFloats((int) norm.size());
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = x[norm.at(i / norm.b(), c) + i % norm.b()] * scale;
    }
    Norm one = norm.ofOneSet();
    Sums sums = new Sums();
    measureRuns(one, 0, scaled, sums);
    int channels = norm.channels();
    int power = norm.epsilonOutsideRoot() ? -exponent : -2 * exponent;
    table[c] = scale;
    table[channels + c] = sums.center;
    table[2 * channels + c] = (float) sums.mean;
    finish(norm, sums.variance(), Math.scalb(norm.epsilon(), power), table, c);
    mean[c] = (float) Math.scalb(sums.center + sums.mean, exponent);
    variance[c] = (float) Math.scalb(sums.variance(), 2 * exponent);
  }
}
