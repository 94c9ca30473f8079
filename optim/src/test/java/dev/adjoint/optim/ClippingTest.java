package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
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
}
