package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * How the kernel of a convolution moves over its input:
 *
 * <pre>{@code
 * Convolution.conv2d(x, weight, ConvOptions.DEFAULT.stride(2).padding(1));
 * Convolution.conv2d(x, weight, ConvOptions.DEFAULT.padding(0, 2)); // no rows, two columns
 * }</pre>
 *
 * <p>Each method takes one number for all axes, or one an axis, and returns changed options.
 *
 * @param stride from one output to the next, at least 1
 * @param padding elements added on both sides
 * @param isSame whether the output is to be as long as the input, whatever the padding
 * @param paddingMode what padding adds
 * @param dilation from one element under the kernel to the next, at least 1
 * @param groups into which input and output channels are split
 * @param outputPadding how much longer the output of a transposed convolution is
 */
public record ConvOptions(
    List<Integer> stride,
    List<Integer> padding,
    boolean isSame,
    PadMode paddingMode,
    List<Integer> dilation,
    int groups,
    List<Integer> outputPadding) {

  /** Steps of 1, no padding, no gaps in the kernel, every output from every channel. */
  public static final ConvOptions DEFAULT =
      new ConvOptions(List.of(1), List.of(0), false, PadMode.ZEROS, List.of(1), 1, List.of(0));

  /** Checks the numbers and copies the lists. */
  public ConvOptions {
    stride = atLeast(1, "stride", stride);
    padding = atLeast(0, "padding", padding);
    dilation = atLeast(1, "dilation", dilation);
    groups = atLeast(1, "groups", List.of(groups)).getFirst();
    outputPadding = atLeast(0, "output padding", outputPadding);
  }

  /** Moves the kernel by this many elements from one output to the next; at least 1. */
  public ConvOptions stride(int... steps) {
    return new ConvOptions(
        Ints.asList(steps), padding, isSame, paddingMode, dilation, groups, outputPadding);
  }

  /** Adds this many zeros on both sides of the input. */
  public ConvOptions padding(int... zeros) {
    return new ConvOptions(
        stride, Ints.asList(zeros), false, paddingMode, dilation, groups, outputPadding);
  }

  /**
   * Pads so that the output is as long as the input, or not at all. The former needs a stride of 1;
   * where both sides cannot have as many elements, as with an even kernel, the end gets one more.
   *
   * @param rule "same" or "valid", as in PyTorch
   */
  public ConvOptions padding(String rule) {
    if (!rule.equals("same") && !rule.equals("valid")) {
      throw new IllegalArgumentException(
          "padding: rule '%s'; expected same or valid".formatted(rule));
    }
    return new ConvOptions(
        stride, List.of(0), rule.equals("same"), paddingMode, dilation, groups, outputPadding);
  }

  /** Pads with other elements than zeros: PyTorch's {@code padding_mode}. */
  public ConvOptions paddingMode(PadMode mode) {
    return new ConvOptions(stride, padding, isSame, mode, dilation, groups, outputPadding);
  }

  /** Takes the elements under the kernel this far apart; at least 1. */
  public ConvOptions dilation(int... steps) {
    return new ConvOptions(
        stride, padding, isSame, paddingMode, Ints.asList(steps), groups, outputPadding);
  }

  /** Splits input and output channels into so many equal groups, which do not see each other. */
  public ConvOptions groups(int number) {
    return new ConvOptions(stride, padding, isSame, paddingMode, dilation, number, outputPadding);
  }

  /**
   * Makes the output of a transposed convolution longer at its end by this many elements, fewer
   * than the stride or the dilation: a convolution makes outputs of one length from inputs of
   * several, and this says which of those is meant. Other convolutions refuse it.
   */
  public ConvOptions outputPadding(int... elements) {
    return new ConvOptions(
        stride, padding, isSame, paddingMode, dilation, groups, Ints.asList(elements));
  }

  int[] stride(String operation, int axes) {
    return spread(operation, "stride", stride, axes);
  }

  int[] padding(String operation, int axes) {
    if (isSame || paddingMode != PadMode.ZEROS) { // what a convolution did not resolve
      throw new IllegalArgumentException(
          "%s: %s; expected a number of zeros on both sides, as only convolutions pad otherwise"
              .formatted(operation, paddingText()));
    }
    return spread(operation, "padding", padding, axes);
  }

  int[] dilation(String operation, int axes) {
    return spread(operation, "dilation", dilation, axes);
  }

  int[] outputPadding(String operation, int axes) {
    return spread(operation, "output padding", outputPadding, axes);
  }

  /** Throws if there is an output padding, in an operation that cannot have any. */
  void requireNoOutputPadding(String operation) {
    if (hasOutputPadding()) {
      throw new IllegalArgumentException(
          "%s: output padding %s; expected none, as this is no transposed convolution"
              .formatted(operation, outputPadding));
    }
  }

  private boolean hasOutputPadding() {
    return outputPadding.stream().anyMatch(elements -> elements > 0);
  }

  private String paddingText() {
    return "padding %s%s"
        .formatted(
            isSame ? "same" : padding,
            paddingMode == PadMode.ZEROS ? "" : " of mode " + paddingMode);
  }

  /** An input with all padding that kernels do not know, and the options for what is left. */
  record Padded(Tensor x, ConvOptions options) {}

  /** Pads the axes of an input behind batch and channels, unless only zeros on both sides are. */
  Padded pad(String operation, Tensor x, Tensor weight, int axes) {
    boolean fits = x.rank() == axes + 2 && weight.rank() == axes + 2;
    if (!fits || !isSame && paddingMode == PadMode.ZEROS) {
      return new Padded(x, this);
    }
    if (isSame && stride.stream().anyMatch(step -> step != 1)) {
      throw new IllegalArgumentException(
          "%s: padding same with stride %s; expected stride 1".formatted(operation, stride));
    }
    int[] both = spread(operation, "padding", padding, axes);
    int[] gaps = dilation(operation, axes);
    Tensor padded = x;
    for (int i = 0; i < axes; i++) {
      int all = added(operation, x.size(i + 2), weight.size(i + 2), gaps[i], both[i]);
      both[i] =
          paddingMode == PadMode.ZEROS ? all / 2 : 0; // the rest of zeros costs the kernel nothing
      int before = all / 2 - both[i];
      padded = Pad.apply(operation, padded, i + 2, before, all - all / 2 - both[i], paddingMode);
    }
    return new Padded(padded, padding(both).paddingMode(PadMode.ZEROS));
  }

  /** Returns how much longer an axis becomes: by a kernel but one element, or by both sides. */
  private int added(String operation, int length, int kernel, int gap, int side) {
    long all = isSame ? gap * Math.max(0, kernel - 1L) : 2L * side;
    if (length + all > Shape.MAX_SIZE) {
      throw new IllegalArgumentException(
          "%s: %s with dilation %d adds %d elements to an axis of size %d; expected at most %d together"
              .formatted(operation, paddingText(), gap, all, length, Shape.MAX_SIZE));
    }
    return (int) all;
  }

  private static List<Integer> atLeast(int least, String name, List<Integer> values) {
    if (values.stream().anyMatch(value -> value < least)) {
      throw new IllegalArgumentException(
          "%s: %s; expected at least %d".formatted(name, values, least));
    }
    return List.copyOf(values);
  }

  /** Returns a number an axis, of one for all or one an axis. */
  static int[] spread(String operation, String name, List<Integer> values, int axes) {
    if (values.size() != axes && values.size() != 1) {
      throw new IllegalArgumentException(
          "%s: %s %s for %d axes; expected one number, or one an axis"
              .formatted(operation, name, values, axes));
    }
    int[] all = new int[axes];
    Arrays.setAll(all, i -> values.get(values.size() == 1 ? 0 : i));
    return all;
  }

  @Override
  public String toString() {
    return "stride %s, %s, dilation %s, groups %s%s"
        .formatted(
            stride,
            paddingText(),
            dilation,
            groups,
            hasOutputPadding() ? ", output padding " + outputPadding : "");
  }
}
