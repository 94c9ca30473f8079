package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.norm.Problem.difference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.norm.Problem.Norm;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What follows from {@code norm(W a x) = norm(W x)} (Ba, Kiros and Hinton 2016, section 5.1). */
class DataScaleTest {

  private static final double[] SCALES = {0.1, 3, 1000};

  @ParameterizedTest
  @EnumSource
  void theGradientOfTheWeightsDoesNotSeeTheScaleOfTheData(Norm norm) {
    Problem problem = Problem.of(norm.with(0));
    for (double a : SCALES) {
      Problem scaled = problem.withData(problem.x().times(a));
      assertThat(difference(scaled.output(), problem.output())).isLessThan(1e-13);
      assertThat(difference(scaled.weightGradient(), problem.weightGradient())).isLessThan(1e-12);
    }
  }

  @ParameterizedTest
  @EnumSource
  void largerDataGetSmallerGradients(Norm norm) {
    Problem problem = Problem.of(norm.with(0));
    for (double a : SCALES) {
      Tensor gradient = problem.withData(problem.x().times(a)).dataGradient();
      assertThat(difference(gradient.times(a), problem.dataGradient())).isLessThan(1e-12);
    }
  }

  @Test
  void withoutANormTheGradientOfTheWeightsGrowsWithTheData() {
    Problem problem = Problem.of(x -> x);
    Problem scaled = problem.withData(problem.x().times(3));
    assertThat(difference(scaled.weightGradient(), problem.weightGradient())).isGreaterThan(1);
  }

  // ---- a stack of layers: h = x W1 W2 ... ------------------------------------------------------

  @Test
  void withoutNormsTheScaleOfTheDataReachesTheTopOfAStack() {
    assertThat(deviationAtTheTop(false, 100) / deviationAtTheTop(false, 1))
        .isCloseTo(100, within(1e-10));
  }

  @Test
  void withoutNormsTheScaleOfTheWeightsMultiplies() {
    assertThat(deviationAtTheTop(false, 1)).isLessThan(1e-5);
  }

  @Test
  void withNormsEachLayerHasTheSameScaleWhateverThatOfDataAndWeights() {
    assertThat(deviationAtTheTop(true, 1)).isCloseTo(1, within(1e-10));
    assertThat(deviationAtTheTop(true, 100)).isCloseTo(1, within(1e-10));
  }

  /** Returns the deviation of the output of 20 layers, the weights of which halve each input. */
  private static double deviationAtTheTop(boolean normalized, double scale) {
    Generator generator = Generator.seeded(9);
    LayerNorm norm = float64(new LayerNorm(32).epsilon(0));
    Tensor h = normal(generator, 64, 32).times(scale);
    for (int layer = 0; layer < 20; layer++) {
      h = h.matmul(normal(generator, 32, 32).times(0.5 / Math.sqrt(32)));
      h = normalized ? norm.forward(h) : h;
    }
    return Math.sqrt(h.biasedVariance().item());
  }
}
