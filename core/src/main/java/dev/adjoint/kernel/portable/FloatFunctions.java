package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.FloatLanes.*;

/**
 * The elementwise functions that need no more than arithmetic, by the names that the engine looks
 * them up by.
 */
final class FloatFunctions {

  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private FloatFunctions() {}

  // ---- of one value -----------------------------------------------------------------------------

  /** Returns -1, 0 or 1; a zero and NaN are their own sign. */
  static float sign(float x) {
    return select(isLess(x, 0f), -1f, select(isLess(0f, x), 1f, x));
  }

  static float rsqrt(float x) {
    return div(1f, sqrt(x));
  }

  static float square(float x) {
    return times(x, x);
  }

  static float reciprocal(float x) {
    return div(1f, x);
  }

  static float relu(float x) {
    return max(x, 0f);
  }

  /** Rounds toward zero. */
  static float trunc(float x) {
    return copySign(floor(abs(x)), x);
  }

  static float isNan(float x) {
    return select(isEqual(x, x), 0f, 1f);
  }

  static float isFinite(float x) {
    return select(isLess(abs(x), INFINITY), 1f, 0f);
  }

  // ---- of two values ----------------------------------------------------------------------------

  /**
   * Returns the smaller of x and a limit, which is not 0: min takes three times as long, since it
   * orders -0 and 0.
   */
  static float atMost(float x, float limit) {
    return select(isLess(limit, x), limit, x);
  }

  /** Returns the larger of x and a limit, which is not 0. */
  static float atLeast(float x, float limit) {
    return select(isLess(x, limit), limit, x);
  }

  /** Returns what is nearest to x from -limit to limit, which is not 0. */
  static float within(float x, float limit) {
    return atLeast(atMost(x, limit), neg(limit));
  }

  /** Returns x: what a plain sum folds. */
  static float first(float x, float y) {
    return x;
  }

  /** Returns x where it is below 1, else 0: folded, the sum of all exponentials but the largest. */
  static float belowOne(float x, float y) {
    return select(isLess(x, 1f), x, 0f);
  }

  static float equal(float x, float y) {
    return select(isEqual(x, y), 1f, 0f);
  }

  static float notEqual(float x, float y) {
    return select(isEqual(x, y), 0f, 1f);
  }

  static float less(float x, float y) {
    return select(isLess(x, y), 1f, 0f);
  }

  static float lessEqual(float x, float y) {
    return select(isAtMost(x, y), 1f, 0f);
  }

  static float greater(float x, float y) {
    return select(isLess(y, x), 1f, 0f);
  }

  static float greaterEqual(float x, float y) {
    return select(isAtMost(y, x), 1f, 0f);
  }

  /** Tells whether x is larger than y, as a NaN is than all numbers. */
  static float isLarger(float x, float y) {
    return select(isAtMost(x, y), 0f, equal(y, y));
  }

  static float leakyRelu(float x, float slope) {
    return select(isLess(0f, x), x, times(x, slope));
  }

  /** The pullback of tanh at its output y. */
  static float tanhPullback(float g, float y) {
    return times(g, fma(neg(y), y, 1f));
  }

  /** The pullback of sigmoid at its output y. */
  static float sigmoidPullback(float g, float y) {
    return times(g, times(y, minus(1f, y)));
  }

  // ---- of three values --------------------------------------------------------------------------

  static float where(float mask, float x, float y) {
    return select(isEqual(mask, 0f), y, x);
  }

  /** Subtracts a multiple: {@code x - factor * y}. */
  static float minusMultiple(float x, float y, float factor) {
    return fma(neg(factor), y, x);
  }

  /**
   * The pullback of softmax at its output y, where dot is the sum of {@code g * y} over the row.
   */
  static float softmaxPullback(float g, float y, float dot) {
    return times(y, minus(g, dot));
  }

  /**
   * The logarithm of softmax, where logSum is that of the sum of {@code exp(x - shift)} over the
   * row.
   */
  static float logSoftmax(float x, float shift, float logSum) {
    return minus(minus(x, shift), logSum);
  }
}
