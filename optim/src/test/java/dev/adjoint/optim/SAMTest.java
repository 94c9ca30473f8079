package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SAMTest {

  private static Tensor quartic(Parameter a, Parameter b) {
    return a.value().square().square().sum().plus(b.value().square().sum().times(3));
  }

  @ParameterizedTest
  @EnumSource
  void stepsAreThoseOfThePaper(DType dtype) {
    Parameter a = new Parameter("a", Tensor.of(1.0, -0.5).to(dtype));
    Parameter b = new Parameter("b", Tensor.of(0.25).to(dtype));
    SAM sam = new SAM(new SGD(List.of(a, b)).learningRate(0.05).momentum(0.9)).rho(0.1);
    double[] p = {1, -0.5, 0.25};
    double[] v = new double[3];
    for (int t = 0; t < 10; t++) {
      double loss = Math.pow(p[0], 4) + Math.pow(p[1], 4) + 3 * p[2] * p[2];
      double[] g = {4 * Math.pow(p[0], 3), 4 * Math.pow(p[1], 3), 6 * p[2]};
      double norm = Math.sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
      for (int i = 0; i < 3; i++) {
        double w = p[i] + 0.1 * g[i] / norm;
        v[i] = 0.9 * v[i] + (i < 2 ? 4 * Math.pow(w, 3) : 6 * w);
        p[i] -= 0.05 * v[i];
      }
      double tolerance = dtype == DType.FLOAT32 ? 1e-5 : 1e-12;
      assertThat(sam.step(() -> quartic(a, b))).isCloseTo(loss, within(tolerance));
      assertThat(a.value().get(0)).isCloseTo(p[0], within(tolerance));
      assertThat(a.value().get(1)).isCloseTo(p[1], within(tolerance));
      assertThat(b.value().item()).isCloseTo(p[2], within(tolerance));
    }
  }

  @Test
  void withRhoZeroItIsTheOtherOptimizerToTheBit() {
    Parameter a = new Parameter("a", Tensor.of(1.0, -0.5));
    Parameter b = new Parameter("b", Tensor.of(0.25));
    Parameter c = new Parameter("a", Tensor.of(1.0, -0.5));
    Parameter d = new Parameter("b", Tensor.of(0.25));
    SAM sam = new SAM(new Adam(List.of(a, b))).rho(0);
    Adam adam = new Adam(List.of(c, d));
    for (int t = 0; t < 5; t++) {
      assertThat(sam.step(() -> quartic(a, b))).isEqualTo(adam.step(() -> quartic(c, d)));
    }
    assertThat(a.value().toDoubleArray()).isEqualTo(c.value().toDoubleArray());
    Map<String, Tensor> state = sam.state();
    assertThat(state.keySet()).isEqualTo(adam.state().keySet());
  }

  @Test
  void gradientsMayBeValuesAndAWrapperOfItLooksElsewhereToo() {
    Parameter a = new Parameter("a", Tensor.of(3.0));
    Parameter b = new Parameter("b", Tensor.of(4.0));
    Optimizer sam = new Lookahead(new SAM(new SGD(List.of(a, b)).learningRate(1)).rho(5));
    Supplier<Gradients> product = // whose gradients are the values themselves
        () -> a.value().backward(b.value()).plus(b.value().backward(a.value()));
    sam.step(product.get(), product);
    // The gradient is (4, 3), of norm 5: the other place is (7, 7), where the gradient is (7, 7).
    assertThat(a.value().item()).isCloseTo(-4, within(1e-12));
    assertThat(b.value().item()).isCloseTo(-3, within(1e-12));
  }

  @Test
  void frozenAndAbsentParametersAreNotMoved() {
    Parameter a = new Parameter("a", Tensor.of(1.0, -0.5));
    Parameter frozen = new Parameter("frozen", Tensor.of(0.25));
    Parameter absent = new Parameter("absent", Tensor.of(2.0));
    frozen.freeze();
    new SAM(new SGD(List.of(a, frozen, absent)))
        .step(() -> {
          assertThat(frozen.value().item()).isEqualTo(0.25);
          assertThat(absent.value().item()).isEqualTo(2);
          return quartic(a, frozen);
        });
    assertThat(a.value().get(0)).isLessThan(1);
  }

  @Test
  void theDistanceIsThatOfItsOwnParametersHoweverManyOthersHaveGradients() {
    Parameter a = new Parameter("a", Tensor.of(1.0));
    Parameter other = new Parameter("of another model", Tensor.of(5.0));
    List<Double> seen = new ArrayList<>();
    new SAM(new SGD(List.of(a)))
        .rho(0.1)
        .step(() -> {
          seen.add(a.value().item());
          return quartic(a, other);
        });
    assertThat(seen).hasSize(2);
    assertThat(seen.get(1)).isCloseTo(1.1, within(1e-12));
  }

  @Test
  void aStepThatFailsElsewhereLeavesTheValuesAndIsNotCounted() {
    Parameter a = new Parameter("a", Tensor.of(1.0));
    SAM sam = new SAM(new Adam(List.of(a)));
    int[] calls = {0};
    assertThatThrownBy(() ->
            sam.step(() -> {
              if (++calls[0] == 2) {
                throw new ArithmeticException("no loss");
              }
              return a.value().square().sum();
            }))
        .isInstanceOf(ArithmeticException.class);
    assertThat(a.value().item()).isEqualTo(1);
    assertThat(sam.state().get("step").item()).isEqualTo(0);
    assertThatIllegalStateException()
        .isThrownBy(() -> sam.step(a.value().square().sum().backward()))
        .withMessage("SAM: a step by gradients at one place; expected step(() -> loss)");
    assertThat(a.value().item()).isEqualTo(1);
  }

  @Test
  void zeroGradientsStayWhereTheyAre() {
    Parameter a = new Parameter("a", Tensors.zeros(Shape.of(2), DType.FLOAT64));
    new SAM(new SGD(List.of(a))).step(() -> a.value().square().sum());
    assertThat(a.value().toDoubleArray()).containsOnly(0);
  }

  @Test
  void badSettingsAreNamed() {
    SAM sam = new SAM(new SGD(List.of(new Parameter("a", Tensor.of(1.0)))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sam.rho(-1))
        .withMessage("SAM: rho -1.0; expected a number of at least 0");
  }

  @ParameterizedTest
  @EnumSource
  void theOtherPlaceIsAtItsDistanceHoweverSmallTheGradientIs(DType dtype) {
    double tiny = dtype == DType.FLOAT32 ? 1e-41 : 1e-312;
    Parameter a = new Parameter("a", Tensor.of(2.0, 2.0).to(dtype));
    new SAM(new SGD(List.of(a)).learningRate(0))
        .rho(5)
        .step(
            a.value().times(Tensor.of(3 * tiny, 4 * tiny).to(dtype)).sum().backward(),
            () -> {
              assertThat(a.value().get(0)).isCloseTo(5, within(1e-2));
              assertThat(a.value().get(1)).isCloseTo(6, within(1e-2));
              return a.value().sum().backward();
            });
  }

  @Test
  void theOtherPlaceIsAtItsDistanceWhenTheNormIsNoFloat() {
    Parameter a = new Parameter("a", Tensor.of(2f, 2f));
    new SAM(new SGD(List.of(a)).learningRate(0))
        .rho(5)
        .step(
            a.value().times(Tensor.of(3e38f, 3e38f)).sum().backward(),
            () -> {
              assertThat(a.value().toDoubleArray())
                  .containsExactly(new double[] {5.535534, 5.535534}, within(1e-6));
              return a.value().sum().backward();
            });
  }
}
