package dev.adjoint.nn.norm;

import static dev.adjoint.nn.norm.Problem.difference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.norm.Problem.Norm;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What follows from {@code norm(a W x) = norm(W x)} (Ioffe and Szegedy 2015, section 3.3; Ba, Kiros
 * and Hinton 2016, section 5).
 */
class WeightScaleTest {

  private static final double[] SCALES = {0.1, 3, 1000};

  @ParameterizedTest
  @EnumSource
  void theLayerBelowDoesNotSeeTheScaleOfTheWeights(Norm norm) {
    Problem problem = Problem.of(norm.with(0));
    for (double a : SCALES) {
      Problem scaled = problem.withWeight(problem.w().times(a));
      assertThat(difference(scaled.output(), problem.output())).isLessThan(1e-13);
      assertThat(difference(scaled.dataGradient(), problem.dataGradient())).isLessThan(1e-12);
    }
  }

  @ParameterizedTest
  @EnumSource
  void largerWeightsGetSmallerGradients(Norm norm) {
    Problem problem = Problem.of(norm.with(0));
    for (double a : SCALES) {
      Tensor gradient = problem.withWeight(problem.w().times(a)).weightGradient();
      assertThat(difference(gradient.times(a), problem.weightGradient())).isLessThan(1e-12);
    }
  }

  @ParameterizedTest
  @CsvSource({"1e-5, 1e-8, 1e-5", "1e-3, 1e-6, 1e-3"})
  void anEpsilonMakesThisTrueUpToItself(double epsilon, double atLeast, double atMost) {
    for (Norm norm : Norm.values()) {
      Problem problem = Problem.of(norm.with(epsilon));
      Tensor gradient = problem.withWeight(problem.w().times(3)).weightGradient();
      assertThat(difference(gradient.times(3), problem.weightGradient()))
          .as("%s", norm)
          .isBetween(atLeast, atMost);
    }
  }

  @Test
  void withoutANormTheLayerBelowSeesTheScale() {
    Problem problem = Problem.of(x -> x);
    Problem scaled = problem.withWeight(problem.w().times(3));
    assertThat(difference(scaled.dataGradient(), problem.dataGradient())).isGreaterThan(0.5);
    assertThat(difference(scaled.weightGradient().times(3), problem.weightGradient()))
        .isGreaterThan(0.5);
  }

  // ---- one row ---------------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void onlyBatchNormDoesNotSeeTheScaleOfOneRow(Norm norm) {
    Problem problem = Problem.of(norm.with(0));
    double[] scales = new double[Problem.OUT];
    Arrays.fill(scales, 1);
    scales[4] = 3;
    Tensor rows = Tensor.of(scales, Problem.OUT, 1);
    Problem scaled = problem.withWeight(problem.w().times(rows));
    double change =
        difference(scaled.weightGradient().times(rows), problem.weightGradient())
            + difference(scaled.dataGradient(), problem.dataGradient());
    if (norm == Norm.BATCH) {
      assertThat(change).isLessThan(1e-12);
    } else {
      assertThat(change).isGreaterThan(0.1);
    }
  }

  // ---- orthogonality ---------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void theWeightsAreOrthogonalToTheirGradient(Norm norm) {
    Problem problem = Problem.of(norm.with(0));
    Tensor product = problem.w().times(problem.weightGradient());
    double size = problem.weightGradient().norm(2).item() * problem.w().norm(2).item();
    assertThat(product.sum().item() / size).isCloseTo(0, within(1e-15));
    double worstRow = product.sum(1).abs().max().item() / size;
    if (norm == Norm.BATCH) {
      assertThat(worstRow).as("each row by itself").isLessThan(1e-15);
    } else {
      assertThat(worstRow).as("only all rows together").isGreaterThan(1e-3);
    }
  }
}
