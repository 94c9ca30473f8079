package dev.adjoint.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Memory;
import org.junit.jupiter.api.Test;

class TensorPrinterTest {

  @Test
  void aScalarIsOneLineWithoutBrackets() {
    assertThat(Tensor.scalar(0.5, DType.FLOAT32)).hasToString("Tensor() float32 0.5000");
    assertThat(Tensor.scalar(3, DType.FLOAT64)).hasToString("Tensor() float64 3");
  }

  @Test
  void aVectorIsOneLine() {
    assertThat(Tensor.of(1f, -2f, 10f)).hasToString("Tensor(3) float32 [ 1, -2, 10]");
    assertThat(Tensor.of(0.25, -1.0)).hasToString("Tensor(2) float64 [ 0.2500, -1.0000]");
  }

  @Test
  void aMatrixHasAlignedColumns() {
    assertThat(Tensor.of(new float[][] {{1, 20}, {-3, 4}}))
        .hasToString(
            """
            Tensor(2, 2) float32
            [[ 1, 20],
             [-3,  4]]\
            """);
  }

  @Test
  void moreAxesNest() {
    assertThat(Tensors.arange(8).reshape(2, 2, 2))
        .hasToString(
            """
            Tensor(2, 2, 2) float32
            [[[0, 1],
              [2, 3]],
             [[4, 5],
              [6, 7]]]\
            """);
  }

  @Test
  void longAxesShowTheirEnds() {
    assertThat(Tensors.arange(8)).hasToString("Tensor(8) float32 [0, 1, 2, 3, 4, 5, 6, 7]");
    assertThat(Tensors.arange(9)).hasToString("Tensor(9) float32 [0, 1, 2, ..., 6, 7, 8]");
    assertThat(Tensors.zeros(100, 1))
        .hasToString(
            """
            Tensor(100, 1) float32
            [[0],
             [0],
             [0],
             ...,
             [0],
             [0],
             [0]]\
            """);
  }

  @Test
  void tinyAndHugeNumbersHaveExponents() {
    assertThat(Tensor.of(1e-5, 2e-5)).hasToString("Tensor(2) float64 [1.0000e-05, 2.0000e-05]");
    assertThat(Tensor.of(1e10, -1.0)).hasToString("Tensor(2) float64 [ 1.0000e+10, -1.0000e+00]");
    assertThat(Tensor.of(1e-9, 1.0)).hasToString("Tensor(2) float64 [1.0000e-09, 1.0000e+00]");
  }

  @Test
  void float64HasTheDecimalsThatItNeedsUpToEight() {
    assertThat(Tensor.of(0.5, 1 / 3.0)).hasToString("Tensor(2) float64 [0.50000000, 0.33333333]");
    assertThat(Tensor.of(0.5, 0.12345)).hasToString("Tensor(2) float64 [0.50000, 0.12345]");
    assertThat(Tensor.of(1e-5 / 3)).hasToString("Tensor(1) float64 [3.33333333e-06]");
    assertThat(Tensor.of(0.5f, 1 / 3f)).hasToString("Tensor(2) float32 [0.5000, 0.3333]");
  }

  @Test
  void decimalsMayBeAskedFor() {
    assertThat(Tensor.of(0.5, 1 / 3.0).toString(2)).isEqualTo("Tensor(2) float64 [0.50, 0.33]");
    assertThat(Tensor.of(1 / 3f).toString(9)).isEqualTo("Tensor(1) float32 [0.333333343]");
    assertThat(Tensor.of(1e-9).toString(1)).isEqualTo("Tensor(1) float64 [1.0e-09]");
    assertThat(Tensor.of(2f, 3f).toString(6)).isEqualTo("Tensor(2) float32 [2, 3]");
    assertThatThrownBy(() -> Tensor.of(1f).toString(-1))
        .hasMessage("toString: -1 decimals; expected 0 to 17");
  }

  @Test
  void aScalarOfNoNamedTypeIsFloat32() {
    assertThat(Tensor.scalar(2)).hasToString("Tensor() float32 2");
  }

  @Test
  void whatIsNoNumberHasItsName() {
    assertThat(Tensor.of(Double.NaN, 1, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY))
        .hasToString("Tensor(4) float64 [      NaN,         1,  Infinity, -Infinity]");
  }

  @Test
  void nothingIsEmptyBrackets() {
    assertThat(Tensors.zeros(0)).hasToString("Tensor(0) float32 []");
    assertThat(Tensors.zeros(3, 0)).hasToString("Tensor(3, 0) float32 []");
  }

  @Test
  void whetherItIsTrackedIsSaid() {
    assertThat(Tensor.of(1f).tracked()).hasToString("Tensor(1) float32 tracked [1]");
  }

  @Test
  void viewsPrintWhatTheyShow() {
    assertThat(Tensors.arange(6).reshape(2, 3).transpose().flip(0))
        .hasToString(
            """
            Tensor(3, 2) float32
            [[2, 5],
             [1, 4],
             [0, 3]]\
            """);
  }

  @Test
  void wholeNumbersHaveAllTheirDigits() {
    assertThat(IntTensor.of(1, 2, 3)).hasToString("IntTensor(3) [1, 2, 3]");
    assertThat(IntTensor.of(7, 123456789)).hasToString("IntTensor(2) [        7, 123456789]");
    assertThat(IntTensor.of()).hasToString("IntTensor(0) []");
    assertThat(IntTensor.of(new int[][] {{1}, {-1}}))
        .hasToString(
            """
            IntTensor(2, 1)
            [[ 1],
             [-1]]\
            """);
  }

  @Test
  void elementsThatAreGoneAreSaidToBe() {
    Tensor[] kept = new Tensor[1];
    Gradients[] gradients = new Gradients[1];
    Memory.step(() -> {
      kept[0] = Tensor.of(1f, 2f).tracked().times(3);
      gradients[0] = kept[0].sum().backward();
    });
    assertThat(kept[0].toString())
        .startsWith("Tensor(2) float32 tracked: this tensor was computed in a Memory.step that");
    assertThat(kept[0].toString(8)).startsWith("Tensor(2) float32 tracked: this tensor was");
    assertThat(gradients[0].toString())
        .contains("(2) float32, gone: this tensor was computed in a");
  }
}
