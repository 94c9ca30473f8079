package dev.adjoint.recipes;

import static dev.adjoint.testing.AdjointAssertions.assertThatLayer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.optim.Adam;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * The gradient penalty of WGAN-GP (Gulrajani et al. 2017, "Improved Training of Wasserstein GANs"):
 * a critic is to rise by 1 a unit of length between real and generated examples, so its own
 * gradient is part of its loss. The paper asks for a layer norm in the critic: a batch norm would
 * make one example's gradient that of others, too.
 */
class GradientPenaltyTest {

  private final Generator generator = Generator.seeded(1);
  private final Sequential critic =
      new Sequential(
          new Linear(2, 16, generator),
          new LayerNorm(16),
          Tensor::tanh,
          new Linear(16, 1, generator));

  GradientPenaltyTest() {
    critic.to(DType.FLOAT64);
  }

  /** Returns the length of the critic's gradient at each point. */
  private Tensor slope(Tensor points) {
    Tensor gradient = Derivatives.valueAndGradient(x -> critic.forward(x).sum(), points).gradient();
    return gradient.norm(2, 1);
  }

  private Tensor penalty(Tensor points) {
    return slope(points).minus(1).square().mean();
  }

  /** Draws points on the lines between real and generated examples. */
  private Tensor between(Tensor real, Tensor fake) {
    Tensor part = generator.uniform(0, 1, Shape.of(real.size(0), 1), DType.FLOAT64);
    return real.times(part).plus(fake.times(part.neg().plus(1)));
  }

  private Tensor cloudAt(double x, double y) {
    return generator.normal(0, 0.3, Shape.of(32, 2), DType.FLOAT64).plus(Tensor.of(x, y));
  }

  @Test
  void theGradientOfThePenaltyIsRightForEveryParameterOfTheCritic() {
    Tensor points = between(cloudAt(2, 0), cloudAt(-1, 1)).slice(0, 0, 4);
    assertThatLayer(critic)
        .calledAs(in -> penalty(in[0]))
        .onInput(points)
        .inTraining()
        .hasCorrectGradients();
  }

  /**
   * Between clouds d apart, a slope of s gains s d and costs 10 (s - 1)^2: best is 1 + d / 20. The
   * paper's penalty is no constraint.
   */
  @Test
  void trainingMakesTheCriticRiseByAboutOneAUnitOfLength() {
    Adam adam = new Adam(critic.namedParameters()).learningRate(0.02);
    for (int step = 0; step < 150; step++) {
      Tensor real = cloudAt(2, 0);
      Tensor fake = cloudAt(-1, 1);
      Tensor loss = critic.forward(fake).mean().minus(critic.forward(real).mean());
      adam.step(loss.plus(penalty(between(real, fake)).times(10)).backward());
    }
    Tensor real = cloudAt(2, 0);
    Tensor fake = cloudAt(-1, 1);
    double distance = Math.sqrt(10);
    double apart = critic.forward(real).mean().minus(critic.forward(fake).mean()).item();
    assertThat(slope(between(real, fake)).mean().item()).isCloseTo(1 + distance / 20, within(0.05));
    assertThat(apart / distance).isCloseTo(1 + distance / 20, within(0.1));
  }
}
