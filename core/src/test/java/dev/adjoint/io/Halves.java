package dev.adjoint.io;

/** Computes what 16 bits mean, by the definition of IEEE 754's binary16. */
final class Halves {

  private Halves() {}

  static double value(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    double magnitude =
        exponent == 0
            ? Math.scalb((double) fraction, -24)
            : exponent < 31
                ? Math.scalb(1 + fraction / 1024.0, exponent - 15)
                : fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    return bits < 0 ? -magnitude : magnitude;
  }
}
