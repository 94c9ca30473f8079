package dev.adjoint.reported;

import static dev.adjoint.reported.Float64.float64;
import static dev.adjoint.reported.Float64.normal;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.PReLU;
import dev.adjoint.nn.Residual;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.op.Activations;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reports about normalization: running statistics, modes, empty batches. */
class ReportedNormsTest {

  private final Generator generator = Generator.seeded(8);

  // LaurentMazare/tch-rs#628, pytorch/pytorch#4741, #100048: eval mode forgets what was measured
  @Test
  void evalUsesWhatTrainingHasMeasured() {
    BatchNorm norm = float64(new BatchNorm(3));
    for (int i = 0; i < 200; i++) {
      norm.forward(normal(generator, 64, 3).times(5).plus(2));
    }
    norm.eval();
    Tensor y = norm.forward(normal(generator, 4000, 3).times(5).plus(2));
    assertThat(y.mean(0)).isCloseTo(Tensors.zeros(3).to(y.dtype()), 0.1, 0);
    assertThat(y.biasedVariance(0)).isCloseTo(Tensors.ones(3).to(y.dtype()), 0.1, 0);
  }

  // pytorch/pytorch#20875, #5406: eval of a model does not reach a norm inside
  @Test
  void evalReachesANormAtAnyDepth() {
    BatchNorm norm = new BatchNorm(4);
    Sequential model =
        new Sequential(
            new Linear(4, 4, generator),
            new Residual(new Sequential(new Sequential(norm), Tensor::relu)));
    model.eval();
    assertThat(norm.isTraining()).isFalse();
    Tensor before = norm.runningMean();
    model.forward(generator.normal(5, 4));
    assertThat(norm.runningMean()).hasSameBitsAs(before);
    model.train();
    assertThat(norm.isTraining()).isTrue();
  }

  // pytorch/pytorch#19916: normalizing by the biased, remembering the unbiased variance
  @Test
  void theRunningVarianceIsUnbiasedUnlessAskedFor() {
    Tensor x = Tensor.of(new double[][] {{1}, {3}});
    BatchNorm unbiased = float64(new BatchNorm(1)).updateRate(1);
    assertThat(unbiased.forward(x).flatten(0, -1)).isCloseTo(Tensor.of(-1.0, 1), 1e-5, 0);
    assertThat(unbiased.runningVariance()).isCloseTo(2);
    BatchNorm biased = float64(new BatchNorm(1)).biasedRunningVariance().updateRate(1);
    biased.forward(x);
    assertThat(biased.runningVariance()).isCloseTo(1);
  }

  // pytorch/pytorch#156051: a batch of one in training is refused, and says so; eval takes it
  @Test
  void aBatchOfOneIsRefusedInTrainingAndTakenInEval() {
    BatchNorm norm = new BatchNorm(2);
    Tensor one = Tensors.ones(1, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forward(one))
        .withMessageContainingAll("(1, 2)", "train");
    norm.eval();
    assertThat(norm.forward(one)).hasShape(1, 2);
  }

  static Stream<Layer> layers() {
    Generator generator = Generator.seeded(3);
    return Stream.of(
        new BatchNorm(3),
        new LayerNorm(3, 5, 5),
        new GroupNorm(3, 3),
        new InstanceNorm(3),
        new RMSNorm(5),
        new Conv2d(3, 2, 3, generator),
        new PReLU(3),
        new Sequential(Activations::gelu, Tensor::sigmoid, x -> x.softmax(1)));
  }

  // pytorch/pytorch#38108, #12013, #29578, tensorflow/tensorflow#46366, intel/torch-xpu-ops#4378:
  // a batch of nothing
  @ParameterizedTest
  @MethodSource("layers")
  void anEmptyBatchPassesOrIsRefusedAndLeavesNoNaN(Layer layer) {
    for (boolean training : new boolean[] {false, true}) {
      if (training) {
        layer.train();
      } else {
        layer.eval();
      }
      Tensor x = Tensors.zeros(0, 3, 5, 5).tracked();
      if (training && layer instanceof BatchNorm) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> ((Transform) layer).forward(x))
            .withMessageContaining("(0, 3, 5, 5)");
      } else {
        Tensor y = ((Transform) layer).forward(x);
        assertThat(y.size(0)).isZero();
        assertThat(y.sum().backward().of(x)).hasShape(0, 3, 5, 5);
      }
      layer.namedBuffers().values().forEach(buffer -> assertThat(buffer.value()).isFinite());
    }
  }

  // deeplearning4j/deeplearning4j#9821: infinity on constant rows
  @Test
  void constantRowsBecomeZeros() {
    Tensor x = Tensors.ones(4, 6).times(1e6);
    for (Transform norm :
        List.<Transform>of(new LayerNorm(6), new BatchNorm(6), new GroupNorm(2, 6))) {
      assertThat(norm.forward(x)).isCloseTo(Tensors.zeros(4, 6));
    }
    assertThat(new RMSNorm(6).forward(x).get(0, 0)).isCloseTo(1, within(1e-6));
  }
}
