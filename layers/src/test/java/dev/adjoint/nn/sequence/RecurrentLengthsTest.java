package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static dev.adjoint.nn.sequence.Recurrents.all;
import static dev.adjoint.nn.sequence.Recurrents.flat;
import static dev.adjoint.nn.sequence.Recurrents.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads sequences of different lengths, and differentiates. */
class RecurrentLengthsTest {

  private static final IntTensor LENGTHS = IntTensor.of(3, 5, 1, 0);

  private final Generator generator = Generator.seeded(33);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  // ---- lengths ---------------------------------------------------------------------------------

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#deep")
  void aPaddedSequenceIsReadAsIfItWereAlone(Recurrent<?, ?> layer) {
    Tensor x = normal(4, 5, 3);
    Tensor before = normal(4, 2, 3);
    Tensor padding = Masks.lengths(LENGTHS, 5).equal(0).unsqueeze(2);
    Tensor padded = Where.where(padding, Tensor.scalar(Double.NaN, DType.FLOAT64), x);
    List<Tensor> batch = read(layer, before, padded, LENGTHS);
    for (int i = 0; i < 4; i++) {
      int length = LENGTHS.get(i);
      Tensor own = before.slice(0, i, i + 1);
      Tensor output = batch.getFirst().slice(0, i, i + 1);
      assertThat(output.slice(1, length, 5).abs().sum().item()).isZero();
      List<Tensor> states = all(layer.forward(own)); // what a sequence of length 0 leaves
      if (length > 0) {
        Tensor alone = x.slice(0, i, i + 1).slice(1, 0, length);
        states = read(layer, own, alone, IntTensor.of(length));
        assertClose(output.slice(1, 0, length), states.getFirst());
      }
      for (int k = 1; k < states.size(); k++) {
        assertClose(batch.get(k).slice(1, i, i + 1), states.get(k));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#deep")
  void noGradientFlowsToPaddingOrComesOutOfIt(Recurrent<?, ?> layer) {
    Tensor padding = Masks.lengths(LENGTHS, 5).equal(0).unsqueeze(2);
    Tensor x =
        Where.where(
                padding, Tensor.scalar(Double.POSITIVE_INFINITY, DType.FLOAT64), normal(4, 5, 3))
            .tracked();
    Tensor loss =
        all(layer.forward(x, LENGTHS)).stream()
            .map(t -> t.square().sum())
            .reduce(Tensor::plus)
            .orElseThrow();
    var gradients = loss.backward();
    Tensor gradient = gradients.of(x);
    assertThat(gradient.times(padding).abs().max().item()).isZero();
    assertThat(gradient.notEqual(0).sum().item()).isEqualTo((3 + 5 + 1) * 3);
    for (Parameter parameter : layer.parameters()) {
      assertThat(gradients.of(parameter).isFinite().min().item()).isEqualTo(1);
    }
  }

  // ---- gradients -------------------------------------------------------------------------------

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#kinds")
  void gradientsAreRight(Recurrent<?, ?> layer) {
    float64(layer);
    assertGradients(
        layer,
        GradientCheck.of(x -> Joining.concat(1, flat(all(layer.forward(x[0])))))
            .at(normal(2, 3, 3))
            .order(2));
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#deep")
  void gradientsThroughLayersDirectionsLengthsAndInitialStatesAreRight(Recurrent<?, ?> layer) {
    layer.dropout(0.3);
    IntTensor lengths = IntTensor.of(2, 3, 0);
    assertGradients(
        layer,
        GradientCheck.of(x -> Joining.concat(1, flat(read(layer, x[0], x[1], lengths))))
            .at(normal(3, 1, 3), normal(3, 3, 3))
            .directional(1)
            .order(2));
  }
}
