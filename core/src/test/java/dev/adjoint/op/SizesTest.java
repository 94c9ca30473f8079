package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes that overflow, and axes without elements. */
class SizesTest {

  private static final int MAX = Integer.MAX_VALUE;
  private static final int MIN = Integer.MIN_VALUE;
  private static final ConvOptions DEFAULT = ConvOptions.DEFAULT;

  private static final Tensor SIGNAL = Tensor.of(1f, 2, 3, 4, 5).reshape(1, 1, 5);
  private static final Tensor IMAGE = Tensors.arange(16).reshape(1, 1, 4, 4);
  private static final Tensor CHANNELS = Tensors.arange(10).reshape(1, 2, 5);
  private static final Tensor VOLUME = Tensors.arange(32).reshape(1, 1, 2, 4, 4);
  private static final Tensor AFFINE = Tensor.of(1f, 0, 0, 0, 1, 0).reshape(1, 2, 3);
  private static final Tensor TAPS = Tensors.ones(1, 1, 3);
  private static final Tensor ROW = Tensor.of(1f, 2, 3);
  private static final Tensor EMPTY = Tensors.zeros(2, 0);

  /** As large as a tensor can nearly be, in the memory of one element. */
  private static final Tensor HUGE = Tensors.ones(1 << 30);

  /** An operation that takes a size. */
  record Sized(String name, IntFunction<Object> call) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Arguments> calls() {
    return Stream.of(
            sized("conv1d", n -> Convolution.conv1d(SIGNAL, TAPS, DEFAULT.dilation(n))),
            sized("conv1d", n -> Convolution.conv1d(SIGNAL, TAPS, DEFAULT.padding(n))),
            sized("conv1d", n -> Convolution.conv1d(SIGNAL, TAPS, DEFAULT.padding(n).stride(n))),
            sized("conv1d", n -> Convolution.conv1d(SIGNAL, TAPS, DEFAULT.padding(n).dilation(n))),
            sized(
                "conv2d", n -> Convolution.conv2d(IMAGE, Tensors.ones(1, 1, 2, 2), both(n, 65536))),
            sized(
                "conv1d",
                n -> Convolution.conv1d(SIGNAL, TAPS, DEFAULT.padding("same").dilation(n))),
            sized(
                "conv1d",
                n ->
                    Convolution.conv1d(
                        SIGNAL, TAPS, DEFAULT.padding(n).paddingMode(PadMode.REPLICATE))),
            sized("matrixPower", n -> Linalg.matrixPower(Tensors.eye(2), n)),
            sized("unfold", n -> Convolution.unfold(IMAGE, n, 2, DEFAULT)),
            sized("unfold", n -> Convolution.unfold(IMAGE, 2, n, both(0, n))),
            sized("unfold", n -> Convolution.unfold(IMAGE, 2, 2, both(n, 65536))),
            sized("unfold", n -> Convolution.unfold(IMAGE, 3, 3, DEFAULT.dilation(n))),
            sized("unfold", n -> Convolution.unfold(IMAGE, 2, 2, DEFAULT.stride(n))),
            sized("fold", n -> Convolution.fold(Tensors.ones(1, 4, 9), n, 4, 2, 2, DEFAULT)),
            sized(
                "fold",
                n -> Convolution.fold(Tensors.ones(1, 9, 7), 4, 1, 3, 3, DEFAULT.dilation(n))),
            sized("fold", n -> Convolution.fold(Tensors.ones(1, 4, 9), n, n, n, n, DEFAULT)),
            sized("fold", n -> Convolution.fold(Tensors.ones(1, 4, 9), 4, 4, 2, 2, both(n, n))),
            sized("maxPool1d", n -> Pooling.maxPool1d(SIGNAL, n, 1, n / 2)),
            sized("maxPool1d", n -> Pooling.maxPool1d(SIGNAL, 2, n, 1)),
            sized("maxPool2d", n -> Pooling.maxPool2d(IMAGE, n, 1, n / 2)),
            sized("avgPool1d", n -> Pooling.avgPool1d(SIGNAL, n, 1, n / 2)),
            sized("avgPool1d", n -> Pooling.avgPool1d(SIGNAL, 2, n, 1)),
            sized("avgPool2d", n -> Pooling.avgPool2d(IMAGE, n)),
            sized("pad", n -> ROW.pad(0, n, 1, 0)),
            sized("pad", n -> Tensors.zeros(0).pad(0, n, n, 0)),
            sized("tile", n -> ROW.tile(n)),
            sized("tile", n -> EMPTY.tile(n, 1)),
            sized("repeat", n -> ROW.repeat(n, 0)),
            sized("repeat", n -> EMPTY.repeat(n, 0)),
            sized("expand", n -> Tensors.ones(1, 1).expand(3, n).sum()),
            sized("slice", n -> ROW.slice(0, n, MAX, 1)),
            sized("slice", n -> ROW.slice(0, MIN, n, 1)),
            sized("slice", n -> ROW.slice(0, 0, 3, n)),
            sized("select", n -> ROW.select(0, n)),
            sized("roll", n -> ROW.roll(n, 0)),
            sized("chunk", n -> ROW.chunk(n, 0)),
            sized("split", n -> ROW.split(0, n, n, 5)),
            sized("reshape", n -> ROW.reshape(n, 65536, 65536, 65536)),
            sized("reshape", n -> EMPTY.reshape(n, n, n, n)),
            sized("oneHot", n -> Tensors.oneHot(IntTensor.of(0, 1, 0), n, DType.FLOAT32)),
            sized("eye", Tensors::eye),
            sized("linspace", n -> Tensors.linspace(0, 1, n, DType.FLOAT32)),
            sized("arange", Tensors::arange),
            sized("adaptiveAvgPool", n -> Pooling.adaptiveAvgPool(CHANNELS, n)),
            sized("adaptiveAvgPool", n -> Pooling.adaptiveAvgPool(IMAGE, n, n)),
            sized("adaptiveAvgPool", n -> Pooling.adaptiveAvgPool(VOLUME, 4, n, n)),
            sized("adaptiveMaxPool", n -> Pooling.adaptiveMaxPool(CHANNELS, n)),
            sized("adaptiveMaxPool", n -> Pooling.adaptiveMaxPool(IMAGE, n, n)),
            sized("adaptiveMaxPool", n -> Pooling.adaptiveMaxPool(VOLUME, n, 4, n)),
            sized("resize", n -> Interpolation.NEAREST.resize(CHANNELS, n)),
            sized("resize", n -> Interpolation.CUBIC.resize(IMAGE, n, n)),
            sized("resize", n -> Interpolation.LINEAR_ALIGNED.resize(VOLUME, n, n, 2)),
            sized("rescale", n -> Interpolation.NEAREST.rescale(CHANNELS, n)),
            sized("rescale", n -> Interpolation.LINEAR.rescale(IMAGE, n)),
            sized("rescale", n -> Interpolation.CUBIC_SMOOTH.rescale(VOLUME, n, n, 1)),
            sized("affineGrid", n -> Sampling.affineGrid(AFFINE, false, 1, 1, n, n)),
            sized("convTranspose1d", n -> transposed(DEFAULT.stride(n))),
            sized("convTranspose1d", n -> transposed(DEFAULT.dilation(n))),
            sized("topK", n -> ROW.topK(n, 0).values()),
            sized("diff", n -> ROW.diff(n, 0)),
            sized("range", n -> IntTensor.range(n).toTensor(DType.FLOAT32)),
            sized("permutation", n -> Generator.seeded(1).permutation(n).toTensor(DType.FLOAT32)))
        .flatMap(call ->
            Stream.of(MIN, -1, 0, 2, 3, 46341, MAX - 8, MAX)
                .filter(n -> n <= 3 || !call.name.matches("expand|eye") || n > 46340)
                .filter(n -> n != MAX - 8 || !call.name.matches(".*range|linspace|permutation"))
                .map(n -> Arguments.of(call, n)));
  }

