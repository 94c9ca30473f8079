package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.op.Indexing.Gather;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Max and average pooling over windows of signals, images and volumes, as PyTorch's.
 *
 * <p>A window starts every {@code stride} elements; what does not fill a last window is left out,
 * unless {@link PoolOptions#ceilMode} gives it one. {@code padding} elements are added on both
 * sides, at most half of the window. For the maximum they are minus infinity, and a NaN counts as
 * the largest; for the mean they are zeros that count, unless {@link PoolOptions#countIncludePad}
 * is off. The maximum of an empty axis is refused, as there is nothing that it could be.
 *
 * <p>Adaptive pooling divides an axis of n elements into a given number m of windows: window i is
 * elements {@code floor(i n / m)} to below {@code ceil((i + 1) n / m)}.
 */
public final class Pooling {

  private Pooling() {}

  // ---- maxima --------------------------------------------------------------------------------

  /** Returns the maximum of each window, side by side and without padding. */
  public static Tensor maxPool1d(Tensor x, int kernel) {
    return maxPool1d(x, new PoolOptions(kernel));
  }

  /** Returns the maximum of each window. */
  public static Tensor maxPool1d(Tensor x, int kernel, int stride, int padding) {
    return maxPool1d(x, options(kernel, stride, padding));
  }

  /**
   * Returns the maximum of each window; its gradient goes to the first of equal maxima.
   *
   * @param x of shape (..., L)
   * @return of shape (..., OL), with {@code OL = (L + 2 padding - dilation (kernel - 1) - 1) /
   *     stride + 1}
   */
  public static Tensor maxPool1d(Tensor x, PoolOptions options) {
    return maxima("maxPool1d", x, Bins.of("maxPool1d", x, options, 1));
  }

  /** Returns the maximum of each square window, side by side and without padding. */
  public static Tensor maxPool2d(Tensor x, int kernel) {
    return maxPool2d(x, new PoolOptions(kernel));
  }

  /** Returns the maximum of each square window. */
  public static Tensor maxPool2d(Tensor x, int kernel, int stride, int padding) {
    return maxPool2d(x, options(kernel, stride, padding));
  }

  /**
   * Returns the maximum of each window; its gradient goes to the first of equal maxima.
   *
   * @param x of shape (..., H, W)
   * @return of shape (..., OH, OW), with {@code OH = (H + 2 padding - dilation (kernel - 1) - 1) /
   *     stride + 1}
   */
  public static Tensor maxPool2d(Tensor x, PoolOptions options) {
    return maxima("maxPool2d", x, Bins.of("maxPool2d", x, options, 2));
  }

  /**
   * Returns the maximum of each window; its gradient goes to the first of equal maxima.
   *
   * @param x of shape (..., D, H, W)
   * @return of shape (..., OD, OH, OW), sizes as of {@link #maxPool2d(Tensor, PoolOptions)}
   */
  public static Tensor maxPool3d(Tensor x, PoolOptions options) {
    return maxima("maxPool3d", x, Bins.of("maxPool3d", x, options, 3));
  }

  /**
   * Returns maxima of as many windows as are given, along one to three last axes.
   *
   * @param x of at least as many axes
   * @param sizes the numbers of windows, an axis each
   */
  public static Tensor adaptiveMaxPool(Tensor x, int... sizes) {
    return maxima("adaptiveMaxPool", x, Bins.adaptive("adaptiveMaxPool", x, sizes));
  }

  // ---- means ---------------------------------------------------------------------------------

  /** Returns the mean of each window, side by side and without padding. */
  public static Tensor avgPool1d(Tensor x, int kernel) {
    return avgPool1d(x, new PoolOptions(kernel));
  }

  /** Returns the mean of each window, zeros of the padding included. */
  public static Tensor avgPool1d(Tensor x, int kernel, int stride, int padding) {
    return avgPool1d(x, options(kernel, stride, padding));
  }

  /**
   * Returns the mean of each window.
   *
   * @param x of shape (..., L)
   * @return of shape (..., OL), with {@code OL = (L + 2 padding - kernel) / stride + 1}
   */
  public static Tensor avgPool1d(Tensor x, PoolOptions options) {
    return means("avgPool1d", x, options, 1);
  }

  /** Returns the mean of each square window, side by side and without padding. */
  public static Tensor avgPool2d(Tensor x, int kernel) {
    return avgPool2d(x, new PoolOptions(kernel));
  }

  /** Returns the mean of each square window, zeros of the padding included. */
  public static Tensor avgPool2d(Tensor x, int kernel, int stride, int padding) {
    return avgPool2d(x, options(kernel, stride, padding));
  }

  /**
   * Returns the mean of each window.
   *
   * @param x of shape (..., H, W)
   * @return of shape (..., OH, OW), with {@code OH = (H + 2 padding - kernel) / stride + 1}
   */
  public static Tensor avgPool2d(Tensor x, PoolOptions options) {
    return means("avgPool2d", x, options, 2);
  }

  /**
   * Returns the mean of each window.
   *
   * @param x of shape (..., D, H, W)
   * @return of shape (..., OD, OH, OW), with {@code OD = (D + 2 padding - kernel) / stride + 1}
   */
  public static Tensor avgPool3d(Tensor x, PoolOptions options) {
    return means("avgPool3d", x, options, 3);
  }

  /**
   * Returns means of as many windows as are given, along one to three last axes.
   *
   * @param x of at least as many axes
   * @param sizes the numbers of windows, an axis each
   */
  public static Tensor adaptiveAvgPool(Tensor x, int... sizes) {
    Bins[] bins = Bins.adaptive("adaptiveAvgPool", x, sizes);
    return means(x, bins, false);
  }

  private static PoolOptions options(int kernel, int stride, int padding) {
    return new PoolOptions(kernel).stride(stride).padding(padding);
  }

  // ---- what is done with windows -------------------------------------------------------------

  private static Tensor means(String operation, Tensor x, PoolOptions options, int axes) {
    if (options.dilation().stream().anyMatch(step -> step != 1)) {
      throw new IllegalArgumentException(
          "%s: %s; expected no dilation, which only the maximum has".formatted(operation, options));
    }
    Bins[] bins = Bins.of(operation, x, options, axes);
    return means(x, bins, options.countIncludePad());
  }

  private static Tensor means(Tensor x, Bins[] bins, boolean countPad) {
    int[][] counts =
        Arrays.stream(bins).map(b -> countPad ? b.padded() : b.lengths()).toArray(int[][]::new);
    return Bins.areRegular(bins)
        ? Recorder.composite(
            "avgPool",
            Bins.options(bins).countIncludePad(countPad),
            () -> means(x, bins, counts),
            x)
        : means(x, bins, counts);
  }

  /** Divides the sums of windows by the product of what is counted of each axis. */
  private static Tensor means(Tensor x, Bins[] bins, int[][] counts) {
    Tensor sums = x;
    for (int i = 0; i < bins.length; i++) {
      sums = sums(sums, x.rank() - bins.length + i, bins[i]);
    }
    double common = 1;
    Tensor divisor = Tensor.scalar(1, DType.FLOAT64);
    for (int[] count : counts) {
      common *= count[0];
      double[] counted = Arrays.stream(count).asDoubleStream().toArray();
      divisor = divisor.unsqueeze(-1).times(Tensor.of(counted, counted.length));
    }
    boolean same = Arrays.stream(counts).allMatch(c -> Arrays.stream(c).allMatch(n -> n == c[0]));
    return same ? sums.div(common) : sums.div(divisor.to(x.dtype()));
  }

  /** Sums the windows of an axis. */
  private static Tensor sums(Tensor x, int axis, Bins bins) {
    if (bins.kernel() == 0) {
      int[] lengths = bins.lengths();
      int[] to =
          IntStream.range(0, lengths.length)
              .flatMap(i -> IntStream.generate(() -> i).limit(lengths[i]))
              .toArray();
      int[] from =
          IntStream.range(0, lengths.length)
              .flatMap(i -> IntStream.range(bins.from()[i], bins.to()[i]))
              .toArray();
      return new AxisMap(IntTensor.of(from), IntTensor.of(to), null, lengths.length).apply(x, axis);
    }
    if (bins.isTiling()) {
      List<Integer> sizes = new ArrayList<>(Ints.asList(x.shape().toArray()));
      sizes.set(axis, bins.kernel());
      sizes.add(axis, bins.count());
      return x.reshape(Ints.toArray(sizes)).sum(axis + 1);
    }
    int length = bins.size() + 2 * bins.padding();
    int behind = Math.max(0, (bins.count() - 1) * bins.stride() + bins.kernel() - length);
    Tensor padded = x.pad(axis, bins.padding(), bins.padding() + behind, 0);
    Tensor windows = Windows.unfold(padded, axis, bins.kernel(), bins.stride(), 1);
    // What is summed lies before the axes that follow, of which many are summed at a time.
    int[] order = IntStream.rangeClosed(0, x.rank()).toArray();
    System.arraycopy(order, axis + 1, order, axis + 2, x.rank() - axis - 1);
    order[axis + 1] = x.rank();
    return windows.permute(order).sum(axis + 1);
  }

  private static Tensor maxima(String operation, Tensor x, Bins... bins) {
    int lead = x.rank() - bins.length;
    int planes = 1;
    int volume = 1;
    long[] sizes = new long[x.rank()];
    for (int axis = 0; axis < sizes.length; axis++) {
      planes *= axis < lead ? x.size(axis) : 1;
      volume *= axis < lead ? 1 : x.size(axis);
      sizes[axis] = axis < lead ? x.size(axis) : bins[axis - lead].count();
    }
    if (Arrays.stream(bins).flatMapToInt(b -> Arrays.stream(b.lengths())).anyMatch(n -> n == 0)) {
      throw new IllegalArgumentException(
          "%s: no elements to choose from in windows of shape %s".formatted(operation, x.shape()));
    }
    Shape result = Shape.of(operation, sizes);
    if (!Bins.areRegular(bins) && Recorder.isTracing()) {
      return ofSlices(x, bins);
    }
    int rows = planes;
    int columns = volume;
    return Recorder.composite(
        "maxPool",
        Bins.options(bins),
        () -> {
          IntTensor index = WindowMaxima.places(x.untracked(), rows, bins);
          boolean distinct = Arrays.stream(bins).noneMatch(Bins::overlap);
          Gather gather = new Gather(1, index, distinct);
          return Recorder.apply(gather, index.examples(), x.reshape(rows, columns)).reshape(result);
        },
        x);
  }

  /** Returns the maxima by the definition, whose steps do not depend on the elements. */
  private static Tensor ofSlices(Tensor x, Bins[] bins) {
    Tensor y = x;
    for (int i = 0; i < bins.length; i++) {
      int axis = x.rank() - bins.length + i;
      Tensor[] slices = new Tensor[bins[i].count()];
      for (int j = 0; j < slices.length; j++) {
        slices[j] = y.slice(axis, bins[i].from()[j], bins[i].to()[j]).max(Keep.AXES, axis);
      }
      y = Joining.concat(axis, slices);
    }
    return y;
  }
}
