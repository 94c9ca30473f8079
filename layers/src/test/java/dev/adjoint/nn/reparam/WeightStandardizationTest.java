package dev.adjoint.nn.reparam;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Linear;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;

class WeightStandardizationTest {

  private final Generator generator = Generator.seeded(41);

  @Test
  void theWeightsOfEachFilterHaveMeanZeroAndDeviationOne() {
    Tensor w =
        WeightStandardization.on(float64(new Conv2d(3, 4, 3, generator))).weight("weight").value();
    assertThat(w.mean(1, 2, 3).abs().max().item()).isLessThan(1e-12);
    assertThat(w.biasedVariance(1, 2, 3).minus(1).abs().max().item()).isLessThan(1e-7);
  }

  @Test
  void epsilonIsAddedToTheVariance() {
    Linear layer = float64(new Linear(3, 1, generator));
    layer.weight("weight").assign(Tensor.of(new double[][] {{1, 2, 6}}));
    layer.reparametrize("weight", w -> new WeightStandardization(w).epsilon(0.5));
    double sigma = Math.sqrt(14 / 3.0 + 0.5);
    assertThat(layer.weight("weight").value().toDoubleArray())
        .containsExactly(new double[] {-2 / sigma, -1 / sigma, 3 / sigma}, within(1e-15));
  }

  @Test
  void theGradientIsOrthogonalToTheWeightsAndToTheirShift() {
    Conv2d layer = float64(new Conv2d(2, 3, 2, generator));
    layer.reparametrize("weight", w -> new WeightStandardization(w).epsilon(0));
    Tensor y = layer.forward(normal(generator, 2, 2, 4, 4)).sin().sum();
    Tensor w = layer.namedParameters().get("weight.original").value();
    Tensor gradient = y.backward().of(w);
    assertThat(gradient.sum(1, 2, 3).abs().max().item()).isLessThan(1e-12);
    assertThat(gradient.times(w).sum(1, 2, 3).abs().max().item()).isLessThan(1e-12);
    assertThat(gradient.abs().max().item()).isGreaterThan(0.01);
  }

  @Test
  void scaleAndShiftOfEachFilterDoNotMatter() {
    Conv2d layer = WeightStandardization.on(float64(new Conv2d(2, 3, 2, generator)));
    Tensor before = layer.weight("weight").value().copy();
    Tensor filters = normal(generator, 3, 1, 1, 1);
    Tensor w = layer.namedParameters().get("weight.original").value();
    Tensor changed = w.times(filters.abs().plus(1)).plus(filters);
    layer.namedParameters().get("weight.original").assign(changed);
    assertThat(changed.minus(before).mean(Keep.AXES).abs().item()).isGreaterThan(0.01);
    assertThat(layer.weight("weight").value().toDoubleArray())
        .containsExactly(before.toDoubleArray(), within(1e-7));
  }

  @Test
  void aFilterOfOneWeightIsRefused() {
    Conv2d depthwise = new Conv2d(3, 3, 1, ConvOptions.DEFAULT.groups(3), generator);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WeightStandardization.on(depthwise))
        .withMessage(
            "WeightStandardization: weight of shape (3, 1, 1, 1) has 1 value for each output,"
                + " which has no variance; expected at least 2");
    Linear linear = new Linear(3, 2, generator);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> linear.reparametrize("weight", w -> new WeightStandardization(w).epsilon(-1)))
        .withMessage("WeightStandardization(2, 3): epsilon -1.0; expected a number of at least 0");
  }
}
