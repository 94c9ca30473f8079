package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GradientNoiseTest {

  private final Parameter w = new Parameter("w", Tensors.ones(200, 200));
  private final Gradients gradients = w.value().times(3).sum().backward();

  @Test
  void theVarianceFallsAsInThePaper() {
    GradientNoise noise = new GradientNoise(Generator.seeded(1)).eta(0.3);
    for (int t = 0; t < 4; t++) {
      Tensor added = noise.add(gradients).of(w).minus(3).to(DType.FLOAT64);
      assertThat(added.square().mean().item())
          .isCloseTo(0.3 / Math.pow(1 + t, 0.55), withinPercentage(3));
      assertThat(added.mean().item()).isBetween(-0.01, 0.01);
    }
  }

  @Test
  void itGoesOnFromItsStateWithTheSameBits() {
    GradientNoise first = new GradientNoise(Generator.seeded(1)).gamma(1);
    first.add(gradients);
    Map<String, Tensor> state = first.state();
    GradientNoise second = new GradientNoise(Generator.seeded(9)).gamma(1);
    second.load(state);
    assertThat(second.add(gradients).of(w).toFloatArray())
        .isEqualTo(first.add(gradients).of(w).toFloatArray());
  }

  @Test
  void everyParameterDrawsInItsOrder() {
    Parameter[] many = new Parameter[40];
    for (int run = 0; run < 2; run++) {
      Tensor loss = Tensor.scalar(0);
      for (int i = 0; i < many.length; i++) {
        many[i] = new Parameter("w" + i, Tensor.of(1f));
        loss = loss.plus(many[i].value().sum());
      }
      Gradients noisy = new GradientNoise(Generator.seeded(1)).eta(1).add(loss.backward());
      Generator generator = Generator.seeded(1);
      for (Parameter each : many) {
        Tensor drawn = generator.normal(0, 1, each.shape(), DType.FLOAT32);
        assertThat(noisy.of(each).item()).isEqualTo(drawn.plus(1).item());
      }
    }
  }

  @Test
  void badNumbersAreNamed() {
    GradientNoise noise = new GradientNoise(Generator.seeded(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> noise.eta(-1))
        .withMessage("GradientNoise: eta -1.0; expected a number of at least 0");
    assertThatIllegalArgumentException().isThrownBy(() -> noise.gamma(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> noise.load(Map.of()))
        .withMessageContaining("'step' of shape () is missing");
  }
}