  private static Sized sized(String name, IntFunction<Object> call) {
    return new Sized(name, call);
  }

  private static Tensor transposed(ConvOptions options) {
    return Convolution.convTranspose1d(SIGNAL, TAPS, options);
  }

  private static ConvOptions both(int first, int second) {
    return DEFAULT.padding(Math.max(0, first), Math.max(0, second));
  }

  /** No exception but one that names the operation, and no result of another size than it says. */
  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("calls")
  void anExtremeSizeIsRefusedByNameOrDoesWhatItSays(Sized sized, int n) {
    Object result;
    try {
      result = sized.call.apply(n);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      assertThat(e).isNotInstanceOf(ArrayIndexOutOfBoundsException.class);
      assertThat(e.getMessage()).matches("(" + sized.name + "|stride|padding|dilation): .*");
      return;
    }
    if (result instanceof Tensor tensor) {
      assertThat(tensor.toFloatArray()).hasSize(tensor.size()).doesNotContain(Float.NaN);
    } else {
      assertThat((List<?>) result).hasSizeBetween(1, 3);
    }
  }

  @Test
  void whatWouldBeTooLargeIsSaid() {
    assertThatThrownBy(() -> ROW.pad(0, MAX, MAX, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "pad: the result would have shape (4294967297); expected at most 2147483639 elements,"
                + " axes of size 0 not counted");
    assertThatThrownBy(() -> Joining.concat(0, HUGE, HUGE))
        .hasMessageStartingWith("concat: the result would have shape (2147483648);");
    assertThatThrownBy(() -> Joining.stack(0, HUGE, HUGE))
        .hasMessageStartingWith("stack: the result would have shape (2, 1073741824);");
    assertThatThrownBy(() -> ROW.tile(MAX)).hasMessageContaining("(6442450941)");
    assertThatThrownBy(() -> Tensors.ones(65536, 1).plus(Tensors.ones(1, 65536)))
        .hasMessageStartingWith("plus: the result would have shape (65536, 65536);");
    assertThatThrownBy(() -> Tensors.ones(65536, 1).matmul(Tensors.ones(1, 65536)))
        .hasMessageStartingWith("matmul: the result would have shape (65536, 65536);");
    IntTensor many = IntTensor.of(new int[1 << 20]);
    assertThatThrownBy(() -> Indexing.indexSelect(Tensors.ones(1, 1 << 12), 0, many))
        .hasMessageStartingWith("indexSelect: the result would have shape (1048576, 4096);");
    assertThatThrownBy(() -> Indexing.embedding(Tensors.ones(1, 1 << 12), many))
        .hasMessageStartingWith("embedding: the result would have shape (1048576, 4096);");
    assertThatThrownBy(() -> IntTensor.of(new int[1 << 12], 1, 1 << 12).indexSelect(many))
        .hasMessageStartingWith("indexSelect: the result would have shape (1048576, 4096);");
    assertThatThrownBy(() -> Convolution.conv1d(SIGNAL, TAPS, DEFAULT.padding(MAX)))
        .hasMessage(
            "conv1d: padding 2147483647 on both sides of an axis of size 5; expected at most"
                + " 2147483639 together");
  }

  @Test
  void axesBesideAnEmptyOneCountToo() {
    assertThatThrownBy(() -> Shape.of(100_000, 100_000, 0)).hasMessageContaining("2147483639");
    assertThatThrownBy(() -> Shape.of(0, 100_000, 100_000)).hasMessageContaining("2147483639");
    assertThatThrownBy(() -> EMPTY.reshape(100_000, 0, 100_000))
        .hasMessageStartingWith("reshape: the result would have shape (100000, 0, 100000);");
    Tensor empty = Tensors.zeros(20_000, 100_000, 0);
    assertThat(empty.flatten(0, 1).shape()).isEqualTo(Shape.of(2_000_000_000, 0));
    assertThat(empty.permute(2, 0, 1).shape()).isEqualTo(Shape.of(0, 20_000, 100_000));
    assertThat(empty.flatten(0, 2).shape()).isEqualTo(Shape.of(0));
  }

  @Test
  void aHugeStepTakesTheFirstElement() {
    assertThat(Convolution.conv1d(SIGNAL, TAPS, DEFAULT.stride(MAX)).toFloatArray())
        .containsExactly(6);
    assertThat(Convolution.conv1d(SIGNAL, TAPS, DEFAULT.stride(MAX).padding(1)).toFloatArray())
        .containsExactly(3);
    assertThat(Convolution.conv1d(SIGNAL, Tensors.ones(1, 1, 1), DEFAULT.dilation(MAX)))
        .hasToString(SIGNAL.toString());
    assertThat(Pooling.maxPool1d(SIGNAL, 2, MAX, 0).toFloatArray()).containsExactly(2);
    assertThat(Pooling.maxPool1d(SIGNAL, 1 << 30, 1, 1 << 29).toFloatArray())
        .containsExactly(5, 5, 5, 5, 5, 5);
    assertThat(Pooling.avgPool1d(SIGNAL, 2, MAX, 0).toFloatArray()).containsExactly(1.5f);
    Tensor x = ROW.tracked();
    Tensor slice = x.slice(0, 1, 3, MAX);
    assertThat(slice.toFloatArray()).containsExactly(2);
    assertThat(slice.sum().backward().of(x).toFloatArray()).containsExactly(0, 1, 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"FLOAT32", "FLOAT64"})
  void theMaximumOfNothingIsRefusedAndReadsNoOtherElement(DType dtype) {
    Tensor none = Tensor.of(new double[] {5, 6}, 1, 2).to(dtype).slice(1, 1, 1);
    assertThatThrownBy(() -> Pooling.maxPool1d(none, 2, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxPool1d: no elements to choose from in windows of shape (1, 0)");
    assertThatThrownBy(() -> Pooling.maxPool2d(Tensors.zeros(1, 1, 0, 4), 2, 1, 1))
        .hasMessageContaining("no elements");
    assertThatThrownBy(() -> Pooling.maxPool2d(Tensors.zeros(1, 1, 4, 0), 2, 1, 1))
        .hasMessageContaining("no elements");
    // The mean counts zeros of the padding, of which there are some.
    assertThat(Pooling.avgPool1d(none, 2, 1, 1).toDoubleArray()).containsExactly(0);
  }

  @Test
  void anEmptyAxisIsPadding() {
    Tensor x = Tensors.zeros(1, 1, 0, 4).tracked();
    Tensor weight = Tensors.ones(1, 1, 2, 2).tracked();
    Tensor y = Convolution.conv2d(x, weight, DEFAULT.padding(1));
    assertThat(y.toFloatArray()).containsExactly(0, 0, 0, 0, 0);
    assertThat(y.sum().backward().of(x).shape()).isEqualTo(x.shape());
    assertThat(y.sum().backward().of(weight).toFloatArray()).containsExactly(0, 0, 0, 0);
    assertThat(Convolution.unfold(x, 2, 2, DEFAULT.padding(1)).toFloatArray()).containsOnly(0);
    assertThat(Convolution.fold(Tensors.ones(1, 4, 1), 0, 0, 2, 2, DEFAULT.padding(1)).shape())
        .isEqualTo(Shape.of(1, 1, 0, 0));
    assertThat(EMPTY.tile(3, 5).shape()).isEqualTo(Shape.of(6, 0));
    assertThat(EMPTY.repeat(1 << 30, 1).shape()).isEqualTo(EMPTY.shape());
  }
}
