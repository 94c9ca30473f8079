package dev.adjoint.nn.norm;

import static dev.adjoint.nn.norm.Problem.difference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.norm.Problem.Norm;
import dev.adjoint.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How weights before a norm move under gradient descent (van Laarhoven 2017, arXiv:1706.05350;
 * Hoffer et al. 2018, arXiv:1803.01814).
 */
class EffectiveLearningRateTest {

  private static final double RATE = 0.002;

  @ParameterizedTest
  @EnumSource
  void weightsOnlyGrow(Norm norm) {
    Problem problem = Problem.of(norm.with(0));
    for (int step = 0; step < 50; step++) {
      Tensor gradient = problem.weightGradient();
      Problem next = problem.withWeight(problem.w().minus(gradient.times(RATE)));
      double expected = squared(problem.w()) + RATE * RATE * squared(gradient);
      assertThat(squared(next.w())).isCloseTo(expected, within(1e-13 * expected));
      assertThat(squared(next.w())).isGreaterThan(squared(problem.w()));
      problem = next;
    }
  }

  @ParameterizedTest
  @EnumSource
  void theRateOfGradientDescentCountsOverTheSquareOfTheWeights(Norm norm) {
    UnaryOperator<Tensor> gradient = g -> g;
    assertThat(directions(norm, 10, 100 * RATE, gradient))
        .isLessThan(1e-12)
        .isLessThan(1e-8 * directions(norm, 10, 10 * RATE, gradient));
  }

  @ParameterizedTest
  @EnumSource
  void theRateOfSignDescentCountsOverTheWeights(Norm norm) {
    UnaryOperator<Tensor> sign = Tensor::sign;
    assertThat(directions(norm, 10, 10 * RATE, sign))
        .isLessThan(1e-12)
        .isLessThan(1e-8 * directions(norm, 10, 100 * RATE, sign));
  }

  /**
   * Returns how far the directions of the weights differ after 50 steps, from W with the usual rate
   * and from a multiple of W with another.
   */
  private static double directions(
      Norm norm, double scale, double rate, UnaryOperator<Tensor> update) {
    Problem problem = Problem.of(norm.with(0));
    Problem other = problem.withWeight(problem.w().times(scale));
    for (int step = 0; step < 50; step++) {
      problem = stepped(problem, RATE, update);
      other = stepped(other, rate, update);
    }
    return difference(direction(other.w()), direction(problem.w()));
  }

  private static Problem stepped(Problem problem, double rate, UnaryOperator<Tensor> update) {
    Tensor change = update.apply(problem.weightGradient()).times(rate);
    return problem.withWeight(problem.w().minus(change));
  }

  private static Tensor direction(Tensor w) {
    return w.div(w.norm(2));
  }

  private static double squared(Tensor w) {
    return w.square().sum().item();
  }
}
