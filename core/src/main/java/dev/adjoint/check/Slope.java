package dev.adjoint.check;

/**
 * Estimates the slope of a function of one number, from five points.
 *
 * <p>With d(h) the central difference of step h, {@code (4 d(h) - d(2h)) / 3} cancels the error of
 * order h^2 and leaves one of order h^4, so that the step can be large and rounding matters little.
 *
 * @param value by all points
 * @param left by points below, of order h^2
 * @param right by points above, of order h^2
 * @param step h
 * @param truncation from how d(h) and d(2h) differ
 * @param roundOff from the size of the function's values
 * @param size of the function's values, weighed
 * @param variation the slopes of all outputs, weighed, without their signs
 */
record Slope(
    double value,
    double left,
    double right,
    double step,
    double truncation,
    double roundOff,
    double size,
    double variation) {

  /** Computes a function of several outputs along a line. */
  interface Line {
    double[] at(double t);
  }

  /**
   * Measures at 0. Differences are taken output by output before they are weighed and added, so
   * that outputs which do not move contribute no rounding.
   *
   * @param base the values at 0
   * @param weights one an output
   * @param epsilon the relative rounding of the values
   */
  static Slope measure(Line line, double[] base, double[] weights, double h, double epsilon) {
    double[] p1 = line.at(h);
    double[] m1 = line.at(-h);
    double[] p2 = line.at(2 * h);
    double[] m2 = line.at(-2 * h);
    double near = 0;
    double far = 0;
    double left = 0;
    double right = 0;
    double size = 0;
    double variation = 0;
    for (int i = 0; i < base.length; i++) {
      double w = weights[i];
      near += w * (p1[i] - m1[i]) / 2;
      far += w * (p2[i] - m2[i]) / 4;
      right += w * (4 * (p1[i] - base[i]) - (p2[i] - base[i])) / 2;
      left += w * (4 * (base[i] - m1[i]) - (base[i] - m2[i])) / 2;
      size += Math.abs(w * base[i]);
      variation += Math.abs(w * (p1[i] - m1[i])) / 2;
    }
    near /= h;
    far /= h;
    double value = (4 * near - far) / 3;
    // d(h) is off by about c; the combination by about c relative to the slope, once more.
    double c = Math.abs(far - near) / 3;
    double truncation = value == 0 ? c : Math.min(c, c * (c / Math.abs(value)));
    return new Slope(
        value, left / h, right / h, h, truncation, epsilon * size / h, size, variation / h);
  }

  double uncertainty() {
    return truncation + roundOff;
  }

  double gap() {
    return Math.abs(right - left);
  }
}
