package dev.adjoint.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {

  @Test
  void aShapeKnowsItsSizes() {
    Shape shape = Shape.of(2, 3, 4);
    assertThat(shape.rank()).isEqualTo(3);
    assertThat(shape.size()).isEqualTo(24);
    assertThat(shape.size(-1)).isEqualTo(4);
    assertThat(shape.strides()).containsExactly(12, 4, 1);
    assertThat(shape).hasToString("(2, 3, 4)");
    assertThat(Shape.of()).hasToString("()");
    assertThat(Shape.of().size()).isEqualTo(1);
    assertThat(Shape.of(3, 0).size()).isZero();
  }

  @Test
  void shapesOfEqualSizesAreEqual() {
    assertThat(Shape.of(2, 3)).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3));
    assertThat(Shape.of(2, 3)).isNotEqualTo(Shape.of(3, 2)).isNotEqualTo(Shape.of(2, 3, 1));
  }

  @Test
  void whatAShapeHandsOutIsACopy() {
    int[] sizes = {2, 3};
    Shape shape = Shape.of(sizes);
    sizes[0] = 9;
    shape.toArray()[0] = 9;
    shape.strides()[0] = 9;
    assertThat(shape).isEqualTo(Shape.of(2, 3));
    assertThat(shape.strides()).containsExactly(3, 1);
  }

  @Test
  void impossibleShapesAreRefused() {
    assertThatThrownBy(() -> Shape.of(2, -1)).hasMessageContaining("[2, -1]");
    assertThatThrownBy(() -> Shape.of(1, 1, 1, 1, 1, 1, 1, 1, 1))
        .hasMessageContaining("at most 8 axes");
    assertThatThrownBy(() -> Shape.of(1 << 16, 1 << 16))
        .hasMessageContainingAll("elements", "65536");
    assertThatThrownBy(() -> Shape.of(2, 3).size(2))
        .hasMessageContainingAll("axis 2", "(2, 3)", "-2 to 1");
  }

  @Test
  void shapesBroadcastByNumPysRule() {
    assertThat(broadcast(Shape.of(2, 3), Shape.of(3))).isEqualTo(Shape.of(2, 3));
    assertThat(broadcast(Shape.of(2, 1), Shape.of(1, 3))).isEqualTo(Shape.of(2, 3));
    assertThat(broadcast(Shape.of(), Shape.of(4, 1))).isEqualTo(Shape.of(4, 1));
    assertThat(broadcast(Shape.of(5, 1, 3), Shape.of(2, 1))).isEqualTo(Shape.of(5, 2, 3));
    assertThat(broadcast(Shape.of(1), Shape.of(0))).isEqualTo(Shape.of(0));
    assertThat(broadcast(Shape.of(0, 3), Shape.of(1, 1))).isEqualTo(Shape.of(0, 3));
  }

  @Test
  void shapesThatDoNotBroadcastAreNamed() {
    assertThatThrownBy(() -> broadcast(Shape.of(2, 3), Shape.of(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("test:", "(2, 3)", "(4)", "3 and 4", "expected equal sizes, or 1");
    assertThatThrownBy(() -> broadcast(Shape.of(0), Shape.of(2))).hasMessageContaining("(0)");
    assertThatThrownBy(() -> broadcast(Shape.of(5, 3, 2), Shape.of(2, 2)))
        .hasMessage(
            "test: shapes (5, 3, 2) and (2, 2) do not broadcast: axis 1 of the first and axis 0 of"
                + " the second have sizes 3 and 2; expected equal sizes, or 1, of axes compared"
                + " from the last");
  }

  @Test
  void oneShapeMayBroadcastToAnother() {
    assertThat(Shape.of(1, 3).broadcastsTo(Shape.of(2, 3))).isTrue();
    assertThat(Shape.of().broadcastsTo(Shape.of(2, 3))).isTrue();
    assertThat(Shape.of(1).broadcastsTo(Shape.of(0))).isTrue();
    assertThat(Shape.of(2, 3).broadcastsTo(Shape.of(1, 3))).isFalse();
    assertThat(Shape.of(2, 3).broadcastsTo(Shape.of(3))).isFalse();
  }

  @Test
  void sizesChangeAxisByAxis() {
    Shape shape = Shape.of(2, 3, 4);
    assertThat(shape.with(-1, 5)).isEqualTo(Shape.of(2, 3, 5));
    assertThat(shape.reduced(new int[] {0, 2}, true)).isEqualTo(Shape.of(1, 3, 1));
    assertThat(shape.reduced(new int[] {0, 2}, false)).isEqualTo(Shape.of(3));
    assertThat(shape.axes("test", 2, -3)).containsExactly(0, 2);
    assertThat(shape.axes("test")).containsExactly(0, 1, 2);
  }

  @Test
  void typesPromoteToTheWiderOne() {
    assertThat(DType.promote(DType.FLOAT32, DType.FLOAT32)).isEqualTo(DType.FLOAT32);
    assertThat(DType.promote(DType.FLOAT32, DType.FLOAT64)).isEqualTo(DType.FLOAT64);
    assertThat(DType.promote(DType.FLOAT64, DType.FLOAT32)).isEqualTo(DType.FLOAT64);
    assertThat(DType.FLOAT32.bytes()).isEqualTo(4);
    assertThat(DType.FLOAT64.bytes()).isEqualTo(8);
    assertThat(DType.FLOAT32.epsilon()).isEqualTo(Math.ulp(1f));
    assertThat(DType.FLOAT64.epsilon()).isEqualTo(Math.ulp(1.0));
    assertThat(Tensor.of(1f).plus(Tensor.of(0.1)).item()).isEqualTo(1.1);
    assertThat(Tensor.of(1f).plus(0.1).dtype()).isEqualTo(DType.FLOAT32);
    assertThat(Tensor.of(1f).matmul(Tensor.of(0.1)).dtype()).isEqualTo(DType.FLOAT64);
  }

  private static Shape broadcast(Shape a, Shape b) {
    Shape there = Shape.broadcast("test", a, b);
    assertThat(Shape.broadcast("test", b, a)).isEqualTo(there);
    return there;
  }

  @Test
  void positionsAreUnraveledToIndices() {
    assertThat(Shape.of(2, 3, 4).unravel(0)).containsExactly(0, 0, 0);
    assertThat(Shape.of(2, 3, 4).unravel(23)).containsExactly(1, 2, 3);
    assertThat(Shape.of(2, 3, 4).unravel(17)).containsExactly(1, 1, 1);
    assertThat(Shape.of().unravel(0)).isEmpty();
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> Shape.of(2, 3).unravel(6))
        .withMessage("unravel: position 6 is outside shape (2, 3); expected 0 to 5");
  }

  @Test
  void aVectorLiesAlongOneAxis() {
    assertThat(Shape.along(1, 5, 3)).isEqualTo(Shape.of(1, 5, 1));
    assertThat(Shape.along(0, 0, 1)).isEqualTo(Shape.of(0));
  }
}
