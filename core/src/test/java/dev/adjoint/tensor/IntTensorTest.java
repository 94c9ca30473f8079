package dev.adjoint.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class IntTensorTest {

  @Test
  void valuesAreReadInReadingOrder() {
    IntTensor x = IntTensor.of(new int[][] {{1, 2}, {3, 4}});
    assertThat(x.shape()).isEqualTo(Shape.of(2, 2));
    assertThat(x.size()).isEqualTo(4);
    assertThat(x.get(2)).isEqualTo(3);
    assertThat(x.toArray()).containsExactly(1, 2, 3, 4);
    assertThat(IntTensor.range(3).toArray()).containsExactly(0, 1, 2);
    assertThat(IntTensor.of(new int[0][0]).shape()).isEqualTo(Shape.of(0, 0));
  }

  @Test
  void equalValuesInEqualShapesAreEqual() {
    assertThat(IntTensor.of(1, 2))
        .isEqualTo(IntTensor.of(1, 2))
        .hasSameHashCodeAs(IntTensor.of(1, 2));
    assertThat(IntTensor.of(1, 2)).isNotEqualTo(IntTensor.of(1, 2).reshape(2, 1));
    assertThat(IntTensor.of(1, 2)).isNotEqualTo(IntTensor.of(1, 3));
  }

  @Test
  void rowsAreSliced() {
    IntTensor x = IntTensor.range(6).reshape(3, -1);
    assertThat(x.slice(1, 3).toArray()).containsExactly(2, 3, 4, 5);
    assertThat(x.slice(1, 1).shape()).isEqualTo(Shape.of(0, 2));
    assertThatThrownBy(() -> x.slice(1, 4))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContainingAll("slice:", "[1, 4)", "(3, 2)");
  }

  @Test
  void rowsArePickedByIndex() {
    IntTensor x = IntTensor.range(6).reshape(3, 2);
    IntTensor picked = x.indexSelect(IntTensor.of(2, 0, 2, 2));
    assertThat(picked).isEqualTo(IntTensor.of(new int[][] {{4, 5}, {0, 1}, {4, 5}, {4, 5}}));
    assertThat(IntTensor.of(7, 8, 9).indexSelect(IntTensor.of(1))).isEqualTo(IntTensor.of(8));
    assertThat(x.indexSelect(IntTensor.of()).shape()).isEqualTo(Shape.of(0, 2));
    assertThat(IntTensor.of(new int[0][3]).indexSelect(IntTensor.of()).shape())
        .isEqualTo(Shape.of(0, 0));
    assertThat(IntTensor.range(24).reshape(2, 3, 4).indexSelect(IntTensor.of(1)))
        .isEqualTo(IntTensor.range(24).reshape(2, 3, 4).slice(1, 2));
  }

  @Test
  void onePositionOfAnAxisIsSelected() {
    IntTensor x = IntTensor.range(24).reshape(2, 3, 4);
    assertThat(x.select(1, -1))
        .isEqualTo(IntTensor.of(new int[][] {{8, 9, 10, 11}, {20, 21, 22, 23}}));
    assertThat(x.select(-1, 1).select(0, 1)).isEqualTo(IntTensor.of(13, 17, 21));
    assertThat(IntTensor.range(0).reshape(2, 0).select(0, 1).shape()).isEqualTo(Shape.of(0));
    assertThatThrownBy(() -> x.select(2, 4))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("select: index 4 is outside axis 2 of shape (2, 3, 4); expected -4 to 3");
  }

  @Test
  void badRowsAreNamed() {
    IntTensor x = IntTensor.range(6).reshape(3, 2);
    for (int outside : new int[] {-1, 3}) {
      assertThatThrownBy(() -> x.indexSelect(IntTensor.of(0, outside)))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage(
              "indexSelect: index %d at position [1] is outside axis 0 of shape (3, 2); expected 0 to 2"
                  .formatted(outside));
    }
    assertThatThrownBy(() -> x.slice(0, 0).indexSelect(IntTensor.of(0)))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("expected no index at all");
    assertThatThrownBy(() -> x.indexSelect(IntTensor.range(4).reshape(2, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("indexSelect: indices of shape (2, 2); expected one axis");
    assertThatThrownBy(() -> IntTensor.of(1).reshape().indexSelect(IntTensor.of(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("indexSelect:", "scalar");
  }

  @Test
  void comparisonsGiveMasks() {
    IntTensor x = IntTensor.of(new int[][] {{5, 0}, {16_777_217, 5}});
    Tensor equal = x.equal(5, DType.FLOAT32);
    assertThat(equal.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(equal.shape()).isEqualTo(Shape.of(2, 2));
    assertThat(equal.toFloatArray()).containsExactly(1, 0, 0, 1);
    Tensor notEqual = x.notEqual(5, DType.FLOAT64);
    assertThat(notEqual.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(notEqual.toDoubleArray()).containsExactly(0, 1, 1, 0);
    // As float32, 2^24 + 1 and 2^24 would be the same.
    IntTensor other = IntTensor.of(new int[][] {{5, 1}, {16_777_216, 5}});
    assertThat(x.equal(other, DType.FLOAT32).toFloatArray()).containsExactly(1, 0, 0, 1);
    assertThat(x.equal(16_777_216, DType.FLOAT32).sum().item()).isZero();
    assertThatThrownBy(() -> x.equal(IntTensor.of(5, 5), DType.FLOAT32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("equal: shapes (2, 2) and (2); expected equal shapes");
  }

  @Test
  void valuesConvertToBothTypes() {
    assertThat(IntTensor.of(1, 2).toTensor(DType.FLOAT32).toFloatArray()).containsExactly(1, 2);
    assertThat(IntTensor.of(1, 2).toTensor(DType.FLOAT64).dtype()).isEqualTo(DType.FLOAT64);
  }

  @Test
  void wholeNumbersOfAFloatTensorBecomeIndices() {
    assertThat(IntTensor.of(Tensor.of(new float[][] {{1, -0f}, {-3, 16777216}})))
        .isEqualTo(IntTensor.of(new int[][] {{1, 0}, {-3, 16777216}}));
    assertThat(IntTensor.of(Tensor.of(new double[] {Integer.MIN_VALUE, Integer.MAX_VALUE}, 2)))
        .isEqualTo(IntTensor.of(Integer.MIN_VALUE, Integer.MAX_VALUE));
    for (double wrong : new double[] {.5, Double.NaN, 0x1p31, -0x1p31 - 1, 1e300, -1 / 0.0}) {
      assertThatThrownBy(() -> IntTensor.of(Tensor.of(new double[] {1, wrong}, 1, 2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "of: %s at position 1 of shape (1, 2); expected a whole number from -2^31 to 2^31 -"
                  + " 1",
              wrong);
    }
  }

  @Test
  void misuseIsNamed() {
    assertThatThrownBy(() -> IntTensor.of(1, 2).get(2))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContainingAll("get:", "position 2", "(2)", "0 to 1");
    assertThatThrownBy(() -> IntTensor.of(new int[][] {{1, 2}, {3}}))
        .hasMessageContainingAll("of:", "not rectangular", "row 1");
    assertThatThrownBy(() -> IntTensor.of(1, 2).reshape(3))
        .hasMessageContainingAll("reshape:", "(2)", "[3]");
    assertThatThrownBy(() -> IntTensor.range(-1)).hasMessageContainingAll("range:", "-1");
  }
}
