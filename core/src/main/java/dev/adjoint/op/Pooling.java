package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Indexing.Gather;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Max and average pooling over windows of signals and images.
 *
 * <p>A window starts every {@code stride} elements; what does not fill a last window is left out.
 * {@code padding} elements are added on both sides, at most half of the kernel. For the maximum
 * they are minus infinity, and a NaN counts as the largest; for the mean they are zeros that count.
 * The maximum of an empty axis is refused, as there is nothing that it could be.
 */
public final class Pooling {

  private Pooling() {}

  /**
   * Returns the maximum of each window; its gradient goes to the first of equal maxima.
   *
   * @param x of shape (..., H, W)
   * @param kernel height and width of a window; stride and padding likewise, an axis each
   * @return of shape (..., OH, OW), with {@code OH = (H + 2 padding - kernel) / stride + 1}
   */
  public static Tensor maxPool2d(Tensor x, int[] kernel, int[] stride, int[] padding) {
    Grid grid = Grid.of("maxPool2d", x, 2, kernel, stride, padding);
    return maxima("maxPool2d", x, 2, grid);
  }

  /** Returns the maximum of each square window, side by side and without padding. */
  public static Tensor maxPool2d(Tensor x, int kernel) {
    return maxPool2d(x, kernel, kernel, 0);
  }

  /** Returns the maximum of each square window. */
  public static Tensor maxPool2d(Tensor x, int kernel, int stride, int padding) {
    return maxPool2d(x, one(kernel), one(stride), one(padding));
  }

  /** Returns the maximum of each window, side by side and without padding. */
  public static Tensor maxPool1d(Tensor x, int kernel) {
    return maxPool1d(x, kernel, kernel, 0);
  }

  /**
   * Returns the maximum of each window; its gradient goes to the first of equal maxima.
   *
   * @param x of shape (..., L)
   * @return of shape (..., OL), with {@code OL = (L + 2 padding - kernel) / stride + 1}
   */
  public static Tensor maxPool1d(Tensor x, int kernel, int stride, int padding) {
    Grid grid = Grid.of("maxPool1d", x, 1, one(kernel), one(stride), one(padding));
    return maxima("maxPool1d", x, 1, grid);
  }

  /**
   * Returns the mean of each window, zeros of the padding included.
   *
   * @param x of shape (..., H, W)
   * @param kernel height and width of a window; stride and padding likewise, an axis each
   * @return of shape (..., OH, OW), with {@code OH = (H + 2 padding - kernel) / stride + 1}
   */
  public static Tensor avgPool2d(Tensor x, int[] kernel, int[] stride, int[] padding) {
    Grid g = Grid.of("avgPool2d", x, 2, kernel, stride, padding);
    Tensor padded = x.pad(-2, g.ph, g.ph, 0).pad(-1, g.pw, g.pw, 0);
    // Rows first: their windows lie before the columns, which are summed many at a time.
    Tensor rows = Windows.unfold(padded, -2, g.kh, g.sh, 1).transpose(-1, -2).sum(-2);
    return Windows.unfold(rows, -1, g.kw, g.sw, 1).sum(-1).div((double) g.kh * g.kw);
  }

  /** Returns the mean of each square window, side by side and without padding. */
  public static Tensor avgPool2d(Tensor x, int kernel) {
    return avgPool2d(x, kernel, kernel, 0);
  }

  /** Returns the mean of each square window, zeros of the padding included. */
  public static Tensor avgPool2d(Tensor x, int kernel, int stride, int padding) {
    return avgPool2d(x, one(kernel), one(stride), one(padding));
  }

  /** Returns the mean of each window, side by side and without padding. */
  public static Tensor avgPool1d(Tensor x, int kernel) {
    return avgPool1d(x, kernel, kernel, 0);
  }

  /**
   * Returns the mean of each window, zeros of the padding included.
   *
   * @param x of shape (..., L)
   * @return of shape (..., OL), with {@code OL = (L + 2 padding - kernel) / stride + 1}
   */
  public static Tensor avgPool1d(Tensor x, int kernel, int stride, int padding) {
    Grid.of("avgPool1d", x, 1, one(kernel), one(stride), one(padding));
    Tensor padded = x.pad(-1, padding, padding, 0);
    return Windows.unfold(padded, -1, kernel, stride, 1).sum(-1).div(kernel);
  }

  private static int[] one(int value) {
    return new int[] {value};
  }

