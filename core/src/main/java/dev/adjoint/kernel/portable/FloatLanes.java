package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Fma;

/**
 * The operations that functions are written in. Here a lane is one {@code float}; the class of the
 * same name in the vector package has a vector of them, and each operation rounds as it does here.
 */
final class FloatLanes {

  /** How many values a lane has. */
  static final int STEP = 1;

  private static final int MANTISSA_BITS = Float.PRECISION - 1;

  /**
   * Adding and subtracting this rounds a small number to an integer, half to even: the sum has no
   * bits for more.
   */
  private static final float ROUND = 1.5f * (1L << MANTISSA_BITS);

  /** As {@link #ROUND}, and leaves the biased exponent of 2^k in the lowest bits of the sum. */
  private static final float ROUND_BIASED = ROUND + Float.MAX_EXPONENT;

  private static final float SQRT_HALF = (float) 0.7071067811865476;

  private FloatLanes() {}

  static float load(float[] array, int at) {
    return array[at];
  }

  static float repeat(float[] array, int at) {
    return array[at];
  }

  static void store(float x, float[] array, int at) {
    array[at] = x;
  }

  /** Returns the first n of the lanes of x, with zeros in the others. */
  static float firstOf(float x, int n) {
    return x;
  }

  static float plus(float x, float y) {
    return x + y;
  }

  static float minus(float x, float y) {
    return x - y;
  }

  static float times(float x, float y) {
    return x * y;
  }

  static float div(float x, float y) {
    return x / y;
  }

  static float fma(float x, float y, float z) {
    return Fma.fma(x, y, z);
  }

  static float neg(float x) {
    return -x;
  }

  static float abs(float x) {
    return Math.abs(x);
  }

  static float sqrt(float x) {
    return (float) Math.sqrt(x);
  }

  static float max(float x, float y) {
    return Math.max(x, y);
  }

  static float min(float x, float y) {
    return Math.min(x, y);
  }

  static float floor(float x) {
    return (float) Math.floor(x);
  }

  static float ceil(float x) {
    return (float) Math.ceil(x);
  }

  /** Rounds half to even. */
  static float round(float x) {
    return (float) Math.rint(x);
  }

  static boolean isEqual(float x, float y) {
    return x == y;
  }

  static boolean isLess(float x, float y) {
    return x < y;
  }

  static boolean isAtMost(float x, float y) {
    return x <= y;
  }

  static boolean isAll(boolean condition) {
    return condition;
  }

  static float select(boolean condition, float x, float y) {
    return condition ? x : y;
  }

  static float copySign(float magnitude, float sign) {
    return Math.copySign(magnitude, sign);
  }

  /** Returns the sine of {@link StrictMath} where a condition holds, else y. */
  static float strictSin(boolean condition, float x, float y) {
    return condition ? (float) StrictMath.sin(x) : y;
  }

  /** Returns the cosine of {@link StrictMath} where a condition holds, else y. */
  static float strictCos(boolean condition, float x, float y) {
    return condition ? (float) StrictMath.cos(x) : y;
  }

  /** Rounds half to even where |x| is below 2^22 (2^51), in two additions. */
  static float roundSmall(float x) {
    return (x + ROUND) - ROUND;
  }

  /**
   * Returns 2^k for an integer k between the least and the greatest exponent of a normal number.
   */
  static float pow2(float k) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(k + ROUND_BIASED) << MANTISSA_BITS);
  }

  /** Returns the k with {@code sqrt(1/2) <= x / 2^k < sqrt(2)}, of a positive normal x. */
  static float exponent(float x) {
    var k = (Float.floatToRawIntBits(x) - Float.floatToRawIntBits(SQRT_HALF)) >> MANTISSA_BITS;
    return Float.intBitsToFloat(k + Float.floatToRawIntBits(ROUND)) - ROUND;
  }

  /** Returns {@code x / 2^exponent(x)}, of a positive normal x. */
  static float mantissa(float x) {
    var k = (Float.floatToRawIntBits(x) - Float.floatToRawIntBits(SQRT_HALF)) >> MANTISSA_BITS;
    return Float.intBitsToFloat(Float.floatToRawIntBits(x) - (k << MANTISSA_BITS));
  }
}
