package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.DoubleLanes.*;

/**
 * Elementary functions in double precision: {@link StrictMath}, whose bits are the same everywhere,
 * and what it lacks.
 *
 * <p>The polynomials are minimax fits as those of {@link FloatElementary}, made for this class.
 */
final class DoubleElementary {

  private static final double[] ERF_NEAR = {
    1.6383579784189507e-10, -1.7631320280174975e-09, 1.6303381217384057e-08, -1.65982838610867e-07,
    1.6484726048296515e-06, -1.492709466010739e-05, 0.00012055394324706369, -0.0008548328735181753,
    0.005223977655683707, -0.026866170648280948, 0.11283791670972064, -0.3761263890318411,
    0.1283791670955126
  };

  private static final double[] ERFCX = {
    -1.3845682433590152e-09, -5.952353903682647e-09, 1.8548545782797545e-09, 4.7298333013561164e-08,
    4.072835848257115e-08, -2.308969901386656e-07, -4.0270146859295615e-07, 9.975492295328618e-07,
    2.7622509908354346e-06, -4.74875475760465e-06, -1.746938354574085e-05, 3.03980456614569e-05,
    0.00010756120446775323, -0.0002767778249489535, -0.0005483096503033515, 0.0030340619985019576,
    -0.0012124166307214308, -0.02682723462427205, 0.11952776128744134, -0.3104672619005751,
    0.5902283571040994, -0.8833944531698835, 1.0740069070883398
  };

  private static final double LOG2_E = 1.4426950408889634;

  private DoubleElementary() {}

  static double sin(double x) {
    return StrictMath.sin(x);
  }

  static double cos(double x) {
    return StrictMath.cos(x);
  }

  static double exp(double x) {
    return StrictMath.exp(x);
  }

  /** Returns e^x where x is not positive. */
  static double expNegative(double x) {
    return StrictMath.exp(x);
  }

  static double expm1(double x) {
    return StrictMath.expm1(x);
  }

  static double log(double x) {
    return StrictMath.log(x);
  }

  static double log1p(double x) {
    return StrictMath.log1p(x);
  }

  /** Returns the logarithm to base 2, exact for powers of 2. */
  static double log2(double x) {
    double y = StrictMath.log(x) * LOG2_E;
    if (!(abs(y) < Double.POSITIVE_INFINITY)) {
      return y;
    }
    double k = Math.rint(y);
    return k + StrictMath.log(Math.scalb(x, (int) -k)) * LOG2_E;
  }

  static double tanh(double x) {
    return StrictMath.tanh(x);
  }

  static double erf(double x) {
    double magnitude = min(abs(x), 6); // where erf is 1 already
    double square = magnitude * magnitude;
    double y =
        magnitude < 1
            ? fma(magnitude, polynomial(ERF_NEAR, square), magnitude)
            : fma(-StrictMath.exp(-square), erfcx(magnitude), 1);
    return copySign(y, x);
  }

  /** Returns what is nearest to x in the interval outside of which the normal density is 0. */
  static double nearNormal(double x) {
    return max(min(x, 39), -39);
  }

  /** Returns e^(-x^2 / 2), accurate in both tails, for x within the interval. */
  static double gaussian(double x) {
    double halved = x / 2;
    double exponent = halved * x;
    double rest = fma(halved, x, -exponent);
    double e = StrictMath.exp(-exponent);
    return fma(-rest, e, e);
  }

  /** Returns the density of the standard normal distribution, from {@code gaussian(x)}. */
  static double normalDensity(double gaussian) {
    return gaussian * 0.3989422804014327;
  }

  /**
   * Returns the distribution function of the standard normal distribution, accurate in both tails.
   *
   * @param x within the interval
   * @param gaussian of x
   */
  static double normalCdf(double x, double gaussian) {
    double tail = gaussian * (erfcx(abs(x) * Math.sqrt(0.5)) / 2);
    return x < 0 ? tail : 1 - tail;
  }

  /**
   * Returns e^(z^2) erfc(z) for 0 <= z <= 28, as a polynomial in u = (z - 3) / (z + 3) over z + 3.
   */
  private static double erfcx(double z) {
    return polynomial(ERFCX, (z - 3) / (z + 3)) / (z + 3);
  }

  /** Evaluates a polynomial, its leading coefficient first, by Horner's rule. */
  private static double polynomial(double[] coefficients, double x) {
    double p = 0;
    for (double c : coefficients) {
      p = fma(p, x, c);
    }
    return p;
  }
}
