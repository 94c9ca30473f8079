package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Float64;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BatchNormTest {

  private static final Tensor GOLDEN_INPUT = Tensor.of(new double[][] {{1, 10}, {2, 20}, {3, 60}});
  private static final double[] GOLDEN_OUTPUT = {
    -1.224735685908, -.925820089853, 0, -.462910044927, 1.224735685908, 1.388730134780
  };

  private final Generator generator = Generator.seeded(7);

  @Test
  void trainingUsesTheStatisticsOfTheBatch() {
    Tensor y = float64(new BatchNorm(2)).forward(GOLDEN_INPUT);
    assertThat(y.toDoubleArray()).containsExactly(GOLDEN_OUTPUT, within(1e-12));
  }

  @Test
  void runningStatisticsMoveByTheUpdateRateAndUseTheUnbiasedVariance() {
    BatchNorm norm = float64(new BatchNorm(2));
    norm.forward(GOLDEN_INPUT);
    assertThat(norm.runningMean().toDoubleArray())
        .containsExactly(new double[] {.2, 3}, within(1e-12));
    assertThat(norm.runningVariance().toDoubleArray())
        .containsExactly(new double[] {1, 70.9}, within(1e-12));
  }

  @Test
  void aVolumeIsNormalizedAsItsPositionsInARow() {
    Tensor x = Float64.normal(generator, 3, 4, 2, 3, 5);
    List<Transform> norms =
        List.of(
            float64(new BatchNorm(4)),
            float64(new InstanceNorm(4).withAffine()),
            float64(new GroupNorm(2, 4)),
            float64(new LayerNorm(4).channelsFirst()));
    for (Transform norm : norms) {
      Tensor row = norm.forward(x.flatten(2, -1)).reshape(x.shape());
      assertThat(norm.forward(x).toDoubleArray())
          .as(norm.toString())
          .containsExactly(row.toDoubleArray(), within(1e-12));
    }
    BatchNorm norm = float64(new BatchNorm(4));
    norm.forward(x);
    assertThat(norm.runningMean().toDoubleArray())
        .containsExactly(x.mean(0, 2, 3, 4).times(0.1).toDoubleArray(), within(1e-12));
  }

  @Test
  void batchesAreCountedBeyondWhatFloatsCount() {
    BatchNorm norm = new BatchNorm(2);
    Map<String, Tensor> state = new HashMap<>(norm.state());
    state.put("num_batches_tracked", Tensor.scalar(1 << 24, DType.FLOAT32)); // of an older version
    norm.load(state);
    norm.forward(GOLDEN_INPUT.to(DType.FLOAT32));
    norm.forward(GOLDEN_INPUT.to(DType.FLOAT32));
    assertThat(norm.state().get("num_batches_tracked").item()).isEqualTo((1 << 24) + 2);
  }

  @Test
  void evalUsesTheRunningStatisticsAndKeepsThem() {
    BatchNorm norm = float64(new BatchNorm(2).updateRate(1).epsilon(0));
    norm.forward(GOLDEN_INPUT);
    norm.eval();
    Tensor y = norm.forward(Tensor.of(new double[][] {{4, 30}}));
    assertThat(y.toDoubleArray()).containsExactly(2, 0);
    norm.parameters().forEach(p -> p.assign(Tensor.of(3.0, 5.0))); // g and b
    assertThat(norm.forward(Tensor.of(new double[][] {{4, 37}})).toDoubleArray())
        .containsExactly(new double[] {9, 5 * 7 / Math.sqrt(700) + 5}, within(1e-12));
    assertThat(norm.runningMean().toDoubleArray()).containsExactly(2, 30);
    norm.train();
    assertThat(norm.isTraining()).isTrue();
  }

  @Test
  void furtherAxesCountAsMoreExamples() {
    Tensor rows = generator.normal(0, 3, Shape.of(4 * 5 * 6, 3), DType.FLOAT64);
    Tensor images = rows.reshape(4, 5, 6, 3).permute(0, 3, 1, 2);
    BatchNorm norm = float64(new BatchNorm(3));
    BatchNorm same = float64(new BatchNorm(3));
    Tensor expected = norm.forward(rows).reshape(4, 5, 6, 3).permute(0, 3, 1, 2);
    assertThat(same.forward(images).toDoubleArray())
        .containsExactly(expected.toDoubleArray(), within(1e-12));
    assertThat(same.runningVariance().toDoubleArray())
        .containsExactly(norm.runningVariance().toDoubleArray(), within(1e-12));
  }

  @Test
  void gradientsAreRightInBothModes() {
    for (int[] sizes : new int[][] {{5, 3}, {2, 3, 4}}) {
      BatchNorm norm = float64(new BatchNorm(3));
      norm.parameters()
          .forEach(p -> p.assign(generator.normal(0.5, 1, Shape.of(3), DType.FLOAT64)));
      Tensor x = generator.normal(1, 2, Shape.of(sizes), DType.FLOAT64);
      assertGradients(norm, GradientCheck.of(in -> norm.forward(in[0])).at(x).order(2));
    }
  }

  @Test
  void gradientChecksAndRematerializationMoveRunningStatisticsAtMostOnce() {
    BatchNorm norm = float64(new BatchNorm(2));
    GradientCheck.of(in -> norm.forward(in[0])).at(GOLDEN_INPUT).run().assertOk();
    assertThat(norm.runningMean().toDoubleArray()).containsExactly(0, 0);

    Tensor x = GOLDEN_INPUT.tracked();
    Autodiff.checkpoint(() -> norm.forward(x)).square().sum().backward();
    assertThat(norm.runningMean().toDoubleArray())
        .containsExactly(new double[] {.2, 3}, within(1e-12));
  }

  @Test
  void aBatchOfOneIsRefusedInTrainingOnly() {
    BatchNorm norm = new BatchNorm(3);
    Tensor one = generator.normal(1, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forward(one))
        .withMessage(
            "BatchNorm(3): input of shape (1, 3) has 1 value for each channel, which has no"
                + " variance; expected at least 2 in training, or eval()");
    norm.forward(generator.normal(1, 3, 2));
    norm.eval();
    assertThat(norm.forward(one).shape()).isEqualTo(one.shape());
  }

  @Test
  void badInputsAndSettingsAreNamed() {
    BatchNorm norm = new BatchNorm(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forward(generator.normal(4, 2)))
        .withMessage("BatchNorm(3): input of shape (4, 2); expected (N, 3) or (N, 3, ...)");
    assertThatIllegalArgumentException().isThrownBy(() -> norm.forward(generator.normal(3)));
    assertThatIllegalArgumentException().isThrownBy(() -> norm.updateRate(1.1));
    assertThatIllegalArgumentException().isThrownBy(() -> norm.epsilon(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> new BatchNorm(0));
  }
}
