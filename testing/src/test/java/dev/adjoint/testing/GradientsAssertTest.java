package dev.adjoint.testing;

import static dev.adjoint.testing.AdjointAssertions.assertThatGradientsOf;
import static dev.adjoint.testing.AdjointAssertions.assertThatJacobianOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.check.TensorFunction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.Test;

class GradientsAssertTest {

  private final Tensor x = normal(5, 3);
  private final Tensor w = normal(3, 2);
  private final Tensor b = normal(3);

  @Test
  void rightGradientsPass() {
    assertThatGradientsOf(in -> in[0].matmul(in[1]).tanh()).at(x, w).toOrder(2).areCorrect();
    assertThatGradientsOf(in -> in[0].exp()).at(x).directional(2).areCorrect();
    assertThatGradientsOf(in -> in[0].exp()).at(x).sampled(2).areCorrect();
    assertThatGradientsOf(in -> in[0].exp()).at(x.to(DType.FLOAT32)).inFloat32().areCorrect();
  }

  @Test
  void anExtraFactorOfTwoIsFound() {
    failureOf(
            assertThatGradientsOf(in -> Autodiff.apply(new WrongFunctions.Square(), in[0]).sum())
                .at(x)
                .named("x"))
        .matches(
            firstLine(
                "x at \\[\\d, \\d]: analytic \\S+, numeric \\S+; suspect: the pullback of 'Square'"
                    + " with respect to its input 0"))
        .contains("every one is 2.000 times the numeric slope");
  }

  @Test
  void aMissingMeanTermIsFound() {
    failureOf(
            assertThatGradientsOf(
                    in -> Autodiff.apply(new WrongFunctions.Normalize(), in[0].exp()).tanh())
                .at(x)
                .named("batch"))
        .matches(
            firstLine(
                "batch at \\[\\d, \\d]: analytic \\S+, numeric \\S+; suspect: the pullback of"
                    + " 'Normalize' with respect to its input 0"));
  }

  @Test
  void aForgottenBroadcastIsFound() {
    failureOf(
            assertThatGradientsOf(
                    in -> Autodiff.apply(new WrongFunctions.AddBias(), in[0], in[1]).sigmoid())
                .at(x, b)
                .named("x", "bias"))
        .matches(
            firstLine(
                "bias at \\[\\d]: analytic \\S+, numeric \\S+; suspect: the pullback of 'AddBias'"
                    + " with respect to its input 1"));
  }

  @Test
  void parametersAreChecked() {
    Parameter bias = new Parameter("bias", b);
    assertThatGradientsOf(in -> in[0].plus(bias.value()).exp()).at(x).wrt(bias).areCorrect();
    failureOf(
            assertThatGradientsOf(
                    in -> Autodiff.apply(new WrongFunctions.AddBias(), in[0], bias.value()))
                .at(x)
                .wrt(bias))
        .startsWith("Gradient check FAILED: bias at [");
    assertThat(bias.value().toDoubleArray()).isEqualTo(b.toDoubleArray());
  }

  @Test
  void gradientsInPlainJavaAreChecked() {
    assertThatGradientsOf(p -> p[0] * p[0] * p[1], p -> new double[] {2 * p[0] * p[1], p[0] * p[0]})
        .at(1.5, -2)
        .areCorrect();
    failureOf(assertThatGradientsOf(p -> p[0] * p[1], p -> new double[] {p[0], p[1]}).at(2, 3))
        .startsWith("Gradient check FAILED: x at [0]: analytic 2.00000000, numeric 3.00000000\n")
        .contains("every one is the numeric slope of another element: [0] of [1], [1] of [0]");
    assertThatGradientsOf(
            p -> new double[] {p[0] * p[1], Math.exp(p[0])},
            (p, g) -> new double[] {g[0] * p[1] + g[1] * Math.exp(p[0]), g[0] * p[0]})
        .at(2, 3)
        .areCorrect();
    assertThatJacobianOf(p -> new double[] {p[0] * p[1]}, p -> new double[][] {{p[1], p[0]}})
        .at(2, 3)
        .areCorrect();
  }

  @Test
  void orderAndToleranceAreThoseAskedFor() {
    GradientsAssert slightlyWrong =
        assertThatGradientsOf(in -> Autodiff.onGradient(in[0].square(), g -> g.times(1.001))).at(x);
    failureOf(slightlyWrong).contains("'onGradient'");
    slightlyWrong.tolerance(0, 0.01).areCorrect();
    TensorFunction cube = in -> Autodiff.apply(new WrongFunctions.Cube(), in[0]);
    assertThatGradientsOf(cube).at(x).areCorrect();
    failureOf(assertThatGradientsOf(cube).at(x).named("x").toOrder(2))
        .startsWith("Gradient check FAILED: x, order 2 at [")
        .contains("suspect: the derivative of the pullback of 'Cube' with respect to its input 0");
  }

  @Test
  void theDescriptionComesFirst() {
    failureOf(
            assertThatGradientsOf(in -> Autodiff.onGradient(in[0], g -> g.neg()))
                .as("the hook")
                .at(x))
        .startsWith("[the hook] Gradient check FAILED: input 0 at [");
  }

  @Test
  void misuseIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThatGradientsOf(in -> in[0].exp()).areCorrect())
        .withMessageContaining("there is nothing to move");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> assertThatGradientsOf(in -> in[0].exp()).at(x.to(DType.FLOAT32)).areCorrect())
        .withMessageContaining("input 0 is float32");
  }

  private static AbstractStringAssert<?> failureOf(GradientsAssert assertion) {
    return assertThat(
        org.assertj.core.api.Assertions.catchThrowableOfType(
                AssertionError.class, assertion::areCorrect)
            .getMessage());
  }

  private static String firstLine(String regex) {
    return "(?s)Gradient check FAILED: " + regex + "\\n.*";
  }

  private static Tensor normal(int... sizes) {
    return Generator.seeded(3).normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }
}
