package dev.adjoint.kernel.portable;

/**
 * The functions that both providers take from {@link StrictMath}, one value at a time: they are
 * rarely hot, and over their full range hard to get right.
 */
final class FloatStrict {

  private FloatStrict() {}

  static float sin(float x) {
    return (float) StrictMath.sin(x);
  }

  static float cos(float x) {
    return (float) StrictMath.cos(x);
  }

  static float pow(float x, float y) {
    return (float) StrictMath.pow(x, y);
  }
}
