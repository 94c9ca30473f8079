package dev.adjoint.op;

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
      new ConvOptions(new int[] {1}, new int[] {0}, new int[] {1}, 1, new int[] {0});

  private final int[] stride;
  private final int[] padding;
  private final int[] dilation;
  private final int groups;
  private final int[] outputPadding;

  private ConvOptions(
      int[] stride, int[] padding, int[] dilation, int groups, int[] outputPadding) {
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = groups;
    this.outputPadding = outputPadding;
  }

  /** Moves the kernel by this many elements from one output to the next; at least 1. */
  public ConvOptions stride(int... steps) {
    return new ConvOptions(atLeast(1, "stride", steps), padding, dilation, groups, outputPadding);
  }

  /** Adds this many zeros on both sides of the input. */
  public ConvOptions padding(int... zeros) {
    return new ConvOptions(stride, atLeast(0, "padding", zeros), dilation, groups, outputPadding);
  }

  /** Takes the elements under the kernel this far apart; at least 1. */
  public ConvOptions dilation(int... steps) {
    return new ConvOptions(stride, padding, atLeast(1, "dilation", steps), groups, outputPadding);
  }

  /**
   * Splits input and output channels into this many groups, which do not see each other; it must
   * divide both.
   */
  public ConvOptions groups(int number) {
    return new ConvOptions(
        stride, padding, dilation, atLeast(1, "groups", number)[0], outputPadding);
  }

  /**
   * Makes the output of a transposed convolution longer at its end by this many elements, fewer
   * than the stride or the dilation: a convolution makes outputs of one length from inputs of
   * several, and this says which of those is meant. Other convolutions refuse it.
   */
  public ConvOptions outputPadding(int... elements) {
    return new ConvOptions(
        stride, padding, dilation, groups, atLeast(0, "output padding", elements));
  }

  int[] stride(String operation, int axes) {
    return spread(operation, "stride", stride, axes);
  }

  int[] padding(String operation, int axes) {
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

  /** Returns the zeros on each side: one number for all axes, or one an axis. */
  public int[] padding() {
    return padding.clone();
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
    return "stride %s, padding %s, dilation %s, groups %d%s"
        .formatted(
            Arrays.toString(stride),
            Arrays.toString(padding),
            Arrays.toString(dilation),
            groups,
            hasOutputPadding() ? ", output padding " + Arrays.toString(outputPadding) : "");
  }
}
