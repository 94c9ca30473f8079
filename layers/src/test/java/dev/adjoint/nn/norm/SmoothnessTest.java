package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Theorem 4.1 of Santurkar et al. 2018 (arXiv:1805.11604): of a gradient, batch norm lets through
 * at most
 *
 * <pre>
 *   |dx|^2 = (g / sigma)^2 (|dy|^2 - (sum dy)^2 / m - (sum dy y)^2 / m)
 * </pre>
 *
 * <p>for each of its channels, where y are the standardized activations and dy is the gradient with
 * respect to the output. Without an epsilon it is exactly that.
 */
class SmoothnessTest {

  private static final int M = 20;

  private final Generator generator = Generator.seeded(11);
  private final Tensor x = generator.normal(2, 3, Shape.of(M, 5), DType.FLOAT64);
  private final Tensor dy = normal(generator, M, 5);

  @Test
  void withoutAnEpsilonTheBoundIsReached() {
    BatchNorm norm = norm(0);
    assertThat(passed(norm)).containsExactly(bound(norm, 0), within(1e-14));
  }

  @Test
  void withAnEpsilonLessPasses() {
    BatchNorm norm = norm(0.5);
    double[] passed = passed(norm);
    double[] bound = bound(norm, 0.5);
    for (int channel = 0; channel < 5; channel++) {
      assertThat(passed[channel]).isLessThan(bound[channel]);
    }
  }

  private BatchNorm norm(double epsilon) {
    return scrambled(float64(new BatchNorm(5).epsilon(epsilon)), generator);
  }

  private double[] passed(BatchNorm norm) {
    Tensor tracked = x.tracked();
    Tensor dx = norm.forward(tracked).backward(dy).of(tracked);
    return dx.square().sum(0).toDoubleArray();
  }

  private double[] bound(BatchNorm norm, double epsilon) {
    Tensor inverse = x.biasedVariance(Keep.AXES, 0).plus(epsilon).rsqrt();
    Tensor y = x.minus(x.mean(Keep.AXES, 0)).times(inverse);
    Tensor mean = dy.sum(0).square().div(M);
    Tensor along = dy.times(y).sum(0).square().div(M);
    Tensor factor = norm.weight("weight").value().times(inverse.squeeze(0)).square();
    return factor.times(dy.square().sum(0).minus(mean).minus(along)).toDoubleArray();
  }
}
