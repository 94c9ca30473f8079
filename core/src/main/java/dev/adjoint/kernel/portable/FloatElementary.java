package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.FloatFunctions.*;
import static dev.adjoint.kernel.portable.FloatLanes.*;

/**
 * Elementary functions within 2 ulp, with {@link Math}'s special values.
 *
 * <p>Each reduces its argument to a short interval (an exact step, or one with the error carried
 * along) and evaluates a polynomial there by Horner's rule on fused multiply-adds. The polynomials
 * are minimax fits of the relative error of the result (Remez' exchange in 50 digits, coefficients
 * rounded one after another from the constant on, the rest fitted again after each), made for this
 * class.
 */
final class FloatElementary {

  private static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final float NAN = Float.NaN;
  private static final float LOG2_E = 1.442695f;
  private static final float LN2 = 0.6931472f;
  private static final float LN2_REST = -1.9046542e-9f; // ln 2 - LN2
  private static final float SCALE = 5.421011e-20f; // 2^-64
  private static final float HALF = 0.5f * SCALE;
  private static final float QUARTERS = 0.63661975f; // quarter turns of a radian, 2 / pi
  private static final float HALF_PI = 1.5707964f;
  private static final float HALF_PI_MORE = -4.371139e-8f; // pi / 2 - HALF_PI
  private static final float HALF_PI_REST = -1.7151245e-15f; // and what is left of it
  private static final float FAR = 1e5f;
  private static final float DENSITY = 0.3989423f * SCALE; // 1 / sqrt(2 pi)

  private FloatElementary() {}

  // ---- exp: x = k ln 2 + r with |r| <= ln 2 / 2, so that e^x = 2^k e^r; r is the sum of h, exact,
  // and a small rest ---

  static float exp(float x) {
    float k = roundSmall(times(x, LOG2_E));
    float y = expReduced(fma(k, neg(LN2), x), times(k, neg(LN2_REST)));
    // Two steps, since 2^k itself may be beyond the normal numbers.
    float half = roundSmall(times(k, 0.5f));
    y = times(times(y, pow2(half)), pow2(minus(k, half)));
    y = select(isLess(x, -104f), 0f, y);
    return select(isLess(89f, x), INFINITY, y);
  }

  static float expm1(float x) {
    float k = roundSmall(times(x, LOG2_E));
    float h = fma(k, neg(LN2), x);
    float rest = times(k, neg(LN2_REST));
    float half = pow2(minus(k, 1f)); // half of 2^k, which 2^128 would overflow
    float y = fma(half, plus(h, expTerms(plus(h, rest), rest)), minus(half, 0.5f));
    y = plus(y, y);
    y = select(isLess(x, -18f), -1f, y);
    y = select(isLess(89f, x), INFINITY, y);
    y = select(isLess(abs(x), 1e-30f), x, y); // half of a subnormal number is not exact
    return copySign(y, x);
  }

  /** Returns e^x where x is not positive. */
  static float expNegative(float x) {
    return times(expScaled(atLeast(x, -104f)), SCALE);
  }

  /**
   * Returns e^x / SCALE for -120 <= x <= 0: a normal number, which is rounded once when it is
   * scaled, perhaps to a subnormal one.
   */
  private static float expScaled(float x) {
    float k = roundSmall(times(x, LOG2_E));
    float y = expReduced(fma(k, neg(LN2), x), times(k, neg(LN2_REST)));
    return times(y, pow2(plus(k, 64f)));
  }

  /** Returns e^x where the result is known to be a normal number. */
  private static float expNormal(float x) {
    float k = roundSmall(times(x, LOG2_E));
    return times(expReduced(fma(k, neg(LN2), x), times(k, neg(LN2_REST))), pow2(k));
  }

  /**
   * Returns e^(h + rest): the sum of 1 + h and of what its rounding lost, the rest and the terms
   * from the square on.
   */
  private static float expReduced(float h, float rest) {
    float linear = plus(1f, h);
    float lost = minus(h, minus(linear, 1f));
    return plus(linear, expTerms(plus(h, rest), plus(lost, rest)));
  }

