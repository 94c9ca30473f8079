package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.FloatNormLoops.LANES;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.FloatNormLoops;
import dev.adjoint.kernel.Norm;
import java.util.Arrays;

/**
 * Measures mean and variance of sets of elements, as the rows {@code scale, offset, inverse, shift,
 * along} of a table, with {@code y = (x scale + offset) inverse + shift}, and along by how much
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

  private final FloatNormLoops loops;
  private final Norm norm;
  private final float[] x;
  private final float[] table;
  private final float[] mean;
  private final float[] variance;

  FloatMoments(
      FloatNormLoops loops, Norm norm, float[] x, float[] table, float[] mean, float[] variance) {
    this.loops = loops;
    this.norm = norm;
    this.x = x;
    this.table = table;
    this.mean = mean;
    this.variance = variance;
  }

  // ---- sets that are columns -------------------------------------------------------------------

  void measureColumns(FloatColumns columns) {
    int n = norm.channels();
    Arrays.fill(table, 0, n, 1);
    Arrays.fill(table, n, 2 * n, 0);
    if (norm.centred()) { // around the mean of the first elements
      for (int c = 0; c < n; c++) {
        table[n + c] = -x[c];
      }
      int few = Math.min(LANES, norm.a());
      float[] first = Buffers.zeroedFloats(2 * n);
      loops.moments(x, 0, n, few, table, n, 0, n, first, 0);
      for (int c = 0; c < n; c++) {
        table[n + c] -= first[c] / few;
      }
    }
    double[] sums = addUp(columns);
    boolean again = false;
    for (int c = 0; norm.centred() && c < n; c++) {
      double rest = sums[c] / norm.a();
      if (isFar(rest, sums[n + c] / norm.a())) {
        table[n + c] = (float) (table[n + c] - rest);
        again = true;
      }
    }
    if (again) {
      sums = addUp(columns);
    }
    FloatSet set = new FloatSet(norm);
    for (int c = 0; c < n; c++) {
      store(set, c, 0, -table[n + c], sums[c] / norm.a(), sums[n + c] / norm.a());
    }
  }

  private double[] addUp(FloatColumns columns) {
    int n = norm.channels();
    return columns.sums((at, rows, from, to, added, s) ->
        loops.moments(x, at, n, rows, table, n, from, to, added, s));
  }

  // ---- one set ---------------------------------------------------------------------------------

  void measure(FloatSet set, int c) {
    measure(set, c, 0);
  }

  /** Measures a set of numbers divided by a power of two. */
  private void measure(FloatSet set, int c, int exponent) {
    set.put(0, Math.scalb(1f, -exponent));
    int first = norm.at(0, c);
    float center = 0;
    if (norm.centred()) {
      center =
          norm.b() >= LANES && exponent == 0
              ? FloatSet.total(x, first) / LANES
              : x[first] * set.numbers[0];
    }
    Sums sums = addUp(set, c, center);
    if (norm.centred() && isFar(sums.rest, sums.meanSquare)) {
      center = (float) (center + sums.rest);
      sums = addUp(set, c, center);
    }
    store(set, c, exponent, center, sums.rest, sums.meanSquare);
  }

  /** The means of d and its square. */
  private record Sums(double rest, double meanSquare) {}

  private Sums addUp(FloatSet set, int c, float center) {
    set.put(1, -center);
    double[] sums = Buffers.zeroedDoubles(2);
    set.forEach(
        c,
        (at, rows, to, feature) -> {
          float[] lanes = set.clearedLanes();
          loops.moments(x, at, set.stride, rows, set.numbers, LANES, 0, to, lanes, 0);
          sums[0] += FloatSet.total(lanes, 0);
          sums[1] += FloatSet.total(lanes, LANES);
        });
    return new Sums(sums[0] / norm.size(), sums[1] / norm.size());
  }

  private static double variance(double rest, double meanSquare) {
    return Math.max(0, meanSquare - rest * rest);
  }

  /** Tells whether a mean is so far from the center that the variance has lost digits. */
  private static boolean isFar(double rest, double meanSquare) {
    return rest * rest > 2 * variance(rest, meanSquare);
  }

  /** Stores 1 / sigma; 0 where sigma is 0, so that a constant set becomes zeros. */
  private void store(
      FloatSet set, int c, int exponent, float center, double meanOfRests, double meanSquare) {
    int n = norm.channels();
    double rest = norm.centred() ? meanOfRests : 0;
    double v = variance(rest, meanSquare);
    int power = norm.epsilonOutsideRoot() ? -exponent : -2 * exponent;
    double epsilon = exponent == 0 ? norm.epsilon() : Math.scalb(norm.epsilon(), power);
    double sigma = norm.sigma(v, epsilon);
    double inverse = sigma == 0 ? 0 : 1 / sigma;
    table[c] = exponent == 0 ? 1 : Math.scalb(1f, -exponent);
    table[n + c] = -center;
    table[2 * n + c] = (float) inverse;
    table[3 * n + c] = (float) (-rest * inverse);
    boolean moves = norm.epsilonOutsideRoot() && v > 0;
    table[4 * n + c] = moves ? (float) (sigma / Math.sqrt(v)) : 1;
    mean[c] = (float) (center + rest);
    variance[c] = (float) v;
    if (exponent != 0) {
      mean[c] = (float) Math.scalb(center + rest, exponent);
      variance[c] = (float) Math.scalb(v, 2 * exponent);
    } else if (!(v + epsilon >= LEAST && v < Float.POSITIVE_INFINITY)) {
      measureScaled(set, c);
    }
  }

  /** Measures a set whose squares did not fit again, by a power of two smaller or larger. */
  private void measureScaled(FloatSet set, int c) {
    float largest = 0;
    for (int i = 0; i < norm.a(); i++) {
      int at = norm.at(i, c);
      for (int j = at; j < at + norm.b(); j++) {
        largest = Math.max(largest, Math.abs(x[j]));
      }
    }
    if (largest > 0 && largest < Float.POSITIVE_INFINITY) {
      measure(set, c, Math.max(Float.MIN_EXPONENT, Math.getExponent(largest)));
    }
  }
}
