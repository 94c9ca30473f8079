package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TransposedConvolutionTest {

  private static final ConvOptions PLAIN = ConvOptions.DEFAULT;

  /** Shapes of an image and of the weight of its convolution, which is then transposed. */
  static Stream<Arguments> convolutions() {
    return Stream.of(
        Arguments.of(Shape.of(2, 3, 5, 4), Shape.of(2, 3, 3, 2), PLAIN),
        Arguments.of(Shape.of(1, 2, 7, 6), Shape.of(2, 2, 3, 3), PLAIN.stride(3, 2).padding(1)),
        Arguments.of(Shape.of(1, 2, 6, 8), Shape.of(1, 2, 2, 3), PLAIN.dilation(2).padding(0, 2)),
        Arguments.of(Shape.of(2, 4, 4, 3), Shape.of(6, 2, 2, 2), PLAIN.groups(2).stride(3, 2)),
        Arguments.of(Shape.of(1, 3, 3, 3), Shape.of(3, 1, 3, 3), PLAIN.groups(3).padding(1)));
  }

  @ParameterizedTest(name = "{0} * {1}, {2}")
  @MethodSource("convolutions")
  void itIsTheAdjointOfTheConvolutionWithTheSameWeightAndOptions(
      Shape image, Shape kernel, ConvOptions options) {
    Tensor x = normal(1, image.toArray()).tracked();
    Tensor w = normal(2, kernel.toArray());
    Tensor y = Convolution.conv2d(x, w, options);
    Tensor g = normal(3, y.shape().toArray());
    ConvOptions longer =
        options.outputPadding(rest(x, y, w, options, 0), rest(x, y, w, options, 1));
    Tensor spread = Convolution.convTranspose2d(g, w, longer);
    assertThat(spread.shape()).isEqualTo(image);
    assertThat(spread.times(x).sum().item()).isCloseTo(y.times(g).sum().item(), within(1e-12));
    assertThat(spread.toDoubleArray()).isEqualTo(y.times(g).sum().backward().of(x).toDoubleArray());
    FiniteDifferences.check(v -> Convolution.convTranspose2d(v[0], v[1], longer), g, w);
    FiniteDifferences.check(v -> Convolution.convTranspose2d(v[0], v[1], longer).square(), g, w);
  }

  /** Returns how many elements at the end of an axis the convolution passes over. */
  private static int rest(Tensor x, Tensor y, Tensor w, ConvOptions options, int axis) {
    int s = options.stride("test", 2)[axis];
    int p = options.padding("test", 2)[axis];
    int d = options.dilation("test", 2)[axis];
    return x.size(axis + 2) + 2 * p - d * (w.size(axis + 2) - 1) - 1 - (y.size(axis + 2) - 1) * s;
  }

  @Test
  void eachElementSpreadsTheKernel() {
    Tensor x = Tensor.of(new double[] {1, 10}, 1, 1, 2);
    Tensor w = Tensor.of(new double[] {1, 2, 3}, 1, 1, 3);
    assertThat(Convolution.convTranspose1d(x, w, PLAIN).toDoubleArray())
        .containsExactly(1, 12, 23, 30);
    assertThat(Convolution.convTranspose1d(x, w, PLAIN.stride(2).padding(1)).toDoubleArray())
        .containsExactly(2, 13, 20);
    assertThat(Convolution.convTranspose1d(x, w, PLAIN.stride(4)).toDoubleArray())
        .containsExactly(1, 2, 3, 0, 10, 20, 30);
    Tensor bias = Tensor.of(0.5);
    assertThat(Convolution.convTranspose1d(x, w, bias, PLAIN.dilation(2)).toDoubleArray())
        .containsExactly(1.5, 10.5, 2.5, 20.5, 3.5, 30.5);
  }

  @Test
  void anOutputPaddingUncoversWhatPaddingCutOffAtTheEnd() {
    Tensor x = Tensor.of(new double[] {1, 10}, 1, 1, 2);
    Tensor w = Tensor.of(new double[] {1, 2, 3}, 1, 1, 3);
    ConvOptions options = PLAIN.stride(2).padding(1);
    assertThat(Convolution.convTranspose1d(x, w, options.outputPadding(1)).toDoubleArray())
        .containsExactly(2, 13, 20, 30);
    ConvOptions wide = PLAIN.dilation(3).padding(1); // an output padding above the stride
    assertThat(Convolution.convTranspose1d(x, w, wide.outputPadding(2)).toDoubleArray())
        .containsExactly(10, 0, 2, 20, 0, 3, 30, 0);
    FiniteDifferences.check(
        v -> Convolution.convTranspose1d(v[0], v[1], wide.outputPadding(2)).square(), x, w);
  }

  @Test
  void anInfiniteWeightMeetsNoPadding() {
    Tensor x = Tensor.of(new double[] {1, 2}, 1, 1, 2);
    Tensor w = Tensor.of(new double[] {Double.POSITIVE_INFINITY, 1}, 1, 1, 2);
    assertThat(Convolution.convTranspose1d(x, w, PLAIN.stride(3)).toDoubleArray())
        .containsExactly(Double.POSITIVE_INFINITY, 1, 0, Double.POSITIVE_INFINITY, 2);
  }

  @Test
  void aSignalIsAnImageOfOneRow() {
    Tensor x = normal(1, 2, 4, 5);
    Tensor w = normal(2, 4, 3, 3);
    ConvOptions options = PLAIN.stride(2).padding(1).groups(2).outputPadding(1);
    ConvOptions image = PLAIN.stride(1, 2).padding(0, 1).groups(2).outputPadding(0, 1);
    assertClose(
        "signal",
        Convolution.convTranspose1d(x, w, options),
        Convolution.convTranspose2d(x.unsqueeze(2), w.unsqueeze(2), image).squeeze(2),
        0);
  }

  @Test
  void resultsAreTheSameOnAnyNumberOfThreads() {
    Generator generator = Generator.seeded(3);
    Tensor x = generator.normal(4, 8, 20, 20).tracked();
    Tensor w = generator.normal(8, 8, 4, 4).tracked();
    float[] one = Parallel.withThreads(1, () -> gradients(x, w));
    float[] four = Parallel.withThreads(4, () -> gradients(x, w));
    assertThat(four).isEqualTo(one);
  }

  private static float[] gradients(Tensor x, Tensor w) {
    Tensor y = Convolution.convTranspose2d(x, w, PLAIN.stride(2).padding(1));
    var g = y.square().sum().backward();
    return Joining.concat(0, g.of(x).reshape(-1), g.of(w).reshape(-1), y.reshape(-1))
        .toFloatArray();
  }

  @Test
  void shapesThatDoNotFitAreAllNamed() {
    Tensor x = Tensors.zeros(1, 4, 8, 8);
    assertThatThrownBy(() -> Convolution.convTranspose2d(x, Tensors.zeros(2, 4, 3, 3), PLAIN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "convTranspose2d: input of shape (1, 4, 8, 8) and weight of shape (2, 4, 3, 3) do not"
                + " fit with stride [1], padding [0], dilation [1], groups 1; expected as many"
                + " input channels as the weight's axis 0, which the groups divide");
    Tensor w = Tensors.zeros(4, 2, 3, 3);
    String sizes =
        "expected an input, kernel and output of at least 1, and an output padding below stride or"
            + " dilation";
    assertThatThrownBy(() -> Convolution.convTranspose2d(x, w, PLAIN.outputPadding(1)))
        .hasMessageEndingWith("groups 1, output padding [1]; " + sizes);
    assertThatThrownBy(() -> Convolution.convTranspose2d(x, w, PLAIN.padding(5)))
        .hasMessageEndingWith(sizes);
    assertThatThrownBy(() -> Convolution.convTranspose2d(x, Tensors.zeros(4, 2, 3), PLAIN))
        .hasMessageEndingWith("expected (N, C, H, W) and (C, O / groups, kh, kw)");
    assertThatThrownBy(() -> Convolution.convTranspose2d(x, w, Tensors.zeros(4), PLAIN))
        .hasMessage(
            "convTranspose2d: input of shape (1, 4, 8, 8), weight of shape (4, 2, 3, 3) and bias of"
                + " shape (4); expected one bias for each output channel");
    assertThatThrownBy(
            () -> Convolution.conv2d(x, Tensors.zeros(4, 4, 3, 3), PLAIN.outputPadding(1)))
        .hasMessage(
            "conv2d: output padding [1]; expected none, as this is no transposed convolution");
  }
}
