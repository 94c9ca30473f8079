package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The double functions that StrictMath lacks, against their Taylor series in many digits. */
class ErrorFunctionTest {

  private static final MathContext DIGITS = new MathContext(450);

  @ParameterizedTest
  @ValueSource(
      doubles = {
        1e-300, 1e-9, 0.1, 0.3, 0.5, 0.75, 0.999, 1, 1.001, 1.3, 1.7, 2, 2.5, 3, 4, 5, 5.9, 7
      })
  void erfIsWithinTwoUlps(double x) {
    double expected = erf(new BigDecimal(x)).doubleValue();
    assertThat(apply("erf", x)).isCloseTo(expected, within(2 * Math.ulp(expected)));
    assertThat(apply("erf", -x)).isEqualTo(-apply("erf", x));
  }

  @ParameterizedTest
  @ValueSource(
      doubles = {
        -25, -20, -12, -7.5, -5, -3, -2, -1.4, -1, -0.5, -0.1, -1e-9, 1e-9, 0.3, 1, 2, 4, 9
      })
  void geluIsWithinTenUlpsInBothTails(double x) {
    BigDecimal scaled = new BigDecimal(x).divide(new BigDecimal(2).sqrt(DIGITS), DIGITS);
    BigDecimal cdf = erf(scaled).add(BigDecimal.ONE).divide(new BigDecimal(2), DIGITS);
    double expected = cdf.multiply(new BigDecimal(x)).doubleValue();
    assertThat(apply("gelu", x)).isCloseTo(expected, within(10 * Math.ulp(expected)));
  }

  private static double apply(String function, double x) {
    double[] value = {x};
    KernelProvider.float64().loop(function, 1).run(value, 0, value, 0, 1);
    return value[0];
  }

  /** 2 / sqrt(pi) times the sum of (-1)^n x^(2n+1) / (n! (2n+1)). */
  private static BigDecimal erf(BigDecimal x) {
    BigDecimal square = x.multiply(x, DIGITS);
    BigDecimal power = x;
    BigDecimal sum = BigDecimal.ZERO;
    for (int n = 0; power.abs().compareTo(new BigDecimal("1e-500")) > 0; n++) {
      sum = sum.add(power.divide(BigDecimal.valueOf(2 * n + 1), DIGITS), DIGITS);
      power = power.multiply(square, DIGITS).divide(BigDecimal.valueOf(-(n + 1)), DIGITS);
    }
    return sum.multiply(BigDecimal.TWO).divide(PI.sqrt(DIGITS), DIGITS);
  }

  /** Machin's formula: 16 arctan(1/5) - 4 arctan(1/239). */
  private static final BigDecimal PI =
      arctanOfInverse(5)
          .multiply(BigDecimal.valueOf(16))
          .subtract(arctanOfInverse(239).multiply(BigDecimal.valueOf(4)));

  private static BigDecimal arctanOfInverse(int x) {
    BigDecimal power = BigDecimal.ONE.divide(BigDecimal.valueOf(x), DIGITS);
    BigDecimal sum = BigDecimal.ZERO;
    for (int n = 0; n < 330; n++) {
      sum = sum.add(power.divide(BigDecimal.valueOf(2 * n + 1), DIGITS), DIGITS);
      power = power.divide(BigDecimal.valueOf(-(long) x * x), DIGITS);
    }
    return sum;
  }
}
