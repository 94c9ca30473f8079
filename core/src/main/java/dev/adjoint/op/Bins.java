package dev.adjoint.op;

import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * The windows of an axis: window i is the elements {@code from[i], from[i] + step, ...} below
 * {@code to[i]}, without the padding.
 *
 * @param size of the axis
 * @param kernel of each window, padding included; 0 if not all are as large
 */
record Bins(int size, int[] from, int[] to, int step, int kernel, int stride, int padding) {

  /** The windows of an axis that is not there. */
  static final Bins ONE = regular(1, 1, 1, 0, 1, 1);

  int count() {
    return from.length;
  }

  int[] lengths() {
    return IntStream.range(0, count())
        .map(i -> Math.max(0, Math.ceilDiv(to[i] - from[i], step)))
        .toArray();
  }

  /** Returns how many elements the longest window has. */
  int longest() {
    return Arrays.stream(lengths()).max().orElse(0);
  }

  /** Tells whether a window has an element so far behind its first. */
  boolean has(int window, int shift) {
    return from[window] + shift < to[window];
  }

  /** Returns the lengths with the padding, but not with what lies behind it. */
  int[] padded() {
    return IntStream.range(0, count())
        .map(i -> Math.min(kernel, size + 2 * padding - i * stride))
        .toArray();
  }

  /** Tells whether the windows of all axes are as long as one another, and as far apart. */
  static boolean areRegular(Bins... bins) {
    return Arrays.stream(bins).allMatch(b -> b.kernel > 0);
  }

  /** Returns the options by which regular windows are made. */
  static PoolOptions options(Bins... bins) {
    return new PoolOptions(of(bins, b -> b.kernel))
        .stride(of(bins, b -> b.stride))
        .padding(of(bins, b -> b.padding))
        .dilation(of(bins, b -> b.step))
        .ceilMode(Arrays.stream(bins).anyMatch(Bins::hangsOver));
  }

  private static int[] of(Bins[] bins, ToIntFunction<Bins> number) {
    return Arrays.stream(bins).mapToInt(number).toArray();
  }

  private boolean hangsOver() {
    return (count() - 1L) * stride + (kernel - 1L) * step + 1 > size + 2L * padding;
  }

  /** Tells whether each element is in one window. */
  boolean isTiling() {
    return stride == kernel && padding == 0 && count() * kernel == size;
  }

  boolean overlap() {
    return IntStream.range(1, count()).anyMatch(i -> from[i] < to[i - 1]);
  }

  static Bins regular(int size, int kernel, int stride, int padding, int step, int count) {
    int[] from = new int[count];
    int[] to = new int[count];
    for (int i = 0; i < count; i++) {
      int start = i * stride - padding;
      from[i] = start + Math.ceilDiv(Math.max(0, -start), step) * step;
      to[i] = (int) Math.min(size, start + (kernel - 1L) * step + 1);
    }
    return new Bins(size, from, to, step, kernel, stride, padding);
  }

  static Bins[] adaptive(String operation, Tensor x, int... sizes) {
    int axes = sizes.length;
    boolean fits = axes >= 1 && axes <= 3 && x.rank() >= axes;
    for (int i = 0; fits && i < axes; i++) {
      fits = x.size(i - axes) >= 1 && sizes[i] >= 1;
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "%s: shape %s with windows %s; expected one to three numbers of at least 1, for as many last axes of at least 1"
              .formatted(operation, x.shape(), Arrays.toString(sizes)));
    }
    Shape _ = x.shape().withLast(operation, sizes); // which refuses what is too large
    Bins[] bins = new Bins[axes];
    for (int i = 0; i < axes; i++) {
      int n = x.size(i - axes);
      int m = sizes[i];
      if (n % m == 0) {
        bins[i] = regular(n, n / m, n / m, 0, 1, m);
      } else {
        int[] from = IntStream.range(0, m).map(j -> (int) ((long) j * n / m)).toArray();
        int[] to = IntStream.range(0, m).map(j -> (int) Math.ceilDiv((j + 1L) * n, m)).toArray();
        bins[i] = new Bins(n, from, to, 1, 0, 0, 0);
      }
    }
    return bins;
  }

  static Bins[] of(String operation, Tensor x, PoolOptions options, int axes) {
    PoolOptions o = options.spread(operation, axes);
    Bins[] bins = new Bins[axes];
    boolean fits = x.rank() >= axes;
    for (int i = 0; fits && i < axes; i++) {
      int k = o.kernel().get(i);
      int s = o.stride().get(i);
      int p = o.padding().get(i);
      int d = o.dilation().get(i);
      long window = (k - 1L) * d + 1;
      fits = k >= 1 && s >= 1 && d >= 1 && p >= 0 && p <= window / 2;
      if (fits) {
        int size = x.size(i - axes);
        long over = Windows.padded(operation, size, p) - window + (o.ceilMode() ? s - 1 : 0);
        int count = (int) Math.floorDiv(over, s) + 1;
        // As in PyTorch, no window starts behind the input.
        count -= o.ceilMode() && (count - 1L) * s >= (long) size + p ? 1 : 0;
        fits = count >= 1;
        bins[i] = fits ? regular(size, k, s, p, d, count) : ONE;
      }
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "%s: shape %s with %s; expected at least %s, kernel and stride of at least 1, padding of at most half of the kernel, and a kernel that fits into the padded input"
              .formatted(
                  operation,
                  x.shape(),
                  o,
                  axes == 1 ? "one axis" : axes == 2 ? "two axes" : "three axes"));
    }
    return bins;
  }
}
