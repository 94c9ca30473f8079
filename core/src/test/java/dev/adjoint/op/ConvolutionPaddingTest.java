package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Convolutions that pad to the length of their input, or with other elements than zeros. */
class ConvolutionPaddingTest {

  private static final ConvOptions SAME = ConvOptions.DEFAULT.padding("same");
  private static final Tensor SIGNAL = Tensor.of(1.0, 2, 3, 4).reshape(1, 1, 4);

  @ParameterizedTest
  @CsvSource({"1, 1, 0", "2, 1, 0", "3, 1, 1", "4, 1, 1", "2, 2, 1", "2, 3, 1", "5, 1, 2"})
  void theOutputIsAsLongAsTheInputAndWhatIsOddIsAtTheEnd(int kernel, int dilation, int before) {
    int all = dilation * (kernel - 1);
    Tensor w = Tensors.arange(1, kernel + 1, 1, DType.FLOAT64).reshape(1, 1, kernel);
    Tensor y = Convolution.conv1d(SIGNAL, w, SAME.dilation(dilation));
    Tensor padded = SIGNAL.pad(2, before, all - before, 0);
    Tensor expected = Convolution.conv1d(padded, w, ConvOptions.DEFAULT.dilation(dilation));
    assertThat(y.shape()).isEqualTo(SIGNAL.shape());
    assertThat(y.toDoubleArray()).containsExactly(expected.toDoubleArray());
  }

  @ParameterizedTest
  @EnumSource(PadMode.class)
  void aModePadsBeforeAConvolutionOfAnyAxes(PadMode mode) {
    Generator random = Generator.seeded(5);
    for (int axes = 1; axes <= 3; axes++) {
      int[] input = axes == 1 ? new int[] {5} : axes == 2 ? new int[] {5, 4} : new int[] {3, 5, 4};
      Tensor x = normal(random, 2, input);
      Tensor w = normal(random, 2, axes == 3 ? new int[] {3, 2, 3} : cube(axes, 3));
      Tensor padded = x;
      for (int axis = 2; axis < axes + 2; axis++) {
        padded = padded.pad(axis, 1, 1, mode);
      }
      Tensor expected = conv(axes, padded, w, ConvOptions.DEFAULT);
      Tensor y = conv(axes, x, w, ConvOptions.DEFAULT.padding(1).paddingMode(mode));
      assertThat(y.shape()).isEqualTo(expected.shape());
      assertThat(y.minus(expected).abs().max().item()).isLessThan(1e-13);
    }
  }

  @Test
  void sameAndAModeGoTogether() {
    Tensor pair = Tensor.of(1.0, 10).reshape(1, 1, 2);
    ConvOptions options = SAME.paddingMode(PadMode.CIRCULAR);
    assertThat(Convolution.conv1d(SIGNAL, pair, options).toDoubleArray())
        .containsExactly(21, 32, 43, 14);
    assertThat(Convolution.conv1d(SIGNAL, pair, Tensor.of(0.5), options).toDoubleArray())
        .containsExactly(21.5, 32.5, 43.5, 14.5);
  }

  @Test
  void gradientsGoThroughThePadding() {
    Generator random = Generator.seeded(6);
    Tensor[] at = {normal(random, 2, 4, 4), normal(random, 2, 2, 3)};
    ConvOptions options = SAME.paddingMode(PadMode.REFLECT);
    Differences.check(x -> Convolution.conv2d(x[0], x[1], options), at, i -> true, 2);
  }

  @Test
  void validPadsNothing() {
    Tensor w = Tensors.ones(1, 1, 3);
    assertThat(Convolution.conv1d(SIGNAL, w, SAME.padding("valid")).toDoubleArray())
        .containsExactly(6, 9);
  }

  @Test
  void badPaddingIsNamed() {
    Tensor w = Tensors.ones(1, 1, 3);
    assertThatThrownBy(() -> SAME.padding("full"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("padding: rule 'full'; expected same or valid");
    assertThatThrownBy(() -> Convolution.conv1d(SIGNAL, w, SAME.stride(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("conv1d: padding same with stride [2]; expected stride 1");
    ConvOptions wide = ConvOptions.DEFAULT.padding(4).paddingMode(PadMode.REFLECT);
    assertThatThrownBy(() -> Convolution.conv1d(SIGNAL, w, wide))
        .hasMessageContainingAll("conv1d: 4 before", "(1, 1, 4)", "REFLECT", "at most 3");
    assertThatThrownBy(() -> Convolution.convTranspose1d(SIGNAL, w, SAME))
        .hasMessageContainingAll("convTranspose1d: padding same; expected a number of zeros");
    assertThatThrownBy(() -> Convolution.unfold(Tensors.ones(1, 1, 4, 4), 2, 2, wide))
        .hasMessageContainingAll("unfold: padding [4] of mode REFLECT; expected a number of zeros");
    assertThat(SAME.paddingMode(PadMode.REFLECT))
        .hasToString("stride [1], padding same of mode REFLECT, dilation [1], groups 1");
  }

  private static Tensor conv(int axes, Tensor x, Tensor w, ConvOptions options) {
    return switch (axes) {
      case 1 -> Convolution.conv1d(x, w, options);
      case 2 -> Convolution.conv2d(x, w, options);
      default -> Convolution.conv3d(x, w, options);
    };
  }

  private static int[] cube(int axes, int size) {
    int[] sizes = new int[axes];
    Arrays.fill(sizes, size);
    return sizes;
  }

  /** Returns a tensor of shape (2, channels, sizes...). */
  private static Tensor normal(Generator random, int channels, int... sizes) {
    int[] shape = new int[sizes.length + 2];
    shape[0] = 2;
    shape[1] = channels;
    System.arraycopy(sizes, 0, shape, 2, sizes.length);
    return random.normal(0, 1, Shape.of(shape), DType.FLOAT64);
  }
}
