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

  /**
   * As {@link Math#pow}, but 1 to any power is 1, and so is -1 to infinity, as in C and IEEE 754.
   */
  static float pow(float x, float y) {
    if (x == 1 || (x == -1 && Float.isInfinite(y))) {
      return 1;
    }
    return (float) StrictMath.pow(x, y);
  }
}
