package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClippingTest {

  private final Parameter a = new Parameter("a", Tensor.of(1.0, 1.0));
  private final Parameter b = new Parameter("b", Tensor.of(1f));

  /** Returns gradients (3, -4) and (12): the norm is 13. */
  private Gradients gradients() {
    Tensor first = a.value().times(Tensor.of(3.0, -4.0)).sum();
    return first.plus(b.value().times(12).sum()).backward();
  }

  @Test
  void theTotalNormIsThatOfAllGradientsTogether() {
    assertThat(Clipping.totalNorm(gradients())).isCloseTo(13, within(1e-12));
  }

  @Test
  void aLargeNormBecomesTheLargestAllowed() {
    Gradients clipped = Clipping.clipNorm(gradients(), 6.5);
    double factor = 6.5 / (13 + 1e-6); // PyTorch's
    assertThat(clipped.of(a).toDoubleArray())
        .containsExactly(new double[] {3 * factor, -4 * factor}, within(1e-15));
    assertThat(clipped.of(b).item()).isCloseTo(12 * factor, within(1e-6));
    assertThat(Clipping.totalNorm(clipped)).isLessThanOrEqualTo(6.5);
  }

  @Test
  void aSmallNormIsLeftAlone() {
    Gradients gradients = gradients();
    assertThat(Clipping.clipNorm(gradients, 14)).isSameAs(gradients);
  }

  @Test
  void hugeAndTinyGradientsAreClippedAsAllOthers() {
    for (double size : new double[] {1e-40, 1e-30, 1e20, 1e25, 1e38}) {
      Parameter p = new Parameter("p", Tensor.of(1f, 1f));
      Gradients gradients = p.value().backward(Tensor.of(3f, -4f).times(size / 5));
      assertThat(Clipping.totalNorm(gradients)).isCloseTo(size, withinPercentage(0.1));
      assertThat(Clipping.clipNorm(gradients, 1).of(p).toDoubleArray())
          .containsExactly(
              new double[] {0.6 * Math.min(1, size), -0.8 * Math.min(1, size)}, within(1e-6));
    }
    Parameter p = new Parameter("p", Tensor.of(1.0, 1.0));
    Parameter q = new Parameter("q", Tensor.of(0f));
    for (double size : new double[] {1e-300, 1e200}) { // beside a float32 gradient of 0
      Gradients gradients =
          p.value().backward(Tensor.of(3 * size, 4 * size)).plus(q.value().backward(Tensor.of(0f)));
      assertThat(Clipping.totalNorm(gradients)).isCloseTo(5 * size, withinPercentage(1e-10));
    }
  }

  @Test
  void onlyParametersCount() {
    Tensor x = Tensor.of(100.0, 100.0).tracked();
    Gradients gradients = x.times(a.value()).sum().plus(x.square().sum()).backward();
    assertThat(gradients.of(x).get(0)).isEqualTo(201);
    assertThat(Clipping.totalNorm(gradients)).isCloseTo(Math.sqrt(20_000), within(1e-9));
  }

  @Test
  void elementsAreLimitedOneByOne() {
    Gradients clipped = Clipping.clipValue(gradients(), 3.5);
    assertThat(clipped.of(a).toDoubleArray()).containsExactly(3, -3.5);
    assertThat(clipped.of(b).item()).isEqualTo(3.5);
  }

  @Test
  void limitsAreNumbersOfAtLeastZero() {
    Gradients gradients = gradients();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Clipping.clipNorm(gradients, -1))
        .withMessage("clipNorm: largest norm -1.0; expected a number of at least 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Clipping.clipValue(gradients, Double.NaN))
        .withMessage("clipValue: limit NaN; expected a number of at least 0");
  }

  @Test
  void adaptiveClippingLimitsTheGradientOfEachUnit() {
    Parameter kernel =
        new Parameter("kernel", Generator.seeded(1).normal(0, 1, Shape.of(3, 2, 2), DType.FLOAT64));
    Parameter bias = new Parameter("bias", Tensor.of(0.0, 0.0, 3.0));
    Parameter scalar = new Parameter("scalar", Tensor.scalar(-2, DType.FLOAT64));
    Parameter zeros = new Parameter("zeros", Tensors.zeros(Shape.of(2, 2), DType.FLOAT64));
    Tensor slope = Generator.seeded(2).normal(0, 1, Shape.of(3, 2, 2), DType.FLOAT64);
    slope = slope.times(Tensor.of(new double[][] {{1e-3}, {1}, {100}}).reshape(3, 1, 1));
    Gradients gradients =
        kernel
            .value()
            .times(slope)
            .sum()
            .plus(bias.value().times(Tensor.of(0.0, 4.0, 3.0)).sum())
            .plus(scalar.value().times(-7))
            .plus(zeros.value().sum())
            .backward();
    Gradients clipped = Clipping.clipAdaptive(gradients, 0.5);
    double[] w = kernel.value().toDoubleArray();
    double[] g = slope.toDoubleArray();
    double[] expected = new double[12];
    for (int unit = 0; unit < 3; unit++) {
      double weights = 0;
      double squares = 0;
      for (int i = 4 * unit; i < 4 * unit + 4; i++) {
        weights += w[i] * w[i];
        squares += g[i] * g[i];
      }
      double limit = 0.5 * Math.max(1e-3, Math.sqrt(weights));
      double factor = Math.sqrt(squares) > limit ? limit / Math.sqrt(squares) : 1;
      for (int i = 4 * unit; i < 4 * unit + 4; i++) {
        expected[i] = g[i] * factor;
      }
    }
    assertThat(clipped.of(kernel).toDoubleArray()).containsExactly(expected, within(1e-12));
    assertThat(clipped.of(bias).toDoubleArray())
        .containsExactly(new double[] {0, 1.5 * 0.8, 1.5 * 0.6}, within(1e-12));
    assertThat(clipped.of(scalar).item()).isCloseTo(-1, within(1e-12));
    double left = 0.5 * 1e-3 / Math.sqrt(2);
    assertThat(clipped.of(zeros).toDoubleArray())
        .containsExactly(new double[] {left, left, left, left}, within(1e-12));
    Gradients some = Clipping.clipAdaptive(gradients, 0.5, List.of(kernel, bias));
    assertThat(some.of(kernel)).isSameAs(gradients.of(kernel));
    assertThat(some.of(scalar).item()).isCloseTo(-1, within(1e-12));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Clipping.clipAdaptive(gradients, -1))
        .withMessage("clipAdaptive: part -1.0; expected a number of at least 0");
  }

  @Test
  void adaptiveClippingLeavesZeroGradientsAndEmptyUnits() {
    Parameter zero = new Parameter("zero", Tensors.ones(2, 3));
    Parameter empty = new Parameter("empty", Tensors.ones(2, 0));
    Gradients gradients = zero.value().times(0).sum().plus(empty.value().sum()).backward();
    Gradients clipped = Clipping.clipAdaptive(gradients, 0.01);
    assertThat(clipped.of(zero).toFloatArray()).containsOnly(0);
    assertThat(clipped.of(empty).size()).isEqualTo(0);
  }
}
