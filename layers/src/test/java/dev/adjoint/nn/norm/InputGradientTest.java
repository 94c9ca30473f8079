package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.Linear;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What of a gradient passes through a norm: all but its mean and its part along the standardized
 * activations y, {@code dx = (q - mean(q) - y mean(q y)) / sigma}, where q is the gradient with
 * respect to y.
 */
class InputGradientTest {

  private final Generator generator = Generator.seeded(10);
  private final Tensor x = generator.normal(2, 3, Shape.of(6, 4), DType.FLOAT64);
  private final Tensor seed = normal(generator, 6, 4);

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-5, 0.5})
  void overABatchTheGradientsAddUpToZero(double epsilon) {
    Tensor dx = gradient(new BatchNorm(4).epsilon(epsilon));
    assertClose(dx.sum(0), zeros(4), 1e-14);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-5, 0.5})
  void overABatchTheyAreOrthogonalToTheActivationsButForEpsilon(double epsilon) {
    BatchNorm norm = new BatchNorm(4).epsilon(epsilon);
    Tensor dx = gradient(norm);
    Tensor inverse = x.biasedVariance(Keep.AXES, 0).plus(epsilon).rsqrt();
    Tensor y = x.minus(x.mean(Keep.AXES, 0)).times(inverse);
    assertClose(y.times(dx).sum(0), leftByEpsilon(norm, y, inverse, epsilon).sum(0), 1e-14);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-5, 0.5})
  void layerNormDoesTheSameWithinEachCase(double epsilon) {
    LayerNorm norm = new LayerNorm(4).epsilon(epsilon);
    Tensor dx = gradient(norm);
    assertClose(dx.sum(1), zeros(6), 1e-14);
    Tensor inverse = x.biasedVariance(Keep.AXES, 1).plus(epsilon).rsqrt();
    Tensor y = x.minus(x.mean(Keep.AXES, 1)).times(inverse);
    assertClose(y.times(dx).sum(1), leftByEpsilon(norm, y, inverse, epsilon).sum(1), 1e-14);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-5, 0.5})
  void rmsNormOnlyTakesThePartAlongTheActivations(double epsilon) {
    RMSNorm norm = new RMSNorm(4).epsilon(epsilon);
    Tensor dx = gradient(norm);
    assertThat(dx.sum(1).abs().min().item()).isGreaterThan(1e-3);
    Tensor inverse = x.square().mean(Keep.AXES, 1).plus(epsilon).rsqrt();
    Tensor y = x.times(inverse);
    assertClose(y.times(dx).sum(1), leftByEpsilon(norm, y, inverse, epsilon).sum(1), 1e-14);
  }

  @Test
  void aBiasBeforeBatchNormHasNoGradient() {
    Linear linear = float64(new Linear(4, 4, generator));
    BatchNorm norm = float64(new BatchNorm(4));
    Tensor loss = norm.forward(linear.forward(x)).times(seed).sum();
    Tensor gradient = loss.backward().of(linear.weight("bias").parameter());
    assertClose(gradient, zeros(4), 1e-14);
  }

  /** Returns the gradient with respect to x; the norm gets random g and b. */
  private Tensor gradient(Normalization<?> norm) {
    scrambled(float64(norm), generator);
    Tensor tracked = x.tracked();
    return norm.forward(tracked).backward(seed).of(tracked);
  }

  /**
   * Returns, to be added up, what the epsilon leaves of the part along y: q y epsilon / sigma^3.
   */
  private Tensor leftByEpsilon(Normalization<?> norm, Tensor y, Tensor inverse, double epsilon) {
    Tensor q = seed.times(norm.weight("weight").value());
    return q.times(y).times(inverse.pow(3)).times(epsilon);
  }

  private static Tensor zeros(int n) {
    return Tensors.zeros(Shape.of(n), DType.FLOAT64);
  }
}