  /** Returns the terms of e^r from the square on, plus a small number. */
  private static float expTerms(float r, float small) {
    float p = fma(r, 0.0013922664f, 0.008370009f);
    p = fma(p, r, 0.04166658f);
    p = fma(p, r, 0.16666509f);
    p = fma(p, r, 0.5f);
    return fma(times(r, r), p, small);
  }

  // ---- log: x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2) -----------------------------------

  static float log(float x) {
    boolean subnormal = isLess(x, 1.17549435e-38f);
    float scaled = select(subnormal, times(x, 16777216f), x);
    float k = minus(exponent(scaled), select(subnormal, 24f, 0f));
    float y = logReduced(minus(mantissa(scaled), 1f), k);
    y = select(isEqual(x, 0f), neg(INFINITY), y);
    y = select(isLess(x, 0f), NAN, y);
    return select(isLess(x, INFINITY), y, x);
  }

  static float log1p(float x) {
    float u = plus(1f, x);
    float rounded = minus(u, 1f);
    float rest = plus(minus(1f, minus(u, rounded)), minus(x, rounded)); // 1 + x = u + rest
    float k = exponent(u);
    float f = fma(rest, pow2(neg(atMost(k, 64f))), minus(mantissa(u), 1f));
    float y = logReduced(f, k);
    y = select(isEqual(x, -1f), neg(INFINITY), y);
    y = select(isLess(x, -1f), NAN, y);
    y = select(isLess(x, INFINITY), y, x);
    return copySign(y, x);
  }

  /** Returns k ln 2 + log(1 + f). */
  private static float logReduced(float f, float k) {
    float p = fma(f, 0.04218408f, -0.1032902f);
    p = fma(p, f, 0.12299639f);
    p = fma(p, f, -0.12663282f);
    p = fma(p, f, 0.14198625f);
    p = fma(p, f, -0.16652393f);
    p = fma(p, f, 0.20002496f);
    p = fma(p, f, -0.25000298f);
    p = fma(p, f, 0.3333331f);
    float square = times(f, f);
    float rest = fma(times(square, f), p, times(k, LN2_REST));
    return fma(k, LN2, plus(f, fma(square, -0.5f, rest)));
  }

  // ---- sin, cos: x = k pi / 2 + r with |r| <= pi / 4, nearly; r is a sum of h, which is exact up
  // to FAR, and small numbers ---

  static float sin(float x) {
    float k = roundSmall(times(x, QUARTERS));
    float y = turnedSin(x, k, k);
    y = select(isLess(abs(x), 1e-4f), x, y); // -0 is, too
    return strictSin(isLess(FAR, abs(x)), x, y);
  }

  static float cos(float x) {
    float k = roundSmall(times(x, QUARTERS));
    return strictCos(isLess(FAR, abs(x)), x, turnedSin(x, k, plus(k, 1f)));
  }

  /** Returns the sine of {@code x - k pi / 2 + n pi / 2}. */
  private static float turnedSin(float x, float k, float n) {
    float h = fma(k, neg(HALF_PI), x);
    float more = times(k, neg(HALF_PI_MORE));
    float rest = plus(fma(k, neg(HALF_PI_MORE), neg(more)), times(k, neg(HALF_PI_REST)));
    float r = plus(h, more);
    float added = minus(r, h);
    rest = plus(plus(minus(h, minus(r, added)), minus(more, added)), rest); // h + more = r + rest
    float square = times(r, r);
    float p = fma(square, 2.826345e-06f, -0.00019852562f);
    p = fma(p, square, 0.0083333785f);
    p = fma(p, square, -0.16666667f);
    float sin = plus(r, fma(times(r, square), p, rest));
    float q = fma(square, 2.4432287e-05f, -0.001388731f);
    q = fma(q, square, 0.041666646f);
    float half = times(square, 0.5f);
    float near = minus(1f, half);
    float lost = minus(minus(1f, near), half);
    float cos = plus(near, fma(times(square, square), q, fma(neg(r), rest, lost)));
    float halved = times(n, 0.5f);
    float turns = roundSmall(minus(halved, 0.25f)); // the half turns of n
    float y = select(isEqual(halved, turns), sin, cos);
    float pairs = times(turns, 0.5f);
    return select(isEqual(pairs, roundSmall(pairs)), y, neg(y));
  }

