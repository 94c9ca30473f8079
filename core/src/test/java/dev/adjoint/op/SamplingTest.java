package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Sampling.Outside;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

class SamplingTest {

  private static final Tensor LINE = Tensor.of(new double[] {1, 3, 7}, 1, 1, 3);

  private static double[] at(Sampling mode, Outside outside, double... places) {
    return mode.sample(LINE, outside, Tensor.of(places, 1, places.length)).toDoubleArray();
  }

  @Test
  void aSignalIsReadBetweenItsElementsAndBeyond() {
    double[] places = {-2, -0.5, 0.25, 1.5, 2.5, 1e30};
    assertThat(at(Sampling.BILINEAR, Outside.ZEROS, places))
        .containsExactly(0, 0.5, 1.5, 5, 3.5, 0);
    assertThat(at(Sampling.BILINEAR, Outside.BORDER, places)).containsExactly(1, 1, 1.5, 5, 7, 7);
    assertThat(at(Sampling.BILINEAR, Outside.REFLECTION, -2, -0.5, 2.5, 4))
        .containsExactly(7, 2, 5, 1);
    assertThat(at(Sampling.NEAREST, Outside.ZEROS, 0.5, 1.5, 1.6, -0.6))
        .containsExactly(1, 7, 7, 0);
  }

  @Test
  void theGridOfNoChangeReadsTheImage() {
    Tensor x = Generator.seeded(1).normal(1, 2, 4, 5);
    Tensor same = Tensor.of(new float[][][] {{{1, 0, 0}, {0, 1, 0}}});
    for (boolean aligned : new boolean[] {true, false}) {
      Tensor grid = Sampling.affineGrid(same, aligned, 4, 5);
      for (Sampling mode : Sampling.values()) {
        assertThat(mode.gridSample(x, grid, Outside.BORDER, aligned).minus(x).abs().max().item())
            .isLessThan(1e-5);
      }
    }
  }

  @Test
  void anInfinityOutsideIsNotMet() {
    Tensor x = Tensor.of(new double[] {Double.POSITIVE_INFINITY, 1, 2}, 1, 1, 3);
    Tensor places = Tensor.of(new double[][] {{-3, 1.5}});
    assertThat(Sampling.BILINEAR.sample(x, Outside.ZEROS, places).toDoubleArray())
        .containsExactly(0, 1.5);
  }

  @Test
  void resultsAreTheSameOnAnyNumberOfThreads() {
    Generator generator = Generator.seeded(3);
    Tensor x = generator.normal(4, 8, 40, 40).tracked();
    Tensor grid = generator.uniform(4, 50, 50, 2).times(2).minus(1);
    float[] one = Parallel.withThreads(1, () -> gradient(x, grid));
    float[] four = Parallel.withThreads(4, () -> gradient(x, grid));
    assertThat(four).isEqualTo(one);
  }

  private static float[] gradient(Tensor x, Tensor grid) {
    Tensor y = Sampling.BILINEAR.gridSample(x, grid, Outside.ZEROS, false);
    return y.square().sum().backward().of(x).toFloatArray();
  }

  @Test
  void whatDoesNotFitIsNamed() {
    assertThatThrownBy(
            () -> Sampling.BILINEAR.gridSample(LINE, Tensors.zeros(1, 4, 2), Outside.ZEROS, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "gridSample: images of shape (1, 1, 3) and a grid of shape (1, 4, 2); expected (N, C,"
                + " sizes...), not empty, and (N, new sizes..., axes)");
    assertThatThrownBy(() -> Sampling.affineGrid(Tensors.zeros(1, 2, 2), true, 3, 3))
        .hasMessage(
            "affineGrid: theta of shape (1, 2, 2) for the sizes [3, 3]; expected (N, 2, 3)");
    assertThatThrownBy(() -> Resampling.LINEAR.along(LINE, 2, Double.NaN))
        .hasMessage(
            "along: 1 positions on axis 2 of shape (1, 1, 3); expected finite ones, and an element"
                + " at least");
  }
}
