package dev.adjoint.op;

import com.google.common.primitives.Ints;
import java.util.List;

/**
 * How the windows of a pooling lie:
 *
 * <pre>{@code
 * Pooling.maxPool2d(x, new PoolOptions(3).stride(2).padding(1));
 * Pooling.avgPool3d(x, new PoolOptions(1, 2, 2).ceilMode(true)); // no two slices together
 * }</pre>
 *
 * <p>Each method takes one number for all axes, or one an axis, and returns changed options. Names
 * and defaults are PyTorch's.
 *
 * @param kernel the size of a window
 * @param stride from one window to the next; empty for that of the kernel
 * @param padding elements added on both sides, at most half of the window
 * @param dilation from one element of a window to the next; of the maximum only
 * @param ceilMode whether there is a last window that starts in the input and ends behind it
 * @param countIncludePad whether a mean is that of the padding, too
 */
public record PoolOptions(
    List<Integer> kernel,
    List<Integer> stride,
    List<Integer> padding,
    List<Integer> dilation,
    boolean ceilMode,
    boolean countIncludePad) {

  /** Copies the lists; without a stride it is the kernel. */
  public PoolOptions {
    kernel = List.copyOf(kernel);
    stride = stride.isEmpty() ? kernel : List.copyOf(stride);
    padding = List.copyOf(padding);
    dilation = List.copyOf(dilation);
  }

  /**
   * Creates windows side by side, without padding.
   *
   * @param kernel the size of a window: one number for all axes, or one an axis
   */
  public PoolOptions(int... kernel) {
    this(Ints.asList(kernel), List.of(), List.of(0), List.of(1), false, true);
  }

  /** Starts a window every so many elements; defaults to the kernel. */
  public PoolOptions stride(int... steps) {
    return new PoolOptions(
        kernel, Ints.asList(steps), padding, dilation, ceilMode, countIncludePad);
  }

  /** Adds this many elements on both sides of the input; defaults to 0. */
  public PoolOptions padding(int... elements) {
    return new PoolOptions(
        kernel, stride, Ints.asList(elements), dilation, ceilMode, countIncludePad);
  }

  /** Takes the elements of a window this far apart; defaults to 1. */
  public PoolOptions dilation(int... steps) {
    return new PoolOptions(kernel, stride, padding, Ints.asList(steps), ceilMode, countIncludePad);
  }

  /** Sets whether a last window may end behind the padded input; defaults to false. */
  public PoolOptions ceilMode(boolean on) {
    return new PoolOptions(kernel, stride, padding, dilation, on, countIncludePad);
  }

  /** Sets whether a mean is that of the zeros of the padding, too; defaults to true. */
  public PoolOptions countIncludePad(boolean on) {
    return new PoolOptions(kernel, stride, padding, dilation, ceilMode, on);
  }

  /** Returns these options with a number an axis. */
  PoolOptions spread(String operation, int axes) {
    return new PoolOptions(ConvOptions.spread(operation, "kernel", kernel, axes))
        .stride(ConvOptions.spread(operation, "stride", stride, axes))
        .padding(ConvOptions.spread(operation, "padding", padding, axes))
        .dilation(ConvOptions.spread(operation, "dilation", dilation, axes))
        .ceilMode(ceilMode)
        .countIncludePad(countIncludePad);
  }

  @Override
  public String toString() {
    return "kernel %s, stride %s, padding %s%s%s%s"
        .formatted(
            kernel,
            stride,
            padding,
            dilation.stream().allMatch(step -> step == 1) ? "" : ", dilation " + dilation,
            ceilMode ? ", ceil mode" : "",
            countIncludePad ? "" : ", padding not counted");
  }
}
