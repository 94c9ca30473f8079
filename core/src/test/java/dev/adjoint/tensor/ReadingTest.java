package dev.adjoint.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Parameter;
import org.junit.jupiter.api.Test;

class ReadingTest {

  private static final Tensor X = Tensor.of(new float[][] {{1, 2, 3}, {4, 5, 6}});

  @Test
  void elementsAreReadByIndex() {
    assertThat(X.get(1, 2)).isEqualTo(6);
    assertThat(X.get(-1, -3)).isEqualTo(4);
    assertThat(X.transpose().get(2, 0)).isEqualTo(3);
    assertThat(X.flip(1).get(0, 0)).isEqualTo(3);
    assertThat(Tensor.scalar(7, DType.FLOAT32).get()).isEqualTo(7);
  }

  @Test
  void indicesOutsideAreNamed() {
    assertThatThrownBy(() -> X.get(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("get:", "[1]", "(2, 3)", "expected 2");
    assertThatThrownBy(() -> X.get(0, 3))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContainingAll("get:", "index 3", "axis 1", "(2, 3)", "-3 to 2");
    assertThatThrownBy(() -> X.get(-3, 0)).hasMessageContainingAll("index -3", "axis 0");
  }

  @Test
  void theOnlyElementIsRead() {
    assertThat(Tensor.of(new float[] {5}, 1, 1).item()).isEqualTo(5);
    assertThat(X.slice(0, 1, 2).slice(1, 1, 2).item()).isEqualTo(5);
    assertThatThrownBy(X::item)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("item:", "(2, 3)", "6 elements", "exactly 1");
    assertThatThrownBy(Tensors.zeros(0)::item).hasMessageContaining("0 elements");
  }

  @Test
  void arraysAreReadInReadingOrder() {
    assertThat(X.toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(X.transpose().toDoubleArray()).containsExactly(1, 4, 2, 5, 3, 6);
    assertThat(X.select(0, 1).toFloatArray()).containsExactly(4, 5, 6);
    assertThat(Tensor.of(0.1).toFloatArray()).containsExactly(0.1f);
    assertThat(Tensors.zeros(2, 0).toFloatArray()).isEmpty();
  }

  @Test
  void nestedArraysAreReadBack() {
    assertThat(X.toNestedArray(float[][].class))
        .isDeepEqualTo(new float[][] {{1, 2, 3}, {4, 5, 6}});
    assertThat(X.transpose().toNestedArray(double[][].class))
        .isDeepEqualTo(new double[][] {{1, 4}, {2, 5}, {3, 6}});
    assertThat(X.unsqueeze(0).toNestedArray(float[][][].class)[0][1]).containsExactly(4, 5, 6);
    assertThat(X.select(0, 0).toNestedArray(float[].class)).containsExactly(1, 2, 3);
    assertThat(Tensors.zeros(2, 0).toNestedArray(float[][].class))
        .isDeepEqualTo(new float[][] {{}, {}});
    assertThat(Tensors.zeros(0, 2).toNestedArray(float[][].class)).isEmpty();
  }

  @Test
  void nestedArraysOfAnotherDepthAreRefused() {
    assertThatThrownBy(() -> X.toNestedArray(float[].class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("toNestedArray:", "(2, 3)", "float[]", "2 deep");
    assertThatThrownBy(() -> X.toNestedArray(int[][].class)).hasMessageContaining("int[][]");
    assertThatThrownBy(() -> X.toNestedArray(String.class)).hasMessageContaining("String");
  }

  @Test
  void arraysReadOutAreCopies() {
    Tensor x = Tensor.of(1f, 2f);
    x.toFloatArray()[0] = 9;
    x.toNestedArray(float[].class)[0] = 9;
    assertThat(x.toFloatArray()).containsExactly(1, 2);
    Tensor y = Tensor.of(1.0, 2.0);
    y.toDoubleArray()[0] = 9;
    assertThat(y.toDoubleArray()).containsExactly(1, 2);
    IntTensor z = IntTensor.of(1, 2);
    z.toArray()[0] = 9;
    assertThat(z.toArray()).containsExactly(1, 2);
  }

  @Test
  void aTensorOfAnUpdatedParameterRefusesToBeRead() {
    Parameter w = new Parameter("w", Tensor.of(1f, 2f));
    Tensor old = w.value();
    Tensor view = old.flip(0);
    Tensor copy = old.copy();
    Tensor doubled = old.times(2);
    w.assign(Tensor.of(3f, 4f));
    for (Tensor stale : new Tensor[] {old, view}) {
      assertThatThrownBy(stale::toFloatArray)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("'w'", "updated", "w.value()", "copy()");
      assertThatThrownBy(() -> stale.get(0)).hasMessageContaining("'w'");
      assertThatThrownBy(() -> stale.plus(1)).hasMessageContaining("'w'");
      assertThatThrownBy(stale::sum).hasMessageContaining("'w'");
      assertThat(stale.toString()).contains("'w'", "updated"); // and a log does not fail
    }
    assertThat(copy.toFloatArray()).containsExactly(1, 2);
    assertThat(doubled.toFloatArray()).containsExactly(2, 4);
    assertThat(w.value().toFloatArray()).containsExactly(3, 4);
  }

  @Test
  void aGraphThatNeedsAnOldValueRefusesToBeDifferentiated() {
    Parameter w = new Parameter("w", Tensor.of(1f, 2f));
    Tensor square = w.value().square().sum();
    Tensor sum = w.value().sum();
    w.assign(Tensor.of(3f, 4f));
    assertThatThrownBy(square::backward).hasMessageContaining("'w'");
    assertThat(sum.backward().of(w).toFloatArray()).containsExactly(1, 1); // saved nothing
  }
}
