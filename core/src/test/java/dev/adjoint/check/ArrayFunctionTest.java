package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Checks of derivatives that were written by hand, in plain Java. */
class ArrayFunctionTest {

  private static double f(double[] x) {
    return x[0] * x[0] * x[1] + Math.sin(x[2]);
  }

  private static double[] gradient(double[] x) {
    return new double[] {2 * x[0] * x[1], x[0] * x[0], Math.cos(x[2])};
  }

  private static double[] g(double[] x) {
    return new double[] {x[0] * x[1], x[1] * x[1], x[0]};
  }

  private static double[][] jacobian(double[] x) {
    return new double[][] {{x[1], x[0]}, {0, 2 * x[1]}, {1, 0}};
  }

  @Test
  void aRightGradientPassesInOneLine() {
    GradientCheck.of(ArrayFunctionTest::f, ArrayFunctionTest::gradient)
        .at(1, 2, 3)
        .run()
        .assertOk();
    GradientCheck.of(ArrayFunctionTest::f, ArrayFunctionTest::gradient)
        .at(1, 2, 3)
        .directional(2)
        .run()
        .assertOk();
    GradientCheck.of(x -> 3, x -> new double[x.length]).at(1, 2).run().assertOk();
    GradientCheck.of(x -> 0, x -> x).at(new double[0]).run().assertOk();
  }

  @Test
  void theElementIsNamedWithBothValues() {
    GradientReport report =
        GradientCheck.of(
                ArrayFunctionTest::f,
                x -> new double[] {2 * x[0] * x[1], x[0] * x[0], -Math.cos(x[2])})
            .at(1, 2, 3)
            .elements("x", "mass", "length", "angle")
            .run();
    assertThat(report.toString())
        .startsWith(
            "Gradient check FAILED: x at angle: analytic 0.989992497, numeric -0.989992497\n")
        .doesNotContain("tensor", "suspect", "noGrad");
  }

