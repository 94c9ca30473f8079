package dev.adjoint.check;

import java.util.function.DoubleFunction;

/**
 * The slope of a function of one number by five points: x, and h and 2h on both sides.
 *
 * <p>With d(h) the central difference of step h, {@code (4 d(h) - d(2h)) / 3} cancels the error of
 * order h^2 and leaves one of order h^4, so that the step can be large and rounding matters little.
 *
 * @param value by all points
 * @param left by points below, of order h^2
 * @param right by points above, of order h^2
 * @param step h
 * @param truncation an estimate of the error of order h^4, from how d(h) and d(2h) differ
 * @param size of the values of those outputs that moved, weighed
 * @param rounding what rounding may do to it
 * @param still what rounding may do to the values of outputs that did not move
 * @param wobble third and fourth differences, weighed without signs: of a smooth function they fall
 *     with h^3, and what remains at small steps is noise
 * @param variation the slopes of all outputs, weighed, without their signs
 */
record FiniteDifference(
    double value,
    double left,
    double right,
    double step,
    double truncation,
    double size,
    double rounding,
    double still,
    double wobble,
    double variation) {

  /** Half a unit in the last place of each value costs 0.75 epsilons; functions round often. */
  private static final double ROUNDINGS = 4;

  /** What is seen of a step that leaves the domain of the function. */
  static final FiniteDifference OUTSIDE =
      new FiniteDifference(Double.NaN, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  /**
   * Measures at 0. Differences are taken output by output before they are weighed and added, so
   * that outputs which do not move contribute no rounding, whatever their size.
   *
   * @param line computes the values of the outputs at some t
   * @param base the values at 0
   * @param weights one for each output
   * @param epsilon the relative rounding of the values
   */
  static FiniteDifference measure(
      DoubleFunction<double[]> line, double[] base, double[] weights, double h, double epsilon) {
    double[] p1 = line.apply(h);
    double[] m1 = line.apply(-h);
    double[] p2 = line.apply(2 * h);
    double[] m2 = line.apply(-2 * h);
    double near = 0;
    double far = 0;
    double left = 0;
    double right = 0;
    double moved = 0;
    double still = 0;
    double evens = 0;
    double wobble = 0;
    double variation = 0;
    for (int i = 0; i < base.length; i++) {
      double w = weights[i];
      double b = base[i];
      if (p1[i] == b && m1[i] == b && p2[i] == b && m2[i] == b) {
        still += Double.isFinite(b) ? Math.abs(w * b) : 0;
        continue;
      }
      near += w * (p1[i] - m1[i]) / 2;
      far += w * (p2[i] - m2[i]) / 4;
      right += w * (4 * (p1[i] - b) - (p2[i] - b)) / 2;
      left += w * (4 * (b - m1[i]) - (b - m2[i])) / 2;
      double largest = Math.max(Math.max(Math.abs(p2[i]), Math.abs(m2[i])), Math.abs(b));
      moved += Math.abs(w) * largest;
      double even = (p2[i] - b + m2[i] - b) / 8 - (p1[i] - b + m1[i] - b) / 2;
      double odd = (p2[i] - m2[i]) / 4 - (p1[i] - m1[i]) / 2;
      evens += w * even;
      wobble += Math.abs(w) * (Math.abs(even) + Math.abs(odd));
      variation += Math.abs(w * (p1[i] - m1[i])) / 2;
    }
    near /= h;
    far /= h;
    double value = near + (near - far) / 3;
    // With d(h) = f' (1 + a h^2 + b h^4), c = |a| h^2 f', and the combination is off by 4 b h^4 f';
    // b is about a^2. Where a large step makes far and near equal by chance, the fourth difference
    // tells.
    double c = (Math.abs(far - near) + Math.abs(evens) / h) / 3;
    double truncation = value == 0 ? c : Math.min(c, 4 * c * (c / Math.abs(value)));
    return new FiniteDifference(
        value,
        left / h,
        right / h,
        h,
        truncation,
        moved,
        ROUNDINGS * epsilon * moved,
        ROUNDINGS * epsilon * still,
        wobble,
        variation / h);
  }

  boolean isFinite() {
    return Double.isFinite(value)
        && Double.isFinite(left)
        && Double.isFinite(right)
        && Double.isFinite(rounding);
  }

  boolean isStill() {
    return rounding == 0 && value == 0;
  }

  /** Returns what rounding may do to the slope. */
  double roundOff() {
    return rounding / step;
  }

  /** Returns the larger of the slopes on both sides, without its sign. */
  double steepest() {
    return Math.max(Math.abs(left), Math.abs(right));
  }

  /** Returns the same with 0 for the side that is less steep. */
  FiniteDifference fromZero() {
    boolean up = Math.abs(right) >= Math.abs(left);
    return new FiniteDifference(
        value,
        up ? 0 : left,
        up ? right : 0,
        step,
        truncation,
        size,
        rounding,
        still,
        wobble,
        variation);
  }

  double gap() {
    return Math.abs(right - left);
  }
}
