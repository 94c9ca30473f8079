package dev.adjoint.kernel.portable;

/**
 * The functions that both providers take from {@link StrictMath}, one value at a time: they are
 * rarely hot, and over their full range hard to get right.
 */
final class FloatStrict {

  private FloatStrict() {}

  static float tan(float x) {
    return (float) StrictMath.tan(x);
  }

  static float asin(float x) {
    return (float) StrictMath.asin(x);
  }

  static float acos(float x) {
    return (float) StrictMath.acos(x);
  }

  static float atan(float x) {
    return (float) StrictMath.atan(x);
  }

  static float sinh(float x) {
    return (float) StrictMath.sinh(x);
  }

  static float cosh(float x) {
    return (float) StrictMath.cosh(x);
  }

  static float log2(float x) {
    return (float) DoubleElementary.log2(x);
  }

  static float log10(float x) {
    return (float) StrictMath.log10(x);
  }

  static float atan2(float y, float x) {
    return (float) StrictMath.atan2(y, x);
  }

  static float hypot(float x, float y) {
    return (float) StrictMath.hypot(x, y);
  }

  /** Returns x less a multiple of y, exactly, with the sign of x. */
  static float fmod(float x, float y) {
    return x % y;
  }

  /** Returns x less a multiple of y, with the sign of y. */
  static float remainder(float x, float y) {
    float rest = x % y;
    return rest != 0 && rest < 0 != y < 0 ? rest + y : rest;
  }
}