  @Test
  void whatPeopleGetWrongIsRecognized() {
    assertThat(pattern(g -> times(0.5, g)))
        .isEqualTo("every one is 0.5000 times the numeric slope");
    assertThat(pattern(g -> times(-1, g)))
        .isEqualTo("every one has the opposite sign of the numeric slope");
    assertThat(pattern(g -> times(0, g))).isEqualTo("every one is 0");
    assertThat(pattern(g -> times(3, g)))
        .isEqualTo(
            "every one is 3.000 times the numeric slope: a sum where the function has a mean?");
    assertThat(pattern(g -> new double[] {g[1], g[0], g[2]}))
        .isEqualTo("every one is the numeric slope of another element: [0] of [1], [1] of [0]");
    assertThat(pattern(g -> new double[] {g[0] + 0.5, g[1] + 0.5, g[2] + 0.5}))
        .isEqualTo("every one is 0.5000 more than the numeric slope");
    assertThat(pattern(g -> new double[] {g[0] + 0.1, g[1] + 0.2, g[2] + 0.3}))
        .startsWith("every one is 0.1000 times its element more than the numeric slope");
    assertThat(pattern(g -> new double[] {g[0] + 0.4, g[1] - 0.2, g[2] + 0.3})).isEmpty();
    GradientReport columns =
        GradientCheck.of(
                x -> x[0] + 2 * x[1] * x[1] + 3 * x[2] + 4 * x[3] + 5 * x[4] + 6 * x[5],
                x -> new double[] {1, 4, 4 * x[1], 5, 3, 6})
            .at(Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3))
            .run();
    assertThat(columns.of("x", 1).pattern())
        .isEqualTo("every one is the numeric slope of its transposed place");
  }

  private static String pattern(UnaryOperator<double[]> mistake) {
    GradientReport report =
        GradientCheck.of(ArrayFunctionTest::f, x -> mistake.apply(gradient(x))).at(1, 2, 3).run();
    String pattern = report.of("x", 1).pattern();
    assertThat(report.toString()).contains("WRONG", pattern);
    return pattern;
  }

  private static double[] times(double factor, double[] x) {
    return Arrays.stream(x).map(e -> factor * e).toArray();
  }

  @Test
  void severalOutputsAreCheckedByVectorProductsAndJacobians() {
    GradientCheck.of(
            ArrayFunctionTest::g,
            (x, g) -> new double[] {g[0] * x[1] + g[2], g[0] * x[0] + 2 * g[1] * x[1]})
        .at(3, 2)
        .run()
        .assertOk();
    GradientCheck.ofJacobian(ArrayFunctionTest::g, ArrayFunctionTest::jacobian)
        .at(3, 2)
        .run()
        .assertOk();
    GradientCheck.ofJacobian(ArrayFunctionTest::gradient, ArrayFunctionTest::hessian)
        .at(3, 2, 1)
        .run()
        .assertOk();
  }

  private static double[][] hessian(double[] x) {
    return new double[][] {{2 * x[1], 2 * x[0], 0}, {2 * x[0], 0, 0}, {0, 0, -Math.sin(x[2])}};
  }

  @Test
  void theOutputWithTheWrongDerivativeIsNamed() {
    GradientReport report =
        GradientCheck.ofJacobian(
                ArrayFunctionTest::g, x -> new double[][] {{x[1], x[0]}, {0.5, 2 * x[1]}, {1, 0}})
            .at(3, 2)
            .run();
    assertThat(report.suspects())
        .containsExactly("output 1, x at [0]: analytic 0.500000000, numeric 0.00000000");
  }

  @Test
  void aTransposedJacobianIsRecognized() {
    assertThat(
            GradientCheck.ofJacobian(
                    x -> new double[] {x[0] * x[1], x[1] * x[1]},
                    x -> new double[][] {{x[1], 0}, {x[0], 2 * x[1]}})
                .at(3, 2)
                .run()
                .suspects())
        .first()
        .asString()
        .startsWith("the jacobian is transposed: its row i holds the derivatives of output i");
    assertThatThrownBy(() ->
            GradientCheck.ofJacobian(
                    ArrayFunctionTest::g, x -> new double[][] {{x[1], 0, 1}, {x[0], 2 * x[1], 0}})
                .at(3, 2)
                .run())
        .hasMessageContaining("2 rows of [3] elements; expected 3 rows, one for each output, of 2");
  }

  @Test
  void stateThatIsKeptBetweenCallsIsFoundOnce() {
    double[] sums = new double[2];
    GradientReport report =
        GradientCheck.of(
                x -> x[0] * x[1],
                x -> {
                  sums[0] += x[1];
                  sums[1] += x[0];
                  return sums;
                })
            .at(3, 2)
            .run();
    assertThat(report.findings())
        .contains(
            "a second run gave another gradient of x at element 0: 4.0, then 8.0; expected the same"
                + " bits")
        .noneMatch(finding -> finding.contains("thread"));
  }

  @Test
  void misuseIsRefused() {
    assertThatThrownBy(
            () -> GradientCheck.of(ArrayFunctionTest::f, x -> new double[2]).at(1, 2, 3).run())
        .hasMessageContaining("the gradient has 2 elements; expected 3, one for each element of x");
    assertThatThrownBy(() ->
            GradientCheck.of(
                    x -> {
                      Arrays.sort(x);
                      return x[1];
                    },
                    x -> new double[] {0, 1, 0})
                .at(3, 2, 1)
                .run())
        .hasMessageContaining("the function changed element 0 of its argument from 3.0 to 1.0");
    assertThatThrownBy(() ->
            GradientCheck.of(ArrayFunctionTest::f, ArrayFunctionTest::gradient)
                .at(1, 2, 3)
                .order(2))
        .hasMessageContaining("expected ofJacobian(gradient, hessian)");
    assertThatThrownBy(() ->
            GradientCheck.of(ArrayFunctionTest::f, ArrayFunctionTest::gradient)
                .at(Tensor.of(1.0), Tensor.of(2.0))
                .run())
        .hasMessageContaining("2 inputs for a function of one array");
  }
}
