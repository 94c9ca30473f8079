package dev.adjoint.op;

import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * How the kernel of a convolution moves over its input:
 *
 * <pre>{@code
 * Convolution.conv2d(x, weight, ConvOptions.DEFAULT.stride(2).padding(1));
 * Convolution.conv2d(x, weight, ConvOptions.DEFAULT.padding(0, 2)); // no rows, two columns
 * }</pre>
 *
 * <p>Each method takes one number for all axes, or one an axis, and returns changed options.
 */
public final class ConvOptions {

  /** Steps of 1, no padding, no gaps in the kernel, every output from every channel. */
  public static final ConvOptions DEFAULT =
      new ConvOptions(
          new int[] {1}, new int[] {0}, false, PadMode.ZEROS, new int[] {1}, 1, new int[] {0});

  private final int[] stride;
  private final int[] padding;
  private final boolean same;
  private final PadMode paddingMode;
  private final int[] dilation;
  private final int groups;
  private final int[] outputPadding;

  private ConvOptions(
      int[] stride,
      int[] padding,
      boolean same,
      PadMode paddingMode,
      int[] dilation,
      int groups,
      int[] outputPadding) {
    this.stride = stride;
    this.padding = padding;
    this.same = same;
    this.paddingMode = paddingMode;
    this.dilation = dilation;
    this.groups = groups;
    this.outputPadding = outputPadding;
  }

  /** Moves the kernel by this many elements from one output to the next; at least 1. */
  public ConvOptions stride(int... steps) {
    return new ConvOptions(
        atLeast(1, "stride", steps), padding, same, paddingMode, dilation, groups, outputPadding);
  }

  /** Adds this many zeros on both sides of the input. */
  public ConvOptions padding(int... zeros) {
    return new ConvOptions(
        stride, atLeast(0, "padding", zeros), false, paddingMode, dilation, groups, outputPadding);
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
    boolean isSame = rule.equals("same");
    return new ConvOptions(
        stride, new int[] {0}, isSame, paddingMode, dilation, groups, outputPadding);
  }

  /** Pads with other elements than zeros: PyTorch's {@code padding_mode}. */
  public ConvOptions paddingMode(PadMode mode) {
    return new ConvOptions(stride, padding, same, mode, dilation, groups, outputPadding);
  }

  /** Takes the elements under the kernel this far apart; at least 1. */
  public ConvOptions dilation(int... steps) {
    return new ConvOptions(
        stride, padding, same, paddingMode, atLeast(1, "dilation", steps), groups, outputPadding);
  }

  /**
   * Splits input and output channels into this many groups, which do not see each other; it must
   * divide both.
   */
  public ConvOptions groups(int number) {
    return new ConvOptions(
        stride,
        padding,
        same,
        paddingMode,
        dilation,
        atLeast(1, "groups", number)[0],
        outputPadding);
  }

  /**
   * Makes the output of a transposed convolution longer at its end by this many elements, fewer
   * than the stride or the dilation: a convolution makes outputs of one length from inputs of
   * several, and this says which of those is meant. Other convolutions refuse it.
   */
  public ConvOptions outputPadding(int... elements) {
    return new ConvOptions(
        stride,
        padding,
        same,
        paddingMode,
        dilation,
        groups,
        atLeast(0, "output padding", elements));
  }

  int[] stride(String operation, int axes) {
    return spread(operation, "stride", stride, axes);
  }

  int[] padding(String operation, int axes) {
    if (same || paddingMode != PadMode.ZEROS) { // what a convolution did not resolve
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
              .formatted(operation, Arrays.toString(outputPadding)));
    }
  }

  private boolean hasOutputPadding() {
    return Arrays.stream(outputPadding).anyMatch(elements -> elements > 0);
  }

  /** Returns the steps of the kernel: one number for all axes, or one an axis. */
  public int[] stride() {
    return stride.clone();
  }

  /** Returns the elements added on each side: one number for all axes, or one an axis. */
  public int[] padding() {
    return padding.clone();
  }

  /** Returns whether the output is to be as long as the input, whatever {@link #padding()}. */
  public boolean isSame() {
    return same;
  }

  /** Returns what padding adds. */
  public PadMode paddingMode() {
    return paddingMode;
  }

  private String paddingText() {
    return "padding %s%s"
        .formatted(
            same ? "same" : Arrays.toString(padding),
            paddingMode == PadMode.ZEROS ? "" : " of mode " + paddingMode);
  }

  /** An input with all padding that kernels do not know, and the options for what is left. */
  record Padded(Tensor x, ConvOptions options) {}

  /** Pads the axes of an input behind batch and channels, unless only zeros on both sides are. */
  Padded pad(String operation, Tensor x, Tensor weight, int axes) {
    boolean fits = x.rank() == axes + 2 && weight.rank() == axes + 2;
    if (!fits || !same && paddingMode == PadMode.ZEROS) {
      return new Padded(x, this);
    }
    if (same && Arrays.stream(stride).anyMatch(step -> step != 1)) {
      throw new IllegalArgumentException(
          "%s: padding same with stride %s; expected stride 1"
              .formatted(operation, Arrays.toString(stride)));
    }
    int[] both = spread(operation, "padding", padding, axes).clone();
    int[] gaps = dilation(operation, axes);
    Tensor padded = x;
    for (int i = 0; i < axes; i++) {
      int all = same ? gaps[i] * Math.max(0, weight.size(i + 2) - 1) : 2 * both[i];
      both[i] =
          paddingMode == PadMode.ZEROS ? all / 2 : 0; // the rest of zeros costs the kernel nothing
      int before = all / 2 - both[i];
      padded = Pad.apply(operation, padded, i + 2, before, all - all / 2 - both[i], paddingMode);
    }
    return new Padded(padded, padding(both).paddingMode(PadMode.ZEROS));
  }

  /** Returns the distances under the kernel: one number for all axes, or one an axis. */
  public int[] dilation() {
    return dilation.clone();
  }

  /** Returns the number of groups. */
  public int groups() {
    return groups;
  }

  /**
   * Returns how much longer the output of a transposed convolution is: one number for all axes, or
   * one an axis.
   */
  public int[] outputPadding() {
    return outputPadding.clone();
  }

  private static int[] atLeast(int least, String name, int... values) {
    for (int value : values) {
      if (value < least) {
        throw new IllegalArgumentException(
            "%s: %s; expected at least %d".formatted(name, Arrays.toString(values), least));
      }
    }
    return values.clone();
  }

  static int[] spread(String operation, String name, int[] values, int axes) {
    if (values.length == axes) {
      return values;
    }
    if (values.length != 1) {
      throw new IllegalArgumentException(
          "%s: %s %s for %d axes; expected one number, or one an axis"
              .formatted(operation, name, Arrays.toString(values), axes));
    }
    int[] all = new int[axes];
    Arrays.fill(all, values[0]);
    return all;
  }

  @Override
  public String toString() {
    return "stride %s, %s, dilation %s, groups %d%s"
        .formatted(
            Arrays.toString(stride),
            paddingText(),
            Arrays.toString(dilation),
            groups,
            hasOutputPadding() ? ", output padding " + Arrays.toString(outputPadding) : "");
  }
}
