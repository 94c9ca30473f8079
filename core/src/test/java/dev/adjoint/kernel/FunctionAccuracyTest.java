package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Functions of float32, against the same functions in double precision, over all floats in steps.
 */
class FunctionAccuracyTest {

  private static final int BLOCK = 4096;
  private static final int STEP = 4999; // a prime, so that all exponents and mantissas are met

  private static final MathContext DIGITS = new MathContext(50);

  private static final Map<String, DoubleUnaryOperator> ORACLES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("exp", StrictMath::exp),
              Map.entry("expm1", StrictMath::expm1),
              Map.entry("log", StrictMath::log),
              Map.entry("log1p", StrictMath::log1p),
              Map.entry("sin", StrictMath::sin),
              Map.entry("cos", StrictMath::cos),
              Map.entry("log2", x -> StrictMath.log(x) / StrictMath.log(2)),
              Map.entry("tanh", StrictMath::tanh),
              Map.entry("sqrt", Math::sqrt),
              Map.entry("rsqrt", x -> 1 / Math.sqrt(x)),
              Map.entry(
                  "sigmoid",
                  x ->
                      x < 0
                          ? StrictMath.exp(x) / (1 + StrictMath.exp(x))
                          : 1 / (1 + StrictMath.exp(-x))),
              Map.entry(
                  "softplus", x -> Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)))),
              Map.entry("neg", x -> -x),
              Map.entry("abs", Math::abs),
              Map.entry("sign", Math::signum),
              Map.entry("square", x -> x * x),
              Map.entry("reciprocal", x -> 1 / x),
              Map.entry("relu", x -> Math.max(x, 0)),
              Map.entry("floor", Math::floor),
              Map.entry("ceil", Math::ceil),
              Map.entry("round", Math::rint),
              Map.entry("trunc", x -> Math.copySign(Math.floor(Math.abs(x)), x)),
              Map.entry("softsign", x -> x / (1 + Math.abs(x))),
              Map.entry("isNan", x -> Double.isNaN(x) ? 1 : 0),
              Map.entry("isFinite", x -> Double.isFinite(x) ? 1 : 0)));

  @ParameterizedTest
  @CsvSource({
    "exp, 0.7",
    "expm1, 1.5",
    "log, 0.8",
    "log1p, 1.4",
    "sin, 0.8",
    "cos, 0.8",
    "tanh, 1.4",
    "sigmoid, 2",
    "softplus, 1.7",
    "sqrt, 0.5",
    "rsqrt, 1.5",
    "neg, 0",
    "abs, 0",
    "sign, 0",
    "square, 0.5",
    "reciprocal, 0.5",
    "log2, 0.501",
    "trunc, 0",
    "softsign, 1.5",
    "relu, 0",
    "floor, 0",
    "ceil, 0",
    "round, 0",
    "isNan, 0",
    "isFinite, 0"
  })
  void aFunctionIsWithinSoManyUlpsOverAllFloats(String function, double ulps) {
    assertWithin(function, ORACLES.get(function), ulps, Float.MAX_VALUE);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aPowerIsWithinAnUlp(Kernels kernels) {
    boolean isFloat32 = TestKernels.isFloat32(kernels);
    SplittableRandom random = new SplittableRandom(7);
    double[] x = new double[isFloat32 ? 1 << 17 : 1 << 10];
    double[] y = new double[x.length];
    Object bases = TestKernels.filled(kernels, x.length, 0);
    Object exponents = TestKernels.filled(kernels, x.length, 0);
    for (int i = 0; i < x.length; i++) { // near and far from 1, and subnormal; results of all sizes
      double base =
          isFloat32
              ? Float.intBitsToFloat(random.nextInt(1, 0x7f800000))
              : Double.longBitsToDouble(random.nextLong(1, 0x7ff0000000000000L));
      double near =
          1 + random.nextGaussian() * Math.scalb(1d, -random.nextInt(isFloat32 ? 20 : 40));
      TestKernels.set(bases, i, i % 2 == 0 ? base : near);
      x[i] = TestKernels.get(bases, i);
      double bound = (isFloat32 ? 149 : 1074) / Math.abs(StrictMath.log(Math.abs(x[i])) * 1.4427);
      double exponent = random.nextDouble(-1, 1) * Math.min(bound, 1e4);
      TestKernels.set(exponents, i, x[i] < 0 || !isFloat32 ? Math.rint(exponent) : exponent);
      y[i] = TestKernels.get(exponents, i);
    }
    Object out = TestKernels.filled(kernels, x.length, 0);
    kernels.loop("pow", 2).run(bases, 0, 1, exponents, 0, 1, out, 0, x.length);
    for (int i = 0; i < x.length; i++) {
      double power = TestKernels.get(out, i);
      if (isFloat32) {
        assertThat(isWithin((float) power, StrictMath.pow(x[i], y[i]), 0.8))
            .as("%s^%s: %s", x[i], y[i], power)
            .isTrue();
      } else {
        BigDecimal whole = new BigDecimal(x[i]).pow((int) Math.abs(y[i]), DIGITS);
        BigDecimal exact = y[i] < 0 ? BigDecimal.ONE.divide(whole, DIGITS) : whole;
        if (Double.isInfinite(exact.doubleValue())) {
          assertThat(power).isEqualTo(exact.doubleValue());
        } else {
          BigDecimal error = new BigDecimal(power).subtract(exact, DIGITS).abs();
          assertThat(error.divide(new BigDecimal(Math.ulp(power)), DIGITS).doubleValue())
              .as("%s^%s: %s", x[i], y[i], power)
              .isLessThan(0.8);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aPowerThatANumberCanHoldIsExact(Kernels kernels) {
    for (int base = -15; base <= 15; base++) {
      for (int exponent = 0; Math.abs(StrictMath.pow(base, exponent)) < 1 << 24; exponent++) {
        double power = power(kernels, base, exponent);
        assertThat(power).as("%s^%s", base, exponent).isEqualTo(StrictMath.pow(base, exponent));
        assertThat(power(kernels, power, 1)).isEqualTo(power);
        assertThat(power(kernels, power * power, 0.5)).isEqualTo(Math.abs(power));
        if (exponent > 30) {
          break; // of 0 and 1
        }
      }
    }
  }

  private static double power(Kernels kernels, double x, double y) {
    Object out = TestKernels.filled(kernels, 64, 0);
    Object base = TestKernels.array(kernels, x);
    Object exponent = TestKernels.array(kernels, y);
    kernels.loop("pow", 2).run(base, 0, 0, exponent, 0, 0, out, 0, 64);
    return TestKernels.get(out, 0);
  }

  /** Of these, the double functions are tested against exact series elsewhere. */
  @ParameterizedTest
  @CsvSource({"erf, 1.1"})
  void aFunctionWithoutAnOracleAgreesWithItsDouble(String function, double ulps) {
    assertWithin(function, doubleFunction(function), ulps, Float.MAX_VALUE);
  }

  /** Where the factor of x is a normal number; beyond, the result is next to nothing. */
  @ParameterizedTest
  @CsvSource({"gelu, 8, 12.5", "silu, 3, 85", "geluTanh, 20, 5"})
  void anActivationIsAccurateInItsTail(String function, double ulps, float range) {
    assertWithin(function, doubleFunction(function), ulps, range);
  }

  @Test
  void tailsDoNotVanishWhereAFloatCanHoldThem() {
    Kernels kernels = KernelProvider.float32("portable");
    float[] x = {-100, -50, -20};
    assertThat(((float[]) TestKernels.apply(kernels, "sigmoid", x))[0])
        .isEqualTo((float) StrictMath.exp(-100));
    assertThat(((float[]) TestKernels.apply(kernels, "softplus", x))[1])
        .isEqualTo((float) StrictMath.exp(-50));
    assertThat(((float[]) TestKernels.apply(kernels, "silu", x))[2]).isLessThan(0);
  }

  private static DoubleUnaryOperator doubleFunction(String function) {
    Loop loop = KernelProvider.float64("portable").loop(function, 1);
    double[] value = new double[1];
    return x -> {
      value[0] = x;
      loop.run(value, 0, value, 0, 1);
      return value[0];
    };
  }

  private static void assertWithin(
      String function, DoubleUnaryOperator oracle, double ulps, float range) {
    Loop loop = KernelProvider.float32("portable").loop(function, 1);
    float[] x = new float[BLOCK];
    float[] y = new float[BLOCK];
    long bits = Integer.MIN_VALUE;
    while (bits <= Integer.MAX_VALUE) {
      int n = 0;
      for (; n < BLOCK && bits <= Integer.MAX_VALUE; bits += STEP) {
        x[n++] = Float.intBitsToFloat((int) bits);
      }
      loop.run(x, 0, y, 0, n);
      for (int i = 0; i < n; i++) {
        if (Math.abs(x[i]) <= range && !isWithin(y[i], oracle.applyAsDouble(x[i]), ulps)) {
          assertThat(y[i])
              .as(function + " of " + x[i])
              .isEqualTo((float) oracle.applyAsDouble(x[i]));
        }
      }
    }
  }

  private static boolean isWithin(float actual, double expected, double ulps) {
    float rounded = (float) expected;
    boolean signed = rounded != 0 || actual != 0 || Float.compare(actual, rounded) == 0;
    return Float.compare(actual, rounded) == 0
        || signed && Math.abs(actual - expected) <= (ulps + 1e-3) * Math.ulp(rounded);
  }
}
