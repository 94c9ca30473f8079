package dev.adjoint.reported;

import static dev.adjoint.reported.Float64.float64;
import static dev.adjoint.reported.Float64.normal;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.sequence.Attention;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** Reports about attention and recurrent layers. */
class ReportedSequencesTest {

  private final Generator generator = Generator.seeded(9);

  // pytorch/pytorch#41508, robertknight/rten#1321, lucidrains/nGPT-pytorch#11: a query that may see
  // nothing spoils the gradients of the whole batch
  @Test
  void aQueryThatSeesNothingSpoilsNoGradient() {
    MultiHeadAttention attention = float64(new MultiHeadAttention(4, 2, generator));
    Tensor band =
        Tensor.of(new double[][] {{1, 0, 0, 0}, {1, 1, 0, 0}, {0, 1, 1, 0}, {0, 0, 1, 1}});
    Tensor keys = Tensor.of(new double[][] {{1, 1, 1, 1}, {1, 1, 0, 0}}).reshape(2, 1, 4);
    Tensor x = normal(generator, 2, 4, 4).tracked();
    Tensor y = attention.forward(x, band.times(keys));
    assertThat(y).isFinite();
    var gradients = y.square().sum().backward();
    assertThat(gradients.of(x)).isFinite();
    attention.parameters().forEach(p -> assertThat(gradients.of(p)).isFinite());
    Tensor weights = Attention.weights(x, x, band.times(keys));
    assertThat(weights.select(1, 3).select(0, 1)).isCloseTo(0, 0, 0, 0);
  }

  // pytorch/pytorch#27968: what is masked still changes the output
  @Test
  void maskedKeysDoNotChangeTheOutput() {
    MultiHeadAttention attention = float64(new MultiHeadAttention(4, 2, generator));
    Tensor x = normal(generator, 1, 5, 4);
    Tensor mask = Tensor.of(1.0, 1, 1, 0, 0).reshape(1, 1, 5);
    Tensor masked = attention.forward(x, x, x, mask).slice(1, 0, 3);
    Tensor other = x.slice(1, 0, 3).pad(1, 0, 2, 77);
    assertThat(attention.forward(other, other, other, mask).slice(1, 0, 3)).isCloseTo(masked);
    Tensor alone = x.slice(1, 0, 3);
    assertThat(attention.forward(alone)).isCloseTo(masked, 1e-12, 1e-12);
  }

  // deeplearning4j/deeplearning4j#1030, pytorch/pytorch#1811, #3662, onnx/onnx-tensorflow#342: the
  // reverse direction starts at the last real step, not in the padding
  @Test
  void theReverseDirectionStartsAtTheEndOfTheSequenceNotOfThePadding() {
    GRU gru = float64(new GRU(3, 4, generator)).bidirectional();
    Tensor x = normal(generator, 2, 7, 3);
    var padded = gru.forward(x, IntTensor.of(7, 4));
    var alone = gru.forward(x.slice(0, 1, 2).slice(1, 0, 4));
    assertThat(padded.output().slice(0, 1, 2).slice(1, 0, 4)).isCloseTo(alone.output());
    assertThat(padded.state().slice(1, 1, 2)).isCloseTo(alone.state());
  }

  // yalesong/pvse#13, pytorch/pytorch#3587, webmachinelearning/webnn#801: where the last state of
  // the
  // reverse direction is in the output
  @Test
  void theStateOfTheReverseDirectionIsItsOutputAtTheFirstStep() {
    GRU gru = float64(new GRU(3, 4, generator)).bidirectional();
    var read = gru.forward(normal(generator, 2, 7, 3), IntTensor.of(7, 4));
    Tensor output = read.output();
    assertThat(output).hasShape(2, 7, 8);
    assertThat(read.state().select(0, 1)).isCloseTo(output.select(1, 0).slice(1, 4, 8));
    assertThat(read.state().select(0, 0).select(0, 1))
        .isCloseTo(output.select(0, 1).select(0, 3).slice(0, 0, 4));
    assertThat(output.select(0, 1).slice(0, 4, 7))
        .isCloseTo(Tensors.zeros(3, 8).to(output.dtype()));
  }
}