  // ---- tanh: a polynomial near 0, else by e^2x --------------------------------------------------

  static float tanh(float x) {
    float magnitude = atMost(abs(x), 10f); // where tanh is 1 already
    float far = minus(1f, div(2f, plus(expNormal(plus(magnitude, magnitude)), 1f)));
    return copySign(select(isLess(magnitude, 0.625f), tanhNear(magnitude), far), x);
  }

  private static float tanhNear(float x) {
    float s = times(x, x);
    float p = fma(s, -0.0057140635f, 0.020648062f);
    p = fma(p, s, -0.053742774f);
    p = fma(p, s, 0.13331483f);
    p = fma(p, s, -0.33333284f);
    return fma(times(x, s), p, x);
  }

  // ---- erf: a polynomial near 0, else by 1 - erf(x) = e^(-x^2) erfcx(x) -------------------------

  static float erf(float x) {
    float magnitude = atMost(abs(x), 4f); // where erf is 1 already
    float far = expNormal(neg(times(magnitude, magnitude)));
    far = fma(neg(far), erfcx(magnitude), 1f);
    return copySign(select(isLess(magnitude, 1f), erfNear(magnitude), far), x);
  }

  private static float erfNear(float x) {
    float s = times(x, x);
    float p = fma(s, 7.920303e-05f, -0.00080307503f);
    p = fma(p, s, 0.0051907334f);
    p = fma(p, s, -0.026855126f);
    p = fma(p, s, 0.11283618f);
    p = fma(p, s, -0.3761263f);
    p = fma(p, s, 0.12837917f);
    return fma(x, p, x);
  }

  /** Returns what is nearest to x in the interval outside of which the normal density is 0. */
  static float nearNormal(float x) {
    return within(x, 15f);
  }

  /** Returns a multiple of e^(-x^2 / 2), accurate in both tails, for x within the interval. */
  static float gaussian(float x) {
    float halved = times(x, 0.5f);
    float exponent = times(halved, x);
    float rest = fma(halved, x, neg(exponent));
    float e = expScaled(neg(exponent));
    return fma(neg(rest), e, e);
  }

  /** Returns the density of the standard normal distribution, from {@code gaussian(x)}. */
  static float normalDensity(float gaussian) {
    return times(gaussian, DENSITY);
  }

  /**
   * Returns the distribution function of the standard normal distribution, accurate in both tails.
   *
   * @param x within the interval
   * @param gaussian of x
   */
  static float normalCdf(float x, float gaussian) {
    float z = times(abs(x), 0.70710677f);
    float tail = times(gaussian, times(erfcx(z), HALF));
    return select(isLess(x, 0f), tail, minus(1f, tail));
  }

  /**
   * Returns e^(z^2) erfc(z) for 0 <= z <= 10.6, as a polynomial in u = (z - 3) / (z + 3) over z +
   * 3.
   */
  private static float erfcx(float z) {
    float t = div(1f, plus(z, 3f));
    float u = times(minus(z, 3f), t);
    float p = fma(u, -0.0003253327f, -0.00048317492f);
    p = fma(p, u, 0.0030803292f);
    p = fma(p, u, -0.0012264316f);
    p = fma(p, u, -0.026839828f);
    p = fma(p, u, 0.11952907f);
    p = fma(p, u, -0.31046602f);
    p = fma(p, u, 0.5902283f);
    p = fma(p, u, -0.8833945f);
    p = fma(p, u, 1.0740069f);
    return times(p, t);
  }
}
