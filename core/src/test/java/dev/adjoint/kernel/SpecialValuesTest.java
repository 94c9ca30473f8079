package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.array;
import static dev.adjoint.kernel.TestKernels.assertSameBits;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SpecialValuesTest {

  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static final double[] VALUES = {
    0.0,
    -0.0,
    1,
    -1,
    INFINITY,
    -INFINITY,
    Double.NaN,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    1e-40,
    -1e-40,
    0.5,
    -0.5,
    2.5,
    -2.5,
    8388607.5,
    -8388607.5,
    3e38,
    -3e38
  };

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void functionsHaveTheSpecialValuesOfMath(Kernels kernels) {
    double[] special = {0.0, -0.0, INFINITY, -INFINITY, Double.NaN};
    check(kernels, "exp", Math::exp, special);
    check(kernels, "expm1", Math::expm1, special);
    check(
        kernels,
        "log",
        Math::log,
        0.0,
        -0.0,
        1,
        -1,
        INFINITY,
        -INFINITY,
        Double.NaN,
        -Float.MIN_VALUE);
    check(kernels, "log1p", Math::log1p, 0.0, -0.0, -1, -2, INFINITY, -INFINITY, Double.NaN);
    check(kernels, "tanh", Math::tanh, special);
    double[] angles = {0.0, -0.0, INFINITY, -INFINITY, Double.NaN, 1e6, -8388607.5, 3e38};
    check(kernels, "sin", StrictMath::sin, angles);
    check(kernels, "cos", StrictMath::cos, angles);
    check(kernels, "sqrt", Math::sqrt, 0.0, -0.0, 4, -4, INFINITY, -INFINITY, Double.NaN);
    check(kernels, "erf", x -> Double.isInfinite(x) ? Math.signum(x) : x, special);
    check(kernels, "sigmoid", x -> 1 / (1 + Math.exp(-x)), special);
    check(kernels, "tan", Math::tan, special);
    check(kernels, "asin", Math::asin, 0.0, -0.0, 1, -1, 2, Double.NaN);
    check(kernels, "acos", Math::acos, 0.0, -0.0, 1, -1, 2, Double.NaN);
    check(kernels, "atan", Math::atan, special);
    check(kernels, "sinh", Math::sinh, special);
    check(kernels, "cosh", Math::cosh, special);
    check(kernels, "log10", Math::log10, 0.0, -0.0, 1, -1, 1000, INFINITY, Double.NaN);
    check(kernels, "softsign", x -> Double.isInfinite(x) ? Math.signum(x) : x, special);
    check(kernels, "trunc", x -> x < 0 ? Math.ceil(x) : Math.floor(x), VALUES);
    check(kernels, "floor", Math::floor, VALUES);
    check(kernels, "ceil", Math::ceil, VALUES);
    check(kernels, "round", Math::rint, VALUES);
    check(kernels, "sign", Math::signum, VALUES);
    check(kernels, "abs", Math::abs, VALUES);
    check(kernels, "isNan", x -> Double.isNaN(x) ? 1 : 0, VALUES);
    check(kernels, "isFinite", x -> Double.isFinite(x) ? 1 : 0, VALUES);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void binaryFunctionsTreatAllPairsOfSpecialValuesAsJavaDoes(Kernels kernels) {
    check(kernels, "max", Math::max);
    check(kernels, "min", Math::min);
    double[] bases = {0.0, -0.0, 1, -1, INFINITY, -INFINITY, Double.NaN, 4, -4, 0.25};
    double[] exponents = {0.0, -0.0, 1, -1, INFINITY, -INFINITY, Double.NaN, 0.5, -0.5, 2, 3, -3};
    check(kernels, "pow", SpecialValuesTest::pow, bases, exponents);
    check(kernels, "equal", (x, y) -> x == y ? 1 : 0);
    check(kernels, "notEqual", (x, y) -> x != y ? 1 : 0);
    check(kernels, "less", (x, y) -> x < y ? 1 : 0);
    check(kernels, "lessEqual", (x, y) -> x <= y ? 1 : 0);
    check(kernels, "greater", (x, y) -> x > y ? 1 : 0);
    check(kernels, "greaterEqual", (x, y) -> x >= y ? 1 : 0);
    check(
        kernels,
        "leakyRelu",
        (x, slope) -> x > 0 ? x : x * slope,
        0.0,
        1,
        -1,
        0.5,
        INFINITY,
        Double.NaN);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void remaindersAnglesAndLengthsAreThoseOfJavaAndPython(Kernels kernels) {
    check(kernels, "fmod", (x, y) -> x % y);
    check(kernels, "atan2", Math::atan2);
    check(kernels, "hypot", Math::hypot, 0.0, -0.0, 3, -4, INFINITY, -INFINITY, Double.NaN);
    Object out = filled(kernels, 6, 0);
    Object x = array(kernels, 7, -7, 7, -7, -3, 6);
    Object y = array(kernels, 3, 3, -3, -3, INFINITY, -3);
    kernels.loop("remainder", 2).run(x, 0, 1, y, 0, 1, out, 0, 6);
    assertSameBits(out, array(kernels, 1, 2, -2, -1, INFINITY, 0), "remainder");
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void logarithmsToBaseTwoAreExactForPowersOfTwo(Kernels kernels) {
    int least = TestKernels.isFloat32(kernels) ? -149 : -1074;
    for (int k = least; k <= (least > -1000 ? 127 : 1023); k++) {
      Object y = TestKernels.apply(kernels, "log2", array(kernels, Math.scalb(1.0, k)));
      assertThat(get(y, 0)).isEqualTo(k);
    }
    check(kernels, "log2", Math::log, 0.0, -0.0, -1, INFINITY, -INFINITY, Double.NaN);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void logarithmsOfSumsAndProductsWithThemAreLimits(Kernels kernels) {
    check(
        kernels,
        "logaddexp",
        (x, y) -> Math.max(x, y) + (x == y ? Math.log(2) : Math.log1p(Math.exp(-Math.abs(x - y)))),
        1,
        700,
        -700,
        1e30,
        -1e30,
        INFINITY,
        -INFINITY,
        Double.NaN);
    check(
        kernels,
        "xlogy",
        (x, y) -> x == 0 && !Double.isNaN(y) ? 0 : x * Math.log(y),
        0.0,
        1,
        -1,
        INFINITY,
        -INFINITY,
        Double.NaN);
  }

  /** As C's pow: 1 to any power, and -1 to infinity, are 1. */
  private static double pow(double x, double y) {
    return x == 1 || (x == -1 && Double.isInfinite(y)) ? 1 : Math.pow(x, y);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void whereTakesAnyMaskButZeroForTrue(Kernels kernels) {
    Object out = filled(kernels, 5, -1);
    Object mask = array(kernels, 0.0, -0.0, 1, -3, Double.NaN);
    Object x = array(kernels, 1, 2, 3, 4, 5);
    Object y = array(kernels, 6, 7, 8, 9, 10);
    kernels.loop("where", 3).run(mask, 0, 1, x, 0, 1, y, 0, 1, out, 0, 5);
    assertSameBits(out, array(kernels, 6, 7, 3, 4, 5), "where");
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void anUnknownFunctionIsNamedTogetherWithWhereToAddIt(Kernels kernels) {
    assertThatThrownBy(() -> kernels.loop("exq", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'exq' of 1 value")
        .hasMessageContaining("Functions");
    assertThatThrownBy(() -> kernels.reduction("product"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'product'");
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aLoopReportsAnArrayThatIsTooShortAsSuch(Kernels kernels) {
    Loop loop = kernels.loop("neg", 1);
    Object x = filled(kernels, 40, 1);
    assertThatThrownBy(() -> loop.run(x, 0, filled(kernels, 39, 0), 0, 40))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static void check(
      Kernels kernels, String function, DoubleUnaryOperator oracle, double... values) {
    Object x = array(kernels, values);
    Object y = TestKernels.apply(kernels, function, x);
    for (int i = 0; i < values.length; i++) {
      Double rounded = get(array(kernels, oracle.applyAsDouble(get(x, i))), 0);
      assertThat(get(y, i)).as(function + " of " + get(x, i)).isEqualTo(rounded);
    }
  }

  private static void check(
      Kernels kernels, String function, DoubleBinaryOperator oracle, double... some) {
    double[] values = some.length == 0 ? VALUES : some;
    check(kernels, function, oracle, values, values);
  }

  private static void check(
      Kernels kernels,
      String function,
      DoubleBinaryOperator oracle,
      double[] values,
      double[] seconds) {
    Object x = array(kernels, values);
    for (double second : seconds) {
      Object y = array(kernels, second);
      Object out = filled(kernels, values.length, 7);
      kernels.loop(function, 2).run(x, 0, 1, y, 0, 0, out, 0, values.length);
      for (int i = 0; i < values.length; i++) {
        Double rounded = get(array(kernels, oracle.applyAsDouble(get(x, i), get(y, 0))), 0);
        assertThat(get(out, i))
            .as("%s of %s and %s", function, get(x, i), get(y, 0))
            .isEqualTo(rounded);
      }
    }
  }
}
