package dev.adjoint.kernel;

/**
 * The fused multiply-add {@code a * b + c}, rounded once: what every product, polynomial and sum of
 * products is made of.
 *
 * <p>Where the JVM has no instruction for it, {@link Math#fma} computes with big decimals, a
 * thousand times slower. Then it is computed here in doubles: exactly as well, so that the bits are
 * the same on every machine.
 */
public final class Fma {

  private static final boolean FAST = isMathFast();

  /** Splits a double into two halves, of which products are exact. */
  private static final double SPLITTER = 0x1p27 + 1;

  private Fma() {}

  /** Returns {@code a * b + c}, rounded once. */
  public static float fma(float a, float b, float c) {
    return FAST ? Math.fma(a, b, c) : exact(a, b, c);
  }

  /** Returns {@code a * b + c}, rounded once. */
  public static double fma(double a, double b, double c) {
    return FAST ? Math.fma(a, b, c) : exact(a, b, c);
  }

  /** Returns whether {@link Math#fma} is an instruction in this JVM. */
  static boolean isFast() {
    return FAST;
  }

  /** Computes in doubles, of which a product of floats is exact. */
  static float exact(float a, float b, float c) {
    double product = (double) a * b;
    double sum = product + c;
    if ((Double.doubleToRawLongBits(sum) & 0x0FFFFFFF) != 0) {
      return (float) sum; // not half-way between two floats, so that rounding twice does no harm
    }
    return (float) toOdd(sum, error(product, c, sum));
  }

  /**
   * Computes with pairs of doubles: S. Boldo and G. Melquiond, Emulation of a FMA and correctly
   * rounded sums: proved algorithms using rounding to odd, IEEE Transactions on Computers 57, 2008.
   */
  static double exact(double a, double b, double c) {
    double high = a * b;
    double magnitude = Math.abs(high);
    boolean splits = Math.abs(a) < 0x1p995 && Math.abs(b) < 0x1p995;
    if (!(splits && magnitude > 0x1p-960 && magnitude < 0x1p1020 && Math.abs(c) < 0x1p1020)) {
      boolean zero = a == 0 || b == 0;
      return zero ? high + c : Math.fma(a, b, c); // rare, or not finite and fast
    }
    double aHigh = high(a);
    double aLow = a - aHigh;
    double bHigh = high(b);
    double bLow = b - bHigh;
    double low = aLow * bLow - (((high - aHigh * bHigh) - aLow * bHigh) - aHigh * bLow);
    double rest = c + low;
    double restError = error(c, low, rest);
    double sum = high + rest;
    double sumError = error(high, rest, sum);
    double tail = restError + sumError;
    return sum + toOdd(tail, error(restError, sumError, tail));
  }

  private static double high(double x) {
    double scaled = SPLITTER * x;
    return scaled - (scaled - x);
  }

  /** Returns what {@code sum} lacks of {@code x + y}, by Knuth. */
  private static double error(double x, double y, double sum) {
    double other = sum - x;
    return (x - (sum - other)) + (y - other);
  }

  /** Rounds {@code sum + error} to odd: to the neighbor with an odd last bit, unless exact. */
  private static double toOdd(double sum, double error) {
    long bits = Double.doubleToRawLongBits(sum);
    if (!(error < 0 || error > 0) || (bits & 1) != 0) {
      return sum;
    }
    return Double.longBitsToDouble(error > 0 == sum > 0 ? bits + 1 : bits - 1);
  }

  /**
   * Compares the clock of {@link Math#fma} with that of the computation above. They differ by a
   * factor of at least 10 either way, in the interpreter too; and whichever wins, the bits are the
   * same.
   */
  private static boolean isMathFast() {
    double x = 1;
    long mathNanos = Long.MAX_VALUE;
    long exactNanos = Long.MAX_VALUE;
    for (int trial = 0; trial < 5; trial++) {
      long start = System.nanoTime();
      for (int i = 0; i < 20; i++) {
        x = Math.fma(x, 0.75, 1.1);
      }
      long middle = System.nanoTime();
      for (int i = 0; i < 20; i++) {
        x = exact(x, 0.75, 1.1);
      }
      mathNanos = Math.min(mathNanos, middle - start);
      exactNanos = Math.min(exactNanos, System.nanoTime() - middle);
    }
    return mathNanos <= exactNanos && x > 0;
  }
}
