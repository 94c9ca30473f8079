package dev.adjoint.onnx;

/**
 * A format of floats of at most 8 bits.
 *
 * @param bias of exponents
 * @param most the largest finite value
 * @param unsigned whether there is no negative zero: its code is NaN, and that alone
 */
record SmallFloat(int exponent, int mantissa, int bias, double most, boolean unsigned) {

  int bits() {
    return 1 + exponent + mantissa;
  }

  /** Returns the value of a code. */
  double value(int code) {
    int sign = 1 << exponent + mantissa;
    if (unsigned && code == sign) {
      return Double.NaN;
    }
    double size = size(code & sign - 1);
    boolean infinite = size > most && !unsigned && mantissa == 2 && (code & 3) == 0;
    double magnitude = size <= most ? size : infinite ? Double.POSITIVE_INFINITY : Double.NaN;
    return (code & sign) == 0 ? magnitude : -magnitude;
  }

  private double size(int code) {
    int power = code >> mantissa;
    int fraction = code & (1 << mantissa) - 1;
    return power == 0
        ? Math.scalb((double) fraction, 1 - bias - mantissa)
        : Math.scalb((double) (fraction | 1 << mantissa), power - bias - mantissa);
  }

  /** Returns the nearest value, of two the even one. */
  double rounded(double x, boolean saturate) {
    if (Double.isNaN(x)) {
      return exponent > 2 ? x : -0.0; // of 4 bits, none is NaN
    }
    double size = Math.abs(x);
    int power = Math.max(Math.getExponent(size), 1 - bias);
    double step = Math.scalb(1.0, power - mantissa);
    double near = Double.isInfinite(size) ? size : Math.rint(size / step) * step;
    if (near > most) {
      boolean overflows = !saturate && exponent > 2;
      near = !overflows ? most : mantissa == 2 && !unsigned ? Double.POSITIVE_INFINITY : Double.NaN;
    }
    return near == 0 && unsigned ? 0 : Math.copySign(near, x);
  }
}
