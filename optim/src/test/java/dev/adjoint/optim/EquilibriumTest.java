package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Lets weights walk at random, along gradients as a scale-invariant loss has them: orthogonal to
 * the weights, and inversely proportional to their length.
 */
class EquilibriumTest {

  private static final Shape SHAPE = Shape.of(2000);

  private final Generator generator = Generator.seeded(1);

  enum Known {
    SGD(0.1, p -> new SGD(p).learningRate(0.1).weightDecay(0.05)),
    MOMENTUM(0.0324, p -> new SGD(p).learningRate(0.01).weightDecay(0.1).momentum(0.9)),
    DAMPENED(
        0.0324, p -> new SGD(p).learningRate(0.1).weightDecay(0.02).momentum(0.9).dampening(0.5)),
    NESTEROV(0.0375, p -> new SGD(p).learningRate(0.01).weightDecay(0.1).momentum(0.9).nesterov()),
    ADAM_W(0.0145, p -> new AdamW(p).learningRate(0.01).weightDecay(0.2)),
    LION(0.0182, p -> new Lion(p).learningRate(0.01).weightDecay(0.2).betas(0.9, 0.9));

    private final double angle;
    private final Function<List<Parameter>, Optimizer> made;

    Known(double angle, Function<List<Parameter>, Optimizer> made) {
      this.angle = angle;
      this.made = made;
    }
  }

  @ParameterizedTest
  @EnumSource
  void weightsTurnByTheAngleOfTheEquilibrium(Known known) {
    Parameter w = new Parameter("w", generator.normal(0, 0.2, SHAPE, DType.FLOAT64));
    Optimizer optimizer = known.made.apply(List.of(w));
    double expected = optimizer.equilibriumAngle(w).orElseThrow();
    double sum = 0;
    int steps = 0;
    for (int step = 0; step < 1500; step++) {
      Tensor before = w.value().untracked().copy();
      Tensor random = generator.normal(0, 1, SHAPE, DType.FLOAT64);
      double length = before.square().sum().item();
      Tensor across = random.minus(before.times(random.times(before).sum().item() / length));
      optimizer.step(w.value().times(across.div(Math.sqrt(length))).sum().backward());
      if (step >= 1000) {
        Tensor after = w.value().untracked();
        double cosine = after.times(before).sum().item() / Math.sqrt(length) / after.norm(2).item();
        sum += Math.acos(cosine);
        steps++;
      }
    }
    assertThat(expected).isCloseTo(known.angle, within(1e-4));
    assertThat(sum / steps)
        .isCloseTo(expected, within(known == Known.LION ? 0.05 * expected : 0.015 * expected));
  }

  @Test
  void groupsAndSchedulesCount() {
    Parameter a = new Parameter("a", generator.normal(3));
    Parameter b = new Parameter("b", generator.normal(3));
    SGD sgd =
        new SGD(List.of(a, b))
            .learningRate(0.1)
            .weightDecay(0.05)
            .group(ParameterGroup.of(List.of(b)).learningRate(0.4))
            .schedule(step -> step == 0 ? 1 : 0.25);
    assertThat(sgd.equilibriumAngle(a).orElseThrow()).isCloseTo(0.1, within(1e-15));
    assertThat(sgd.equilibriumAngle(b).orElseThrow()).isCloseTo(0.2, within(1e-15));
    sgd.step(a.value().plus(b.value()).sum().backward());
    assertThat(sgd.equilibriumAngle(a).orElseThrow()).isCloseTo(0.05, within(1e-15));
  }

  @Test
  void withoutDecayAndWhereItDependsOnGradientsThereIsNone() {
    Parameter w = new Parameter("w", generator.normal(3));
    List<Parameter> all = List.of(w);
    assertThat(
            List.of(
                new SGD(all).equilibriumAngle(w),
                new Adam(all).weightDecay(0.1).equilibriumAngle(w),
                new NAdam(all).weightDecay(0.1).decoupledWeightDecay().equilibriumAngle(w),
                new RMSProp(all).weightDecay(0.1).equilibriumAngle(w)))
        .containsOnly(OptionalDouble.empty());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SGD(all).equilibriumAngle(new Parameter("v", w.value())))
        .withMessage("SGD: parameter 'v' is none of this optimizer's");
  }
}
