package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConvolutionTest {

  private static final ConvOptions PLAIN = ConvOptions.DEFAULT;

  static Stream<Arguments> convolutions() {
    return Stream.of(
        Arguments.of(Shape.of(2, 3, 5, 4), Shape.of(2, 3, 3, 2), PLAIN),
        Arguments.of(Shape.of(1, 2, 5, 6), Shape.of(2, 2, 3, 3), PLAIN.stride(2).padding(1)),
        Arguments.of(
            Shape.of(1, 2, 6, 5), Shape.of(1, 2, 2, 3), PLAIN.dilation(2, 1).padding(0, 2)),
        Arguments.of(Shape.of(2, 4, 4, 3), Shape.of(6, 2, 2, 2), PLAIN.groups(2).stride(1, 2)),
        Arguments.of(Shape.of(1, 3, 3, 3), Shape.of(3, 1, 3, 3), PLAIN.groups(3).padding(1)),
        Arguments.of(Shape.of(2, 3, 3, 3), Shape.of(4, 3, 1, 1), PLAIN));
  }

  @ParameterizedTest(name = "{0} * {1}, {2}")
  @MethodSource("convolutions")
  void conv2dAgreesWithTheDefinitionAndItsGradientsWithDifferences(
      Shape input, Shape kernel, ConvOptions options) {
    Tensor x = normal(1, input.toArray());
    Tensor w = normal(2, kernel.toArray());
    Tensor y = Convolution.conv2d(x, w, options);
    assertClose("y", y, definition(x, w, options), 1e-12);
    Tensor floats = Convolution.conv2d(x.to(DType.FLOAT32), w.to(DType.FLOAT32), options);
    assertClose("float32", floats, y, 1e-5);
    Tensor turned = x.transpose().contiguous().transpose();
    assertClose(
        "view", Convolution.conv2d(turned, w.flip(0).contiguous().flip(0), options), y, 1e-12);
    FiniteDifferences.check(v -> Convolution.conv2d(v[0], v[1], options), x, w);
  }

  @Test
  void anInfiniteWeightMeetsNoPadding() {
    Tensor x = Tensor.of(new double[] {1, 2, 3}, 1, 1, 3).tracked();
    Tensor w = Tensor.of(new double[] {Double.POSITIVE_INFINITY, 1, 1}, 1, 1, 3).tracked();
    Tensor y = Convolution.conv1d(x, w, PLAIN.padding(1));
    assertThat(y.toDoubleArray())
        .containsExactly(3, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
    assertThat(y.sum().backward().of(x).toDoubleArray())
        .containsExactly(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, 2);
    assertThat(y.sum().backward().of(w).toDoubleArray()).containsExactly(3, 6, 5);
  }

  private static Tensor definition(Tensor x, Tensor w, ConvOptions options) {
    int[] s = options.stride("test", 2);
    int[] p = options.padding("test", 2);
    int[] d = options.dilation("test", 2);
    int perGroup = w.size(1);
    int oh = (x.size(2) + 2 * p[0] - d[0] * (w.size(2) - 1) - 1) / s[0] + 1;
    int ow = (x.size(3) + 2 * p[1] - d[1] * (w.size(3) - 1) - 1) / s[1] + 1;
    Shape shape = Shape.of(x.size(0), w.size(0), oh, ow);
    double[] out = new double[shape.size()];
    for (int at = 0; at < out.length; at++) {
      int[] i = shape.unravel(at);
      int group = i[1] / (w.size(0) / options.groups());
      for (int k = 0; k < w.size() / w.size(0); k++) {
        int[] j = Shape.of(perGroup, w.size(2), w.size(3)).unravel(k);
        int row = i[2] * s[0] + j[1] * d[0] - p[0];
        int column = i[3] * s[1] + j[2] * d[1] - p[1];
        if (row >= 0 && row < x.size(2) && column >= 0 && column < x.size(3)) {
          out[at] +=
              x.get(i[0], group * perGroup + j[0], row, column) * w.get(i[1], j[0], j[1], j[2]);
        }
      }
    }
    return Tensor.of(out, shape.toArray());
  }

  @Test
  void conv1dIsAConvolutionOfImagesOfHeightOne() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5}, 1, 1, 5);
    Tensor w = Tensor.of(new double[] {1, 0, -1}, 1, 1, 3);
    assertThat(Convolution.conv1d(x, w, PLAIN).toDoubleArray()).containsExactly(-2, -2, -2);
    Tensor bias = Tensor.of(10.0);
    assertThat(Convolution.conv1d(x, w, bias, PLAIN.stride(2).padding(1)).toDoubleArray())
        .containsExactly(8, 8, 14);
    assertThat(Convolution.conv1d(x, w, PLAIN.dilation(2)).toDoubleArray()).containsExactly(-4);
    FiniteDifferences.check(
        v -> Convolution.conv1d(v[0], v[1], v[2], PLAIN.stride(2).padding(1).groups(2)),
        normal(1, 2, 4, 5),
        normal(2, 2, 2, 3),
        normal(3, 2));
  }

  @Test
  void aBiasIsAddedToEachChannel() {
    Tensor bias = Tensor.of(1.0, 2);
    Tensor y = Convolution.conv2d(Tensors.zeros(1, 1, 2, 2), Tensors.ones(2, 1, 2, 1), bias, PLAIN);
    assertThat(y.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(y.toDoubleArray()).containsExactly(1, 1, 2, 2);
    FiniteDifferences.check(
        v -> Convolution.conv2d(v[0], v[1], v[2], PLAIN),
        normal(1, 1, 1, 3, 3),
        normal(2, 2, 1, 2, 2),
        normal(3, 2));
  }

  @Test
  void anEmptyBatchIsConvolved() {
    Tensor w = Tensors.ones(2, 1, 2, 2).tracked();
    Tensor y = Convolution.conv2d(Tensors.zeros(0, 1, 3, 3), w, PLAIN);
    assertThat(y.shape()).isEqualTo(Shape.of(0, 2, 2, 2));
    assertThat(y.sum().backward().of(w).toFloatArray()).containsOnly(0);
  }

  @Test
  void unfoldCopiesWhatLiesUnderTheKernelIntoColumns() {
    Tensor x = Tensors.arange(0, 9, 1, DType.FLOAT64).reshape(1, 1, 3, 3);
    Tensor columns = Convolution.unfold(x, 2, 2, PLAIN);
    assertThat(columns.squeeze(0).toNestedArray(double[][].class))
        .isDeepEqualTo(new double[][] {{0, 1, 3, 4}, {1, 2, 4, 5}, {3, 4, 6, 7}, {4, 5, 7, 8}});
    assertThat(Convolution.fold(columns, 3, 3, 2, 2, PLAIN).toDoubleArray())
        .containsExactly(0, 2, 2, 6, 16, 10, 6, 14, 8);
  }

  @ParameterizedTest(name = "{0} * {1}, {2}")
  @MethodSource("convolutions")
  void unfoldTimesWeightsIsConvolution(Shape input, Shape kernel, ConvOptions options) {
    if (!options.toString().endsWith("groups 1")) {
      return;
    }
    Tensor x = normal(1, input.toArray());
    Tensor w = normal(2, kernel.toArray());
    Tensor columns = Convolution.unfold(x, w.size(2), w.size(3), options);
    Tensor y = Convolution.conv2d(x, w, options);
    Tensor product = w.reshape(w.size(0), -1).matmul(columns);
    assertClose("y", product.reshape(y.shape()), y, 1e-12);

    UnfoldPair pair = new UnfoldPair(input, w.size(2), w.size(3), options);
    Tensor other = normal(3, columns.shape().toArray());
    Tensor difference = columns.times(other).sum().minus(x.times(pair.fold(other)).sum());
    assertThat(Math.abs(difference.item())).as("adjoint").isLessThan(1e-10);
    FiniteDifferences.check(v -> pair.unfold(v[0].square()).square(), x);
    FiniteDifferences.check(v -> pair.fold(v[0]).square(), other);
  }

  private record UnfoldPair(Shape image, int kh, int kw, ConvOptions options) {
    Tensor unfold(Tensor x) {
      return Convolution.unfold(x, kh, kw, options);
    }

    Tensor fold(Tensor x) {
      return Convolution.fold(x, image.size(2), image.size(3), kh, kw, options);
    }
  }

  @Test
  void resultsAreTheSameOnAnyNumberOfThreads() {
    Generator generator = Generator.seeded(3);
    Tensor x = generator.normal(4, 8, 20, 20).tracked();
    Tensor w = generator.normal(8, 8, 3, 3).tracked();
    float[] one = Parallel.withThreads(1, () -> gradients(x, w));
    float[] four = Parallel.withThreads(4, () -> gradients(x, w));
    assertThat(four).isEqualTo(one);
  }

  private static float[] gradients(Tensor x, Tensor w) {
    Tensor y = Convolution.conv2d(x, w, PLAIN.padding(1));
    Tensor columns = Convolution.unfold(x, 3, 3, PLAIN);
    var g = y.square().sum().plus(columns.square().sum()).backward();
    return Joining.concat(0, g.of(x).reshape(-1), g.of(w).reshape(-1), y.reshape(-1))
        .toFloatArray();
  }

  @Test
  void shapesThatDoNotFitAreAllNamed() {
    Tensor x = Tensors.zeros(1, 3, 8, 8);
    assertThatThrownBy(() -> Convolution.conv2d(x, Tensors.zeros(4, 2, 3, 3), PLAIN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "conv2d: input of shape (1, 3, 8, 8) and weight of shape (4, 2, 3, 3) do not fit with"
                + " stride [1], padding [0], dilation [1], groups 1; expected groups times the"
                + " weight's input channels to be the input's");
    assertThatThrownBy(() -> Convolution.conv2d(x, Tensors.zeros(4, 1, 3, 3), PLAIN.groups(3)))
        .hasMessageEndingWith("expected groups to divide the output channels");
    assertThatThrownBy(() -> Convolution.conv2d(x, Tensors.zeros(4, 3, 5, 9), PLAIN))
        .hasMessageEndingWith("expected a kernel of at least 1 that fits into the padded input");
    assertThatThrownBy(() -> Convolution.conv2d(x, Tensors.zeros(4, 3, 3), PLAIN))
        .hasMessageEndingWith("expected (N, C, H, W) and (O, C / groups, kh, kw)");
    assertThatThrownBy(() -> Convolution.conv1d(x, Tensors.zeros(4, 3, 3), PLAIN))
        .hasMessageStartingWith("conv1d: input of shape (1, 3, 8, 8)")
        .hasMessageEndingWith("expected (N, C, L) and (O, C / groups, k)");
    assertThatThrownBy(
            () -> Convolution.conv2d(x, Tensors.zeros(4, 3, 3, 3), Tensors.zeros(3), PLAIN))
        .hasMessage(
            "conv2d: input of shape (1, 3, 8, 8), weight of shape (4, 3, 3, 3) and bias of shape"
                + " (3); expected one bias for each output channel");
    assertThatThrownBy(
            () -> Convolution.conv2d(x, Tensors.zeros(4, 3, 3, 3), PLAIN.stride(1, 2, 3)))
        .hasMessage("conv2d: stride [1, 2, 3] for 2 axes; expected one number, or one an axis");
    assertThatThrownBy(() -> PLAIN.padding(1, -1))
        .hasMessage("padding: [1, -1]; expected at least 0");
    assertThatThrownBy(() -> Convolution.unfold(x, 9, 1, PLAIN))
        .hasMessageStartingWith("unfold: kernel 9 x 1 for images of 8 x 8");
    assertThatThrownBy(() -> Convolution.fold(Tensors.zeros(1, 4, 5), 3, 3, 2, 2, PLAIN))
        .hasMessageStartingWith("fold: shape (1, 4, 5) to images of 3 x 3 with kernel 2 x 2")
        .hasMessageEndingWith("expected a multiple of 4 rows and 4 columns");
  }
}
