package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The multiply-add without an instruction has the bits of the one with it. */
class FmaTest {

  private static final int CASES = Integer.getInteger("fmas", 200_000);

  private static final float[] FLOATS = {
    0,
    -0f,
    1,
    -1,
    3,
    1 + 0x1p-23f,
    1 - 0x1p-24f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    0x1p-75f,
    0x1p-74f,
    0x1.000002p-75f,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN
  };

  private static final double[] DOUBLES = {
    0,
    -0.0,
    1,
    -1,
    3,
    1 + 0x1p-52,
    1 - 0x1p-53,
    Double.MIN_VALUE,
    -Double.MIN_VALUE,
    Double.MIN_NORMAL,
    Double.MAX_VALUE,
    -Double.MAX_VALUE,
    0x1p-537,
    0x1.0000000000001p-538,
    0x1p-480,
    0x1p510,
    0x1p995,
    0x1p1020,
    1e300,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.NaN
  };

  @Test
  void floatsAreRoundedOnce() {
    for (float a : FLOATS) {
      for (float b : FLOATS) {
        for (float c : FLOATS) {
          check(a, b, c);
        }
      }
    }
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < CASES; i++) {
      float a = randomFloat(random);
      float b = randomFloat(random);
      check(a, b, randomFloat(random));
      // Near the product, near its negative, and beside half a last place of it.
      float c = a * b * (float) Math.scalb(1.0, random.nextInt(-26, 27));
      check(a, b, c);
      check(a, b, -c);
      check(a, b, -(a * b));
    }
  }

  @Test
  void roundingTwiceWouldShow() {
    // 1 + 2^-24 + 2^-60 rounds up; by way of a double it is half-way, and goes to the even 1.
    float a = 4097;
    float b = 16773121 * 0x1p-60f;
    assertThat((float) ((double) a * b + 1)).isEqualTo(1);
    assertThat(Fma.exact(a, b, 1)).isEqualTo(1 + 0x1p-23f);
    assertThat(Fma.exact(a, -b, -1)).isEqualTo(-1 - 0x1p-23f);
    // Below the normal numbers, half-way is at other bits.
    check(0x1.000002p-75f, 0x1.000002p-75f, 0x1p-127f);
    check(0x1.000002p-75f, -0x1.000002p-75f, 0x1p-127f);
  }

  @Test
  void doublesAreRoundedOnce() {
    for (double a : DOUBLES) {
      for (double b : DOUBLES) {
        for (double c : DOUBLES) {
          check(a, b, c);
        }
      }
    }
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < CASES; i++) {
      double a = randomDouble(random);
      double b = randomDouble(random);
      check(a, b, randomDouble(random));
      double c = a * b * Math.scalb(1.0, random.nextInt(-56, 57));
      check(a, b, c);
      check(a, b, -c);
      check(a, b, -(a * b));
    }
  }

  @Test
  void bigDecimalsAgree() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 1000; i++) {
      double a = random.nextDouble(-2, 2);
      double b = random.nextDouble(-2, 2);
      double c = -a * b;
      BigDecimal sum = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
      assertThat(Fma.exact(a, b, c)).isEqualTo(sum.doubleValue());
      float x = (float) a;
      float y = (float) b;
      float z = -x * y;
      BigDecimal small = new BigDecimal(x).multiply(new BigDecimal(y)).add(new BigDecimal(z));
      assertThat(Fma.exact(x, y, z)).isEqualTo(small.floatValue());
    }
  }

  private static float randomFloat(SplittableRandom random) {
    int few = random.nextInt(4) == 0 ? 0xFFFFF000 : -1; // few bits make ties
    int exponent = random.nextInt(3) == 0 ? random.nextInt(1, 255) : random.nextInt(117, 138);
    int bits = random.nextInt() & 0x807FFFFF | exponent << 23;
    return Float.intBitsToFloat(bits & few);
  }

  private static double randomDouble(SplittableRandom random) {
    long few = random.nextInt(4) == 0 ? 0xFFFFFFFFFF000000L : -1;
    long exponent = random.nextInt(3) == 0 ? random.nextInt(1, 2047) : random.nextInt(1003, 1044);
    long bits = random.nextLong() & 0x800FFFFFFFFFFFFFL | exponent << 52;
    return Double.longBitsToDouble(bits & few);
  }

  private static void check(float a, float b, float c) {
    float expected = Math.fma(a, b, c);
    float actual = Fma.exact(a, b, c);
    if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
      assertThat(actual).as("%a * %a + %a", a, b, c).isEqualTo(expected);
    }
  }

  private static void check(double a, double b, double c) {
    double expected = Math.fma(a, b, c);
    double actual = Fma.exact(a, b, c);
    if (Double.doubleToLongBits(expected) != Double.doubleToLongBits(actual)) {
      assertThat(actual).as("%a * %a + %a", a, b, c).isEqualTo(expected);
    }
  }
}
