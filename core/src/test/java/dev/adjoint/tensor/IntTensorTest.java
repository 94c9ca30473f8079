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
  void valuesConvertToBothTypes() {
    assertThat(IntTensor.of(1, 2).toTensor(DType.FLOAT32).toFloatArray()).containsExactly(1, 2);
    assertThat(IntTensor.of(1, 2).toTensor(DType.FLOAT64).dtype()).isEqualTo(DType.FLOAT64);
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
