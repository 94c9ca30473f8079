package dev.adjoint.examples.digits;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.examples.digits.DigitResults.Pair;
import dev.adjoint.nn.Sequential;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import org.junit.jupiter.api.Test;

class DigitResultsTest {

  @Test
  void mistakesComeInTheOrderOfTheirConfidence() {
    // The scores of a digit are its first three pixels.
    Tensor scores =
        Tensor.of(new float[][] {{5, 0, 0}, {1, 0, 0}, {3, 0, 0}, {0, 0, 2}, {0, 4, 0}});
    Tensor inputs = Joining.concat(1, scores, Tensors.zeros(5, 781)).reshape(5, 1, 28, 28);
    Sequential model = new Sequential(x -> x.reshape(x.size(0), 784).slice(1, 0, 3));
    DataLoader<Tensor, IntTensor> loader =
        new DataLoader<>(Dataset.of(inputs, IntTensor.of(0, 1, 1, 0, 1)), 2);
    DigitResults results = DigitResults.of(model, loader);
    assertThat(results.confusion().accuracy()).isEqualTo(0.4);
    assertThat(results.pairs()).containsExactly(new Pair(1, 0, 2), new Pair(0, 2, 1));
    assertThat(results.mistakes()).hasSize(3);
    DigitResults.Mistake worst = results.mistakes().getFirst();
    assertThat(worst.digit()).isOne();
    assertThat(worst.taken()).isZero();
    assertThat(worst.confidence()).isCloseTo(Math.exp(3) / (Math.exp(3) + 2), within(1e-6));
    assertThat(worst.image()).hasShape(28, 28);
    assertThat(worst.image().get(0, 0)).isEqualTo(3);
    assertThat(results.mistakes())
        .extracting(DigitResults.Mistake::confidence)
        .isSortedAccordingTo((a, b) -> Double.compare(b, a));
  }
}
