package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ActivationsTest {

  private static final Tensor X = Tensor.of(-3.2, -1.1, -0.4, 0.3, 0.9, 2.7);

  static Stream<Arguments> activations() {
    return Stream.of(
        row("softplus", Activations::softplus, x -> Math.log1p(Math.exp(x))),
        row("leakyRelu", x -> Activations.leakyRelu(x, 0.2), x -> x > 0 ? x : 0.2 * x),
        row("elu", x -> Activations.elu(x, 1.5), x -> x > 0 ? x : 1.5 * Math.expm1(x)),
        row(
            "selu",
            Activations::selu,
            x -> 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))),
        row("gelu", Activations::gelu, x -> x * normalDistribution(x)),
        row(
            "geluTanh",
            Activations::geluTanh,
            x -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
        row("silu", Activations::silu, x -> x / (1 + Math.exp(-x))));
  }

  private static Arguments row(String name, UnaryOperator<Tensor> f, DoubleUnaryOperator oracle) {
    return Arguments.of(name, f, oracle);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("activations")
  void valuesAndGradientsAreRight(
      String name, UnaryOperator<Tensor> activation, DoubleUnaryOperator oracle) {
    double[] doubles = activation.apply(X).toDoubleArray();
    Tensor floats = activation.apply(X.to(DType.FLOAT32));
    assertThat(floats.dtype()).isEqualTo(DType.FLOAT32);
    for (int i = 0; i < doubles.length; i++) {
      double expected = oracle.applyAsDouble(X.get(i));
      assertThat(doubles[i]).as(name).isCloseTo(expected, within(1e-12));
      assertThat(floats.get(i)).as(name).isCloseTo(expected, within(1e-6));
    }
    FiniteDifferences.check(x -> activation.apply(x[0]), X);
    FiniteDifferences.check(x -> activation.apply(x[0].transpose()), X.reshape(2, 3));
  }

  /** Integrates the density from far below, by Simpson's rule. */
  private static double normalDistribution(double x) {
    int steps = 20_000;
    double width = (x + 12) / steps;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double t = -12 + i * width;
      double weight = i == 0 || i == steps ? 1 : i % 2 == 0 ? 2 : 4;
      sum += weight * Math.exp(-t * t / 2);
    }
    return sum * width / 3 / Math.sqrt(2 * Math.PI);
  }
}
