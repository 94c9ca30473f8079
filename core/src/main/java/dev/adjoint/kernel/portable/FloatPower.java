package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.FloatLanes.*;

/**
 * Powers within an ulp, exact where a number can hold them, with the special values of IEEE 754.
 *
 * <p>{@code |x|^y = 2^(y log2 |x|)}. The exponent has two numbers, a high and a low one, at each
 * step: a high one is the rounded sum or product, a low one what its rounding lost. With {@code |x|
 * = 2^k m} and {@code s = (m - 1) / (m + 1)}, {@code log2 m = s (L + C s^2 + ...)} is a series of
 * odd powers. Its end, and the end of that of e^r, are fits of the relative error, made for this
 * class; they serve both types, so that one formula is all kernels.
 */
final class FloatPower {

  private static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final float NAN = Float.NaN;
  private static final float NORMAL = Float.MIN_NORMAL;
  private static final float DIGITS = Float.PRECISION;
  private static final float UP = 1L << Float.PRECISION;
  private static final float HIGHEST = Float.MAX_EXPONENT + 2;
  private static final float LOWEST = Float.MIN_EXPONENT - Float.PRECISION - 2;

  private static final double L = 2.8853900817779268; // 2 / ln 2
  private static final double C = 0.9617966939259756; // L / 3
  private static final double LOG_OF_2 = 0.6931471805599453;

  /** These numbers, and what rounding loses of each: to float, and to double. */
  private static final float LINEAR = (float) L;

  private static final float LINEAR_LOW = (float) (L - LINEAR + 4.0710547481862066e-17);
  private static final float CUBIC = (float) C;
  private static final float CUBIC_LOW = (float) (C - CUBIC + 5.0577616648125907e-17);
  private static final float LN2 = (float) LOG_OF_2;
  private static final float LN2_LOW = (float) (LOG_OF_2 - LN2 + 2.3190468138462996e-17);

  private static final float L5 = (float) 0.5770780163555853;
  private static final float L7 = (float) 0.4121985831111439;
  private static final float L9 = (float) 0.3205988979671547;
  private static final float L11 = (float) 0.2623081914681522;
  private static final float L13 = (float) 0.2219527885851067;
  private static final float L15 = (float) 0.19238056603036385;
  private static final float L17 = (float) 0.16888529114458137;
  private static final float L19 = (float) 0.16912971664122153;

  private static final float E3 = (float) 0.16666666666666669;
  private static final float E4 = (float) 0.041666666666666664;
  private static final float E5 = (float) 0.008333333333330062;
  private static final float E6 = (float) 0.0013888888888886552;
  private static final float E7 = (float) 0.00019841269863053618;
  private static final float E8 = (float) 2.4801587317144498e-05;
  private static final float E9 = (float) 2.7557268459997064e-06;
  private static final float E10 = (float) 2.755728296954995e-07;
  private static final float E11 = (float) 2.510038549551032e-08;
  private static final float E12 = (float) 2.0911236630261545e-09;

  private FloatPower() {}

  /**
   * Returns x^y; 1 to any power is 1, and so are any to 0 and -1 to infinity. Squares and cubes are
   * products, and where all of a vector are, nothing else is computed.
   */
  static float pow(float x, float y) {
    return isAll(isEqual(y, 2f)) ? times(x, x) : isAll(isEqual(y, 3f)) ? cube(x) : powOfAny(x, y);
  }

  /** Returns x^3, within an ulp. */
  private static float cube(float x) {
    float square = times(x, x);
    float y = times(square, x);
    float lost = times(fma(x, x, neg(square)), x);
    return select(isLess(abs(y), INFINITY), fma(square, x, lost), y);
  }

  private static float powOfAny(float x, float y) {
    float magnitude = abs(x);
    float power = powPositive(magnitude, y);
    power = select(isEqual(magnitude, 1f), 1f, power);
    power = select(isEqual(y, 0f), 1f, power);
    float half = times(y, 0.5f);
    float ofWhole = select(isEqual(half, round(half)), power, copySign(power, x)); // y is even, odd
    float ofOther = select(isLess(x, 0f), select(isLess(magnitude, INFINITY), NAN, power), power);
    power = select(isEqual(y, round(y)), ofWhole, ofOther);
    power = select(isEqual(y, 3f), cube(x), power);
    return select(isEqual(y, 2f), times(x, x), power);
  }

  /** Returns x^y where x is not negative; what 1^y and x^0 are is not said. */
  private static float powPositive(float x, float y) {
    boolean isSubnormal = isLess(x, NORMAL);
    float scaled = select(isSubnormal, times(x, UP), x);
    float k = minus(exponent(scaled), select(isSubnormal, DIGITS, 0f));
    float m = mantissa(scaled);

    float f = minus(m, 1f);
    float d = plus(m, 1f);
    float dLow = minus(m, minus(d, 1f));
    float share = div(1f, d);
    float s = times(f, share);
    float sLow = times(fma(neg(s), dLow, fma(neg(s), d, f)), share);
    float square = times(s, s);
    float squareLow = fma(plus(s, s), sLow, fma(s, s, neg(square)));

    float p = fma(square, L19, L17);
    p = fma(p, square, L15);
    p = fma(p, square, L13);
    p = fma(p, square, L11);
    p = fma(p, square, L9);
    p = fma(p, square, L7);
    p = fma(p, square, L5);
    p = fma(p, square, CUBIC_LOW);
    float cubic = plus(p, CUBIC);
    float cubicLow = minus(p, minus(cubic, CUBIC));

    float t = times(cubic, square);
    float tLow = fma(cubic, square, neg(t));
    tLow = fma(cubic, squareLow, fma(cubicLow, square, tLow));
    float linear = plus(LINEAR, t);
    float linearLow = plus(minus(t, minus(linear, LINEAR)), plus(tLow, LINEAR_LOW));
    float log = times(linear, s);
    float logLow = fma(linear, s, neg(log));
    logLow = fma(linear, sLow, fma(linearLow, s, logLow));

    float high = plus(k, log);
    float low = plus(minus(log, minus(high, k)), logLow);
    high = select(isLess(x, INFINITY), select(isEqual(x, 0f), neg(INFINITY), high), x);
    float z = times(high, y);
    float power = exp2(z, fma(low, y, fma(high, y, neg(z))));
    power = select(isLess(z, LOWEST), 0f, power);
    return select(isLess(HIGHEST, z), INFINITY, power);
  }

  /** Returns 2^(z + low). */
  private static float exp2(float z, float low) {
    float k = roundSmall(z);
    float r = minus(z, k);
    float h = times(r, LN2);
    float rest = fma(low, LN2, fma(r, LN2_LOW, fma(r, LN2, neg(h))));
    float whole = plus(h, rest);
    float p = fma(whole, E12, E11);
    p = fma(p, whole, E10);
    p = fma(p, whole, E9);
    p = fma(p, whole, E8);
    p = fma(p, whole, E7);
    p = fma(p, whole, E6);
    p = fma(p, whole, E5);
    p = fma(p, whole, E4);
    p = fma(p, whole, E3);
    p = fma(p, whole, 0.5f);
    float linear = plus(1f, h);
    float lost = minus(h, minus(linear, 1f));
    float y = plus(linear, fma(times(whole, whole), p, plus(lost, rest)));
    // Two steps, since 2^k itself may be beyond the normal numbers.
    float half = roundSmall(times(k, 0.5f));
    return times(times(y, pow2(half)), pow2(minus(k, half)));
  }
}
