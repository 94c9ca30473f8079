package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.FloatElementary.*;
import static dev.adjoint.kernel.portable.FloatFunctions.*;
import static dev.adjoint.kernel.portable.FloatLanes.*;

/**
 * The elementwise functions that are composed of elementary ones, so that they keep their accuracy
 * in the tails.
 */
final class FloatActivations {

  /**
   * 2 sqrt(2 / pi) and its product with 0.044715, the constants of the tanh approximation of gelu.
   */
  private static final float GELU_LINEAR = (float) 1.5957691216057308;

  private static final float GELU_CUBIC = (float) 0.07135481627260025;

  private static final float GELU_CUBIC_SLOPE = (float) 0.21406444881780075;

  /** The values at infinity, too, are the limits. */
  private static final float HIGHEST = Float.MAX_VALUE;

  private static final float LOWEST = -Float.MAX_VALUE;

  private FloatActivations() {}

  /** Returns {@code exp(x - shift)} of a shift that is not less than x. */
  static float expMinus(float x, float shift) {
    return expNegative(minus(x, shift));
  }

  /** The pullback of log-softmax at its output y, where sum is that of g over the row. */
  static float logSoftmaxPullback(float g, float y, float sum) {
    return fma(neg(sum), expNegative(y), g);
  }

  /** Returns {@code 1 / (1 + exp(-x))}, by an exponential that cannot overflow. */
  static float sigmoid(float x) {
    float e = expNegative(neg(abs(x)));
    return share(select(isLess(x, 0f), e, 1f), e);
  }

  /** Returns sigmoid(-x), by the exponential of sigmoid(x): a loop of both computes it once. */
  private static float sigmoidOfNegated(float x) {
    float e = expNegative(neg(abs(x)));
    return share(select(isLess(x, 0f), 1f, e), e);
  }

  /** Returns {@code part / (1 + e)}. */
  private static float share(float part, float e) {
    float d = plus(1f, e);
    float y = div(part, d);
    float lost =
        minus(e, minus(d, 1f)); // by the rounding of d, of which 1 / d is 1 - e / 2, nearly
    return fma(neg(y), times(lost, fma(e, -0.5f, 1f)), y);
  }

  /** Returns {@code log(1 + exp(x))}. */
  static float softplus(float x) {
    return plus(max(x, 0f), log1p(expNegative(neg(abs(x)))));
  }

  static float silu(float x) {
    return times(atLeast(x, LOWEST), sigmoid(x));
  }

  /** The derivative of silu; the limit is reached within the bounds. */
  static float siluSlope(float x) {
    float near = within(x, 750f);
    return times(sigmoid(near), fma(near, sigmoidOfNegated(near), 1f));
  }

  /**
   * Returns {@code x * Phi(x)}, with the distribution function of the standard normal distribution.
   */
  static float gelu(float x) {
    float near = nearNormal(x);
    return times(atLeast(x, LOWEST), normalCdf(near, gaussian(near)));
  }

  /**
   * The derivative of gelu, {@code Phi(x) + x * phi(x)}, accurate in the tails; the limit is
   * reached within the bounds.
   */
  static float geluSlope(float x) {
    float near = nearNormal(x);
    float e = gaussian(near);
    return fma(near, normalDensity(e), normalCdf(near, e));
  }

  /**
   * Returns {@code x / 2 * (1 + tanh(u / 2)) = x * sigmoid(u)}, which does not cancel for negative
   * x.
   */
  static float geluTanh(float x) {
    float u = times(x, fma(times(x, x), GELU_CUBIC, GELU_LINEAR));
    return times(atLeast(x, LOWEST), sigmoid(u));
  }

  /** The derivative of geluTanh; the limit is reached within the bounds. */
  static float geluTanhSlope(float x) {
    float near = within(x, 30f);
    float square = times(near, near);
    float u = times(near, fma(square, GELU_CUBIC, GELU_LINEAR));
    float s = sigmoid(u);
    float slope = fma(square, GELU_CUBIC_SLOPE, GELU_LINEAR);
    return fma(times(near, slope), times(s, sigmoidOfNegated(u)), s);
  }

  static float softsign(float x) {
    float near = within(x, HIGHEST);
    return div(near, plus(1f, abs(near)));
  }

  static float elu(float x, float alpha) {
    return select(isLess(0f, x), x, times(alpha, expm1(x)));
  }

  /** Returns {@code log(exp(x) + exp(y))}; equal infinities, too, are 0 apart. */
  static float logaddexp(float x, float y) {
    float apart = select(isEqual(x, y), 0f, minus(x, y));
    return plus(max(x, y), log1p(expNegative(neg(abs(apart)))));
  }

  /** Returns {@code x * log(y)}; 0 where x is 0, whatever y is but NaN. */
  static float xlogy(float x, float y) {
    return select(isEqual(x, 0f), select(isEqual(y, y), 0f, y), times(x, log(y)));
  }
}
