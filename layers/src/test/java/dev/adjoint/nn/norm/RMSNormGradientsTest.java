package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.norm.Problem.difference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** Section 4.2 of Zhang and Sennrich 2019 (arXiv:1910.07467), by number. */
class RMSNormGradientsTest {

  private final RMSNorm norm = float64(new RMSNorm(Problem.OUT).epsilon(0));

  @Test
  void theGradientOfTheGainSeesNeitherTheScaleOfTheWeightsNorOfTheData() {
    Problem problem = Problem.of(norm);
    Tensor expected = gainGradient(problem);
    for (double d : new double[] {0.1, 3, 1000}) {
      assertThat(difference(gainGradient(problem.withWeight(problem.w().times(d))), expected))
          .isLessThan(1e-13);
      assertThat(difference(gainGradient(problem.withData(problem.x().times(d))), expected))
          .isLessThan(1e-13);
    }
  }

  @Test
  void theGradientOfTheBiasBehindItDoesNeither() {
    Tensor b = normal(Generator.seeded(12), Problem.OUT).tracked();
    Transform shifted = a -> norm.forward(a).plus(b);
    Problem problem = Problem.of(shifted);
    Tensor expected = problem.loss().backward().of(b);
    for (double d : new double[] {0.1, 3, 1000}) {
      Problem weights = problem.withWeight(problem.w().times(d));
      Problem data = problem.withData(problem.x().times(d));
      assertThat(difference(weights.loss().backward().of(b), expected)).isLessThan(1e-13);
      assertThat(difference(data.loss().backward().of(b), expected)).isLessThan(1e-13);
    }
  }

  /** R = (I - a a' / (n RMS^2)) / RMS, which scaling a by d divides by d. */
  @Test
  void theJacobianIsAProjectionOverTheRootMeanSquare() {
    int n = Problem.OUT;
    Tensor a = normal(Generator.seeded(13), n);
    double meanSquare = a.square().mean().item();
    Tensor along = a.unsqueeze(1).matmul(a.unsqueeze(0)).div(n * meanSquare);
    Tensor expected = Tensors.eye(n, DType.FLOAT64).minus(along).div(Math.sqrt(meanSquare));
    Tensor jacobian = Derivatives.jacobian(norm::forward, a);
    assertThat(jacobian.toDoubleArray()).containsExactly(expected.toDoubleArray(), within(1e-14));
    assertThat(Derivatives.jacobian(norm::forward, a.times(3)).times(3).toDoubleArray())
        .containsExactly(expected.toDoubleArray(), within(1e-14));
  }

  private Tensor gainGradient(Problem problem) {
    return problem.loss().backward().of(norm.weight("weight").parameter());
  }
}
