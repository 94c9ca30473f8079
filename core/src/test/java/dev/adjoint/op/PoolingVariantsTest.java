package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** Dilation, ceil mode, padding that does not count, three axes, and windows of a number. */
class PoolingVariantsTest {

  private static final Tensor LINE = Tensor.of(new double[] {1, 5, 2, 0, 3, 4}, 1, 6);

  @Test
  void dilationTakesElementsApart() {
    assertThat(Pooling.maxPool1d(LINE, new PoolOptions(2).stride(1).dilation(3)).toDoubleArray())
        .containsExactly(1, 5, 4);
  }

  @Test
  void ceilModeAddsTheLastWindowUnlessItStartsBehindTheInput() {
    PoolOptions options = new PoolOptions(3).stride(2);
    assertThat(Pooling.maxPool1d(LINE, options).toDoubleArray()).containsExactly(5, 3);
    assertThat(Pooling.maxPool1d(LINE, options.ceilMode(true)).toDoubleArray())
        .containsExactly(5, 3, 4);
    assertThat(Pooling.avgPool1d(LINE, options.ceilMode(true)).toDoubleArray())
        .containsExactly(8 / 3.0, 5 / 3.0, 3.5);
    PoolOptions apart = new PoolOptions(2).stride(4).padding(1).ceilMode(true);
    assertThat(Pooling.maxPool1d(LINE, apart).toDoubleArray()).containsExactly(1, 3);
    assertThat(Pooling.maxPool1d(LINE, new PoolOptions(8).ceilMode(true).stride(3)).item())
        .isEqualTo(5);
  }

  @Test
  void paddingCountsUnlessItIsLeftOut() {
    PoolOptions options = new PoolOptions(3).padding(1);
    assertThat(Pooling.avgPool1d(LINE, options).toDoubleArray()).containsExactly(2, 5 / 3.0);
    assertThat(Pooling.avgPool1d(LINE, options.countIncludePad(false)).toDoubleArray())
        .containsExactly(3, 5 / 3.0);
  }

  @Test
  void aVolumeOfOneSliceIsAnImage() {
    Tensor x = normal(1, 2, 3, 1, 5, 6);
    PoolOptions image = new PoolOptions(2, 3).stride(2).padding(1, 0).ceilMode(true);
    PoolOptions volume = new PoolOptions(1, 2, 3).stride(1, 2, 2).padding(0, 1, 0).ceilMode(true);
    Tensor flat = x.squeeze(2);
    assertClose("max", Pooling.maxPool3d(x, volume).squeeze(2), Pooling.maxPool2d(flat, image), 0);
    assertClose("mean", Pooling.avgPool3d(x, volume).squeeze(2), Pooling.avgPool2d(flat, image), 0);
  }

  @Test
  void aNumberOfWindowsThatDividesTheAxisMakesThemEqual() {
    Tensor x = normal(1, 2, 6, 8);
    PoolOptions windows = new PoolOptions(2, 4);
    assertClose("max", Pooling.adaptiveMaxPool(x, 3, 2), Pooling.maxPool2d(x, windows), 0);
    assertClose("mean", Pooling.adaptiveAvgPool(x, 3, 2), Pooling.avgPool2d(x, windows), 0);
    assertClose("all", Pooling.adaptiveAvgPool(x, 1, 1).squeeze(2).squeeze(1), x.mean(1, 2), 1e-15);
    assertThat(Pooling.adaptiveAvgPool(x, 6, 8).toDoubleArray()).isEqualTo(x.toDoubleArray());
  }

  @Test
  void unevenWindowsOverlap() {
    assertThat(Pooling.adaptiveMaxPool(LINE, 4).toDoubleArray()).containsExactly(5, 5, 3, 4);
    assertThat(Pooling.adaptiveAvgPool(LINE, 4).toDoubleArray()).containsExactly(3, 3.5, 1.5, 3.5);
    assertThat(Pooling.adaptiveAvgPool(LINE, 8).shape()).isEqualTo(Shape.of(1, 8));
    Tensor x = LINE.tracked();
    assertThat(Pooling.adaptiveMaxPool(x, 4).sum().backward().of(x).toDoubleArray())
        .containsExactly(0, 2, 0, 0, 1, 1);
  }

  @Test
  void anInfinityIsMetOnlyByItsWindow() {
    Tensor x = Tensor.of(new double[] {1, Double.POSITIVE_INFINITY, 3, 4, 5}, 1, 5);
    assertThat(Pooling.adaptiveAvgPool(x, 3).toDoubleArray())
        .containsExactly(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, 4.5);
  }

  @Test
  void meansAreAdjointToTheirGradients() {
    Tensor x = normal(1, 2, 5, 7).tracked();
    Tensor y = Pooling.adaptiveAvgPool(x, 3, 4);
    Tensor g = normal(2, y.shape().toArray());
    Tensor back = y.times(g).sum().backward().of(x);
    assertThat(back.times(x).sum().item()).isCloseTo(y.times(g).sum().item(), within(1e-12));
    FiniteDifferences.check(v -> Pooling.adaptiveAvgPool(v[0], 3, 4).square(), normal(3, 2, 5, 7));
  }

  @Test
  void whatDoesNotFitIsNamed() {
    Tensor x = Tensors.zeros(2, 4);
    assertThatThrownBy(() -> Pooling.maxPool1d(x, new PoolOptions(3).dilation(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "maxPool1d: shape (2, 4) with kernel [3], stride [3], padding [0], dilation [2];");
    assertThatThrownBy(() -> Pooling.avgPool1d(x, new PoolOptions(2).dilation(2)))
        .hasMessage(
            "avgPool1d: kernel [2], stride [2], padding [0], dilation [2]; expected no dilation,"
                + " which only the maximum has");
    assertThatThrownBy(() -> Pooling.maxPool3d(x, new PoolOptions(1)))
        .hasMessageContaining("expected at least three axes");
    assertThatThrownBy(() -> Pooling.maxPool1d(x, new PoolOptions(2).padding(1).dilation(5)))
        .hasMessage("maxPool1d: no elements to choose from in windows of shape (2, 4)");
    assertThatThrownBy(() -> Pooling.adaptiveAvgPool(x, 2, 2, 2))
        .hasMessage(
            "adaptiveAvgPool: shape (2, 4) with windows [2, 2, 2]; expected one to three numbers of"
                + " at least 1, for as many last axes of at least 1");
    assertThatThrownBy(() -> Pooling.adaptiveMaxPool(x, 0))
        .hasMessageContaining("with windows [0]");
  }
}
