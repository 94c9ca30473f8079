package dev.adjoint.tensor;

import static dev.adjoint.tensor.DType.FLOAT32;
import static dev.adjoint.tensor.DType.FLOAT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CreationTest {

  @Test
  void arraysGiveTensorsOfTheirTypeAndShape() {
    assertThat(Tensor.of(1f, 2f)).satisfies(t -> is(t, FLOAT32, Shape.of(2), 1, 2));
    assertThat(Tensor.of(1.0, 2.0)).satisfies(t -> is(t, FLOAT64, Shape.of(2), 1, 2));
    is(Tensor.of(new float[] {1, 2, 3, 4}, 2, 2), FLOAT32, Shape.of(2, 2), 1, 2, 3, 4);
    is(Tensor.of(new double[] {1, 2, 3, 4}, 2, 2), FLOAT64, Shape.of(2, 2), 1, 2, 3, 4);
    is(Tensor.of(new float[0]), FLOAT32, Shape.of(0));
    is(Tensor.scalar(3, FLOAT64), FLOAT64, Shape.of(), 3);
  }

  @Test
  void nestedArraysGiveTensorsOfTheirDepth() {
    is(Tensor.of(new float[][] {{1, 2}, {3, 4}}), FLOAT32, Shape.of(2, 2), 1, 2, 3, 4);
    is(Tensor.of(new double[][] {{1}, {2}}), FLOAT64, Shape.of(2, 1), 1, 2);
    is(Tensor.of(new float[][][] {{{1, 2}}}), FLOAT32, Shape.of(1, 1, 2), 1, 2);
    is(Tensor.of(new double[][][] {{{1}}, {{2}}}), FLOAT64, Shape.of(2, 1, 1), 1, 2);
    is(Tensor.of(new float[][][][] {{{{1}, {2}}}}), FLOAT32, Shape.of(1, 1, 2, 1), 1, 2);
    is(Tensor.of(new double[][][][] {{{{1}, {2}}}}), FLOAT64, Shape.of(1, 1, 2, 1), 1, 2);
  }

  @Test
  void emptyNestedArraysHaveSizeZero() {
    is(Tensor.of(new float[0][0]), FLOAT32, Shape.of(0, 0));
    is(Tensor.of(new float[3][0]), FLOAT32, Shape.of(3, 0));
    is(Tensor.of(new double[2][0][5]), FLOAT64, Shape.of(2, 0, 0));
  }

  @Test
  void arraysThatAreNotRectangularAreRefused() {
    assertThatThrownBy(() -> Tensor.of(new float[][] {{1, 2}, {3}}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("of:", "not rectangular", "axis 1", "2", "1");
    assertThatThrownBy(() -> Tensor.of(new double[][] {{}, {3}}))
        .hasMessageContainingAll("not rectangular", "0", "1");
    assertThatThrownBy(() -> Tensor.of(new double[][][] {{{1}, {2}}, {{3}}}))
        .hasMessageContaining("not rectangular");
  }

  @Test
  void valuesThatDoNotFillAShapeAreRefused() {
    assertThatThrownBy(() -> Tensor.of(new float[5], 2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("5 values", "(2, 3)", "expected 6");
    assertThatThrownBy(() -> IntTensor.of(new int[5], 2, 3))
        .hasMessageContainingAll("5 values", "(2, 3)", "expected 6");
  }

  @Test
  void factoriesGiveWhatTheirNamesSay() {
    is(Tensors.zeros(2), FLOAT32, Shape.of(2), 0, 0);
    is(Tensors.zeros(), FLOAT32, Shape.of(), 0);
    is(Tensors.ones(1, 2), FLOAT32, Shape.of(1, 2), 1, 1);
    is(Tensors.ones(Shape.of(0, 2), FLOAT64), FLOAT64, Shape.of(0, 2));
    is(Tensors.full(Shape.of(2, 1), 7, FLOAT64), FLOAT64, Shape.of(2, 1), 7, 7);
    is(Tensors.arange(3), FLOAT32, Shape.of(3), 0, 1, 2);
    is(Tensors.arange(0), FLOAT32, Shape.of(0));
    is(Tensors.eye(2), FLOAT32, Shape.of(2, 2), 1, 0, 0, 1);
    is(Tensors.eye(0, FLOAT64), FLOAT64, Shape.of(0, 0));
  }

  @Test
  void arangeStopsBeforeItsEnd() {
    is(Tensors.arange(1, 2, 0.25, FLOAT64), FLOAT64, Shape.of(4), 1, 1.25, 1.5, 1.75);
    is(Tensors.arange(2, 0, -1, FLOAT32), FLOAT32, Shape.of(2), 2, 1);
    is(Tensors.arange(2, 0, 1, FLOAT32), FLOAT32, Shape.of(0));
    assertThat(Tensors.arange(0, 1, 0.1, FLOAT64).size()).isEqualTo(10);
    assertThatThrownBy(() -> Tensors.arange(0, 1, 0, FLOAT64))
        .hasMessageContainingAll("arange:", "steps of 0.0");
    assertThatThrownBy(() -> Tensors.arange(0, Double.POSITIVE_INFINITY, 1, FLOAT64))
        .hasMessageContaining("arange:");
  }

  @Test
  void linspaceIncludesBothEnds() {
    is(Tensors.linspace(0, 1, 5, FLOAT64), FLOAT64, Shape.of(5), 0, 0.25, 0.5, 0.75, 1);
    is(Tensors.linspace(3, 4, 1, FLOAT64), FLOAT64, Shape.of(1), 3);
    is(Tensors.linspace(3, 4, 0, FLOAT64), FLOAT64, Shape.of(0));
    assertThat(Tensors.linspace(0, 0.1, 7, FLOAT64).get(-1)).isEqualTo(0.1);
    assertThatThrownBy(() -> Tensors.linspace(0, 1, -1, FLOAT64))
        .hasMessageContainingAll("linspace:", "-1");
  }

  @Test
  void aRangeMayBeLongerThanTheLargestNumber() {
    double far = 0x1p1023;
    is(
        Tensors.linspace(-far, far, 5, FLOAT64),
        FLOAT64,
        Shape.of(5),
        -far,
        -far / 2,
        0,
        far / 2,
        far);
    is(Tensors.linspace(1.7e308, -1.7e308, 3, FLOAT64), FLOAT64, Shape.of(3), 1.7e308, 0, -1.7e308);
    is(
        Tensors.arange(-far, far, far / 2, FLOAT64),
        FLOAT64,
        Shape.of(4),
        -far,
        -far / 2,
        0,
        far / 2);
    assertThatThrownBy(() -> Tensors.arange(0, Double.POSITIVE_INFINITY, 1e308, FLOAT64))
        .hasMessageStartingWith("arange: from 0.0 to Infinity");
  }

  @Test
  void oneHotPutsAOneAtEachIndex() {
    is(Tensors.oneHot(IntTensor.of(2, 0), 3, FLOAT32), FLOAT32, Shape.of(2, 3), 0, 0, 1, 1, 0, 0);
    is(
        Tensors.oneHot(IntTensor.of(new int[][] {{1}, {0}}), 2, FLOAT64),
        FLOAT64,
        Shape.of(2, 1, 2),
        0,
        1,
        1,
        0);
    assertThatThrownBy(() -> Tensors.oneHot(IntTensor.of(-1), 3, FLOAT32))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContainingAll("oneHot:", "-1", "expected 0 to 2");
  }

  @Test
  void arraysPassedInAreCopied() {
    float[] floats = {1, 2};
    double[] doubles = {1, 2};
    int[] ints = {1, 2};
    int[] sizes = {2, 1};
    Tensor a = Tensor.of(floats, sizes);
    Tensor b = Tensor.of(doubles, sizes);
    IntTensor c = IntTensor.of(ints, sizes);
    floats[0] = 9;
    doubles[0] = 9;
    ints[0] = 9;
    sizes[0] = 9;
    assertThat(a.toFloatArray()).containsExactly(1, 2);
    assertThat(b.toDoubleArray()).containsExactly(1, 2);
    assertThat(c.toArray()).containsExactly(1, 2);
    assertThat(a.shape()).isEqualTo(Shape.of(2, 1));
  }

  private static void is(Tensor tensor, DType dtype, Shape shape, double... values) {
    assertThat(tensor.dtype()).isEqualTo(dtype);
    assertThat(tensor.shape()).isEqualTo(shape);
    assertThat(tensor.toDoubleArray()).containsExactly(values);
  }
}
