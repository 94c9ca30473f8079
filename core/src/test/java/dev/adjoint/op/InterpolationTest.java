package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static dev.adjoint.op.Interpolation.LINEAR;
import static dev.adjoint.op.Interpolation.LINEAR_ALIGNED;
import static dev.adjoint.op.Interpolation.NEAREST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InterpolationTest {

  private static final Tensor LINE = Tensor.of(new double[] {1, 3, 7}, 1, 1, 3);

  @Test
  void signalsBecomeLongerAsTheModeSays() {
    assertThat(NEAREST.rescale(LINE, 2).toDoubleArray()).containsExactly(1, 1, 3, 3, 7, 7);
    assertThat(LINEAR.rescale(LINE, 2).toDoubleArray()).containsExactly(1, 1.5, 2.5, 4, 6, 7);
    assertThat(LINEAR_ALIGNED.resize(LINE, 5).toDoubleArray()).containsExactly(1, 2, 3, 5, 7);
    assertThat(NEAREST.resize(LINE, 2).toDoubleArray()).containsExactly(1, 3);
    assertThat(LINEAR_ALIGNED.resize(LINE, 1).toDoubleArray()).containsExactly(1);
  }

  @Test
  void aFactorSaysWhereElementsLieEvenIfItDoesNotFit() {
    assertThat(NEAREST.rescale(LINE, 1.7).toDoubleArray()).containsExactly(1, 1, 3, 3, 7);
    assertThat(NEAREST.resize(LINE, 5).toDoubleArray()).containsExactly(1, 1, 3, 3, 7);
    assertThat(LINEAR.rescale(LINE, 1.5).toDoubleArray())
        .isNotEqualTo(LINEAR.resize(LINE, 4).toDoubleArray());
    assertThat(LINEAR.rescale(LINE, 1.5).toDoubleArray())
        .containsExactly(new double[] {1, 2, 11 / 3.0, 19 / 3.0}, within(1e-12));
  }

  @Test
  void nearestElementsAreThoseOfWholeNumbersWhateverTheSizes() {
    Tensor x = Tensors.arange(0, 3, 1, DType.FLOAT64).reshape(1, 1, 3);
    double[] y = NEAREST.resize(x, 3 * 49).toDoubleArray(); // 49 (1 / 49) is below 1
    for (int i = 0; i < y.length; i++) {
      assertThat(y[i]).isEqualTo(i / 49);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSameSizeIsTheSameTensor(Interpolation mode) {
    Tensor x = normal(1, 2, 3, 4, 5);
    assertThat(mode.resize(x, 4, 5).toDoubleArray()).isEqualTo(x.toDoubleArray());
  }

  @ParameterizedTest
  @EnumSource
  void aVolumeOfOneSliceIsAnImageAndAnImageOfOneRowASignal(Interpolation mode) {
    Tensor x = normal(1, 2, 3, 1, 4, 5);
    assertClose("volume", mode.resize(x, 1, 6, 3).squeeze(2), mode.resize(x.squeeze(2), 6, 3), 0);
    Tensor row = x.squeeze(2).slice(2, 0, 1);
    assertClose("image", mode.resize(row, 1, 9).squeeze(2), mode.resize(row.squeeze(2), 9), 0);
  }

  @ParameterizedTest
  @EnumSource
  void itIsAdjointToItsGradient(Interpolation mode) {
    Tensor x = normal(1, 2, 2, 3, 4).tracked();
    Tensor y = mode.resize(x, 5, 3);
    Tensor g = normal(2, y.shape().toArray());
    Tensor back = y.times(g).sum().backward().of(x);
    assertThat(back.times(x).sum().item()).isCloseTo(y.times(g).sum().item(), within(1e-12));
    FiniteDifferences.check(v -> mode.rescale(v[0], 1.6).square(), normal(3, 1, 2, 3, 4));
  }

  @Test
  void anInfinityIsMetOnlyByItsNeighbors() {
    double most = Double.POSITIVE_INFINITY;
    Tensor x = Tensor.of(new double[] {most, 1, 2, 3}, 1, 1, 4);
    assertThat(LINEAR_ALIGNED.resize(x, 7).toDoubleArray())
        .containsExactly(most, most, 1, 1.5, 2, 2.5, 3);
  }

  @Test
  void resultsAreTheSameOnAnyNumberOfThreads() {
    Tensor x = Generator.seeded(3).normal(4, 8, 40, 40).tracked();
    float[] one = Parallel.withThreads(1, () -> gradient(x));
    float[] four = Parallel.withThreads(4, () -> gradient(x));
    assertThat(four).isEqualTo(one);
  }

  private static float[] gradient(Tensor x) {
    return LINEAR.rescale(x, 1.7).square().sum().backward().of(x).toFloatArray();
  }

  @Test
  void whatDoesNotFitIsNamed() {
    assertThatThrownBy(() -> LINEAR.resize(Tensors.zeros(3, 4), 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "resize: shape (3, 4), 2 axes; expected (N, C, ...) with at least one element along"
                + " each axis after these, before and after");
    assertThatThrownBy(() -> LINEAR.resize(LINE, 0)).hasMessageContaining("sizes [0]");
    assertThatThrownBy(() -> LINEAR.rescale(LINE, 0.2)).hasMessageContaining("factors [0.2]");
    assertThatThrownBy(() -> NEAREST.rescale(LINE, Double.NaN))
        .hasMessageContaining("factors [NaN]");
    assertThatThrownBy(() -> NEAREST.resize(LINE, 2, 3))
        .hasMessage("resize: sizes [2, 3] for 1 axes; expected one number, or one an axis");
  }
}
