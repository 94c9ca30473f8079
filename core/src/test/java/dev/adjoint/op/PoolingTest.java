package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PoolingTest {

  private static final Tensor X =
      Tensor.of(new float[] {1, 5, 2, 0, 3, 4, 8, 7, 6, 6, 1, 2, 9, 0, 3, 3}, 1, 1, 4, 4);

  static Stream<Arguments> windows() {
    return Stream.of(
        Arguments.of(Shape.of(2, 3, 4, 6), new int[] {2, 2}, new int[] {2, 2}, new int[] {0, 0}),
        Arguments.of(Shape.of(2, 2, 5, 5), new int[] {3, 3}, new int[] {2, 2}, new int[] {1, 1}),
        Arguments.of(Shape.of(2, 5, 7), new int[] {2, 3}, new int[] {1, 3}, new int[] {1, 0}),
        Arguments.of(Shape.of(4, 3), new int[] {4, 3}, new int[] {1, 1}, new int[] {0, 0}));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("windows")
  void poolingAgreesWithTheDefinitionAndItsGradientsWithDifferences(
      Shape shape, int[] kernel, int[] stride, int[] padding) {
    Tensor x = normal(1, shape.toArray());
    PoolOptions options = new PoolOptions(kernel).stride(stride).padding(padding);
    Tensor max = Pooling.maxPool2d(x, options);
    Tensor mean = Pooling.avgPool2d(x, options);
    assertClose("max", max, definition(x, kernel, stride, padding, true), 0);
    assertClose("mean", mean, definition(x, kernel, stride, padding, false), 1e-12);
    Tensor view = x.transpose().contiguous().transpose();
    assertClose("max of a view", Pooling.maxPool2d(view, options), max, 0);
    assertClose("mean of a view", Pooling.avgPool2d(view, options), mean, 1e-12);
    Tensor floats = x.to(DType.FLOAT32);
    assertClose("float max", Pooling.maxPool2d(floats, options), max, 1e-6);
    assertClose("float mean", Pooling.avgPool2d(floats, options), mean, 1e-6);
    FiniteDifferences.check(v -> Pooling.maxPool2d(v[0].sin(), options).square(), x);
    FiniteDifferences.check(v -> Pooling.avgPool2d(v[0].sin(), options).square(), x);
  }

  private static Tensor definition(Tensor x, int[] k, int[] s, int[] p, boolean max) {
    int rank = x.rank();
    int h = x.size(-2);
    int w = x.size(-1);
    Shape shape =
        x.shape()
            .with(-2, (h + 2 * p[0] - k[0]) / s[0] + 1)
            .with(-1, (w + 2 * p[1] - k[1]) / s[1] + 1);
    double[] out = new double[shape.size()];
    for (int at = 0; at < out.length; at++) {
      int[] i = shape.unravel(at);
      int top = i[rank - 2] * s[0] - p[0];
      int left = i[rank - 1] * s[1] - p[1];
      double best = Double.NEGATIVE_INFINITY;
      double sum = 0;
      for (int row = Math.max(0, top); row < Math.min(h, top + k[0]); row++) {
        for (int column = Math.max(0, left); column < Math.min(w, left + k[1]); column++) {
          i[rank - 2] = row;
          i[rank - 1] = column;
          best = Math.max(best, x.get(i));
          sum += x.get(i);
        }
      }
      out[at] = max ? best : sum / (k[0] * k[1]);
    }
    return Tensor.of(out, shape.toArray());
  }

  @Test
  void imagesArePooledInSquareWindows() {
    assertThat(Pooling.maxPool2d(X, 2, 2, 0).toFloatArray()).containsExactly(5, 8, 9, 3);
    assertThat(Pooling.avgPool2d(X, 2, 2, 0).toFloatArray())
        .containsExactly(3.25f, 4.25f, 5.25f, 2.25f);
    assertThat(Pooling.maxPool2d(X, 3, 3, 0).toFloatArray()).containsExactly(8);
  }

  @Test
  void windowsLieSideBySideUnlessAStrideIsGiven() {
    assertThat(Pooling.maxPool2d(X, 2).toFloatArray()).containsExactly(5, 8, 9, 3);
    assertThat(Pooling.avgPool2d(X, 2).toFloatArray()).containsExactly(3.25f, 4.25f, 5.25f, 2.25f);
    Tensor x = Tensor.of(new float[] {1, -2, 3, 4, 0}, 1, 1, 5);
    assertThat(Pooling.maxPool1d(x, 2).toFloatArray()).containsExactly(1, 4);
    assertThat(Pooling.avgPool1d(x, 2).toFloatArray()).containsExactly(-0.5f, 3.5f);
  }

  @Test
  void signalsArePooledAlongTheLastAxis() {
    Tensor x = Tensor.of(new float[] {1, -2, 3, 4, 0}, 1, 1, 5);
    assertThat(Pooling.maxPool1d(x, 2, 2, 1).toFloatArray()).containsExactly(1, 3, 4);
    assertThat(Pooling.avgPool1d(x, 2, 2, 1).toFloatArray()).containsExactly(0.5f, 0.5f, 2);
    assertThat(Pooling.maxPool1d(x.squeeze(0), 3, 1, 0).shape()).isEqualTo(Shape.of(1, 3));
    FiniteDifferences.check(v -> Pooling.maxPool1d(v[0].square(), 3, 1, 1), normal(1, 2, 6));
    FiniteDifferences.check(v -> Pooling.avgPool1d(v[0].square(), 3, 2, 1), normal(1, 2, 6));
  }

  @Test
  void theFirstOfEqualMaximaGetsTheGradient() {
    Tensor x = Tensors.full(Shape.of(2, 2), 3, DType.FLOAT32).tracked();
    assertThat(Pooling.maxPool2d(x, 2, 2, 0).sum().backward().of(x).toFloatArray())
        .containsExactly(1, 0, 0, 0);
  }

  @Test
  void paddingNeverWinsAndANaNAlwaysDoes() {
    float least = Float.NEGATIVE_INFINITY;
    Tensor x = Tensor.of(new float[][] {{least, -7}, {Float.NaN, 2}});
    assertThat(Pooling.maxPool2d(x, 2, 2, 1).toFloatArray())
        .containsExactly(least, -7, Float.NaN, 2);
    assertThat(Pooling.maxPool2d(x, 2, 1, 0).item()).isNaN();
  }

  @Test
  void anEmptyBatchIsPooled() {
    assertThat(Pooling.maxPool2d(Tensors.zeros(0, 3, 4, 4), 2, 2, 0).shape())
        .isEqualTo(Shape.of(0, 3, 2, 2));
    assertThat(Pooling.avgPool2d(Tensors.zeros(0, 3, 4, 4), 2, 2, 0).shape())
        .isEqualTo(Shape.of(0, 3, 2, 2));
  }

  @Test
  void windowsThatDoNotFitAreNamed() {
    assertThatThrownBy(() -> Pooling.maxPool2d(X, 2, 2, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "maxPool2d: shape (1, 1, 4, 4) with kernel [2, 2], stride [2, 2], padding [2, 2];"
                + " expected at least two axes, kernel and stride of at least 1, padding of at most"
                + " half of the kernel, and a kernel that fits into the padded input");
    assertThatThrownBy(() -> Pooling.avgPool2d(X, 5, 1, 0))
        .hasMessageStartingWith("avgPool2d: shape (1, 1, 4, 4) with kernel [5, 5]");
    assertThatThrownBy(() -> Pooling.avgPool1d(X, 2, 0, 0)).hasMessageContaining("stride [0]");
    assertThatThrownBy(() -> Pooling.maxPool1d(X.sum(), 1, 1, 0))
        .hasMessageStartingWith("maxPool1d: shape ()");
  }
}
