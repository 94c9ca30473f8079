package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

class LossesTest {

  private static final IntTensor TARGETS = IntTensor.of(2, 0, 3);

  @Test
  void crossEntropyIsTheMeanSurpriseAtTheRightClass() {
    Tensor logits = Tensor.of(new double[][] {{1, 2, 3}, {0, 0, 0}});
    Tensor perRow = Losses.crossEntropyPerRow(logits, IntTensor.of(0, 2));
    double first = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 1;
    assertThat(perRow.toDoubleArray())
        .containsExactly(new double[] {first, Math.log(3)}, within(1e-12));
    assertThat(Losses.crossEntropy(logits, IntTensor.of(0, 2)).item())
        .isCloseTo((first + Math.log(3)) / 2, within(1e-12));
    assertThat(Losses.crossEntropy(logits.to(DType.FLOAT32), IntTensor.of(0, 2)).item())
        .isCloseTo((first + Math.log(3)) / 2, within(1e-6));
  }

  @Test
  void anyLeadingAxesAreRows() {
    Tensor logits = normal(1, 2, 3, 4);
    IntTensor targets = IntTensor.of(new int[][] {{2, 0, 3}, {1, 1, 0}});
    Tensor perRow = Losses.crossEntropyPerRow(logits, targets);
    assertThat(perRow.shape()).isEqualTo(Shape.of(2, 3));
    assertClose("per row", perRow, Losses.composedCrossEntropy(logits, targets), 1e-12);
    Tensor one =
        Losses.crossEntropyPerRow(logits.select(0, 1).select(0, 2), IntTensor.of(3).reshape());
    assertThat(one.shape()).isEqualTo(Shape.of());
  }

  @Test
  void largeLogitsStayFinite() {
    Tensor logits = Tensor.of(new float[][] {{1e4f, -1e4f}}).tracked();
    Tensor loss = Losses.crossEntropy(logits, IntTensor.of(1));
    assertThat(loss.item()).isEqualTo(2e4);
    assertThat(loss.backward().of(logits).toFloatArray()).containsExactly(1, -1);
  }

  @Test
  void gradientsAgreeWithDifferences() {
    Tensor logits = normal(2, 3, 4);
    FiniteDifferences.check(x -> Losses.crossEntropy(x[0], TARGETS), logits);
    FiniteDifferences.check(x -> Losses.crossEntropyPerRow(x[0], TARGETS).square(), logits);
    FiniteDifferences.check(
        x -> Losses.crossEntropyPerRow(x[0].transpose(), TARGETS), normal(3, 4, 3));
    FiniteDifferences.check(x -> Losses.crossEntropy(x[0].expand(3, 4), TARGETS), normal(4, 4));
  }

  @Test
  void rowsWithoutClassesOrNoRowsAreStated() {
    assertThat(Losses.crossEntropy(Tensors.zeros(0, 5), IntTensor.of()).item()).isNaN();
    assertThatThrownBy(() -> Losses.crossEntropy(Tensors.zeros(1, 0), IntTensor.of(0)))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void badTargetsAreNamed() {
    Tensor logits = Tensors.zeros(3, 4);
    assertThatThrownBy(() -> Losses.crossEntropy(logits, IntTensor.of(0, 4, 1)))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage(
            "crossEntropy: target 4 at position [1] is not a class; expected 0 to 3 for logits of shape (3, 4)");
    assertThatThrownBy(() -> Losses.crossEntropy(logits, IntTensor.of(0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "crossEntropy: logits of shape (3, 4) and targets of shape (2); expected logits of shape (..., classes) and targets of shape (...)");
  }
}