  /** Holds the sizes of images, windows and results. */
  private record Grid(
      int h, int w, int kh, int kw, int sh, int sw, int ph, int pw, int oh, int ow) {

    /** Returns the first column of a window that is in the image for any window. */
    int firstTap() {
      return (int) Math.max(0, pw - (ow - 1L) * sw);
    }

    /** Returns the column of a window after the last that is in the image for any window. */
    int lastTap() {
      return (int) Math.min(kw, (long) w + pw);
    }

    /** Returns the first window whose column k exists. */
    int first(int k) {
      return Math.clamp(Math.ceilDiv(pw - k, sw), 0, ow);
    }

    /** Returns the window after the last whose column k exists. */
    int last(int k) {
      return Math.clamp(Math.ceilDiv(w + pw - k, sw), first(k), ow);
    }

    static Grid of(
        String operation, Tensor x, int axes, int[] kernel, int[] stride, int[] padding) {
      int[] k = ConvOptions.spread(operation, "kernel", kernel, axes);
      int[] s = ConvOptions.spread(operation, "stride", stride, axes);
      int[] p = ConvOptions.spread(operation, "padding", padding, axes);
      boolean fits = x.rank() >= axes;
      int[] windows = new int[axes];
      for (int i = 0; fits && i < axes; i++) {
        fits = s[i] >= 1 && p[i] >= 0 && p[i] <= k[i] / 2;
        if (fits) {
          int length = Windows.padded(operation, x.size(i - axes), p[i]);
          windows[i] = Windows.count(length, k[i], s[i], 1);
          fits = windows[i] >= 1;
        }
      }
      if (!fits) {
        throw new IllegalArgumentException(
            "%s: shape %s with kernel %s, stride %s, padding %s; expected at least %s, kernel and stride of at least 1, padding of at most half of the kernel, and a kernel that fits into the padded input"
                .formatted(
                    operation,
                    x.shape(),
                    Arrays.toString(k),
                    Arrays.toString(s),
                    Arrays.toString(p),
                    axes == 1 ? "one axis" : "two axes"));
      }
      int w = x.size(-1);
      return axes == 1
          ? new Grid(1, w, 1, k[0], 1, s[0], 0, p[0], 1, windows[0])
          : new Grid(x.size(-2), w, k[0], k[1], s[0], s[1], p[0], p[1], windows[0], windows[1]);
    }
  }

  private static Tensor maxima(String operation, Tensor x, int axes, Grid grid) {
    if (grid.h == 0 || grid.w == 0) {
      throw new IllegalArgumentException(
          "%s: no elements to choose from in windows of shape %s".formatted(operation, x.shape()));
    }
    int lead = x.rank() - axes;
    int planes = 1;
    long[] sizes = new long[x.rank()];
    for (int axis = 0; axis < lead; axis++) {
      planes *= x.size(axis);
      sizes[axis] = x.size(axis);
    }
    sizes[lead] = axes == 1 ? grid.ow : grid.oh;
    sizes[x.rank() - 1] = grid.ow;
    Shape result = Shape.of(operation, sizes);
    IntTensor index = winners(x.untracked(), planes, grid);
    Tensor flat = x.reshape(planes, grid.h * grid.w);
    boolean distinct = grid.sh >= grid.kh && grid.sw >= grid.kw; // windows side by side
    return Recorder.apply(new Gather(1, index, distinct), flat).reshape(result);
  }

  /** Returns where in its plane the first maximum of each window is. */
  private static IntTensor winners(Tensor x, int planes, Grid g) {
    Tensor source = Engine.packed(x);
    Object array = Engine.array(source);
    Elements type = Elements.of(array);
    int[] winners = new int[planes * g.oh * g.ow];
    Parallel.runRanges(
        planes * g.oh,
        (long) g.ow * Math.min(g.h, g.kh) * Math.min(g.w, g.kw),
        4096,
        2L * winners.length * Math.min(g.h, g.kh) * Math.min(g.w, g.kw),
        (first, end) -> {
          long[] best = new long[g.ow];
          int[] places = new int[g.ow];
          for (int row = first; row < end; row++) {
            int from = source.offset() + row / g.oh * g.h * g.w;
            int top = row % g.oh * g.sh - g.ph;
            int bottom = Math.min(g.h, top + g.kh);
            Arrays.fill(best, Long.MIN_VALUE);
            for (int y = Math.max(0, top); y < bottom; y++) {
              choose(g, type, array, from, y * g.w, best, places);
            }
            System.arraycopy(places, 0, winners, row * g.ow, g.ow);
          }
        });
    return IntTensor.of(winners, planes, g.oh * g.ow);
  }

  /**
   * Compares a row of an image with what its windows have found so far: values as whole numbers in
   * the same order, of which NaN is the largest. The first of equals wins.
   */
  private static void choose(
      Grid g, Elements type, Object x, int from, int row, long[] best, int[] places) {
    for (int k = g.firstTap(); k < g.lastTap(); k++) {
      int at = row + k - g.pw;
      int last = g.last(k);
      for (int column = g.first(k); column < last; column++) {
        int place = at + column * g.sw;
        long bits = Double.doubleToLongBits(type.get(x, from + place) + 0.0); // -0 becomes 0
        long key = bits ^ ((bits >> 63) & Long.MAX_VALUE);
        places[column] = key > best[column] ? place : places[column];
        best[column] = Math.max(best[column], key);
      }
    }
  }
}
