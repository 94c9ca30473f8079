package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Copies between a contiguous array and one of any strides, for either element type: what makes a
 * view contiguous, and what puts a gradient back where the view took from.
 *
 * <p>The contiguous side lists its elements in row-major order. Strides may be negative, and 0 on
 * the side that is read.
 */
public final class StridedCopy {

  /** What is done with an element. */
  enum Mode {
    /** Strided to contiguous. */
    GATHER,
    /** Contiguous to strided. */
    SCATTER,
    /** Contiguous is added to strided. */
    ADD
  }

  /**
   * Rows that are copied together, so that a transpose uses all of a cache line that it fetches.
   */
  static final int STRIP = 16;

  /** Elements of one chunk of work, roughly. */
  private static final int CHUNK = 1 << 15;

  private StridedCopy() {}

  /** Copies strided elements of x to contiguous elements of out. */
  public static void gather(
      int[] shape, Object x, int xFrom, int[] xStrides, Object out, int outFrom) {
    copy(Mode.GATHER, shape, out, outFrom, x, xFrom, xStrides);
  }

  /** Copies contiguous elements of x to strided elements of out. */
  public static void scatter(
      int[] shape, Object x, int xFrom, Object out, int outFrom, int[] outStrides) {
    copy(Mode.SCATTER, shape, x, xFrom, out, outFrom, outStrides);
  }

  /**
   * Adds contiguous elements of x to strided elements of out. Elements of out may coincide (as with
   * stride 0): they then receive their sum, in an order that depends on shape and strides only.
   */
  public static void scatterAdd(
      int[] shape, Object x, int xFrom, Object out, int outFrom, int[] outStrides) {
    copy(Mode.ADD, shape, x, xFrom, out, outFrom, outStrides);
  }

  private static void copy(
      Mode mode,
      int[] shape,
      Object dense,
      int denseFrom,
      Object strided,
      int stridedFrom,
      int[] strides) {
    for (int size : shape) {
      if (size == 0) {
        return;
      }
    }
    Axes axes = new Axes(shape, strides);
    int strips = axes.strips();
    Parallel.RangeBody body =
        (from, to) -> {
          for (int strip = from; strip < to; strip++) {
            axes.copyStrip(mode, strip, dense, denseFrom, strided, stridedFrom);
          }
        };
    if (mode != Mode.GATHER && axes.mayOverlap()) {
      body.run(0, strips); // elements that coincide are written in one order, by one thread
      return;
    }
    long nanos = (long) strips * Math.min(STRIP, axes.rows()) * axes.columns() / 2;
    Parallel.runRanges(strips, elementsOfStrip(axes.columns()), CHUNK, nanos, body);
  }

  /** Returns the elements of a whole strip, which may be more than an array can hold. */
  static long elementsOfStrip(int columns) {
    return (long) STRIP * columns;
  }

  /**
   * The axes of a copy, as few as possible: those of size 1 are gone, those that lie behind one
   * another on both sides are one. The last is the innermost of the contiguous side ("columns");
   * the one before it, where there is a choice, is the innermost of the strided side ("rows"), so
   * that a strip of rows of a transpose is contiguous on either side.
   */
  private static final class Axes {
    private int count;
    private final int[] size;
    private final int[] stride;
    private final int[] denseStride;

    Axes(int[] shape, int[] strides) {
      int rank = shape.length;
      size = new int[rank + 2]; // at least rows and columns
      stride = new int[rank + 2];
      denseStride = new int[rank + 2];
      Arrays.fill(size, 0, 2, 1);
      count = 2;
      int dense = 1;
      int next = rank + 1;
      // From the innermost axis outwards, into the end of the arrays.
      for (int axis = rank - 1; axis >= 0; axis--) {
        boolean merges = next <= rank && strides[axis] == (long) stride[next + 1] * size[next + 1];
        if (shape[axis] != 1 && merges) {
          size[next + 1] *= shape[axis];
        } else if (shape[axis] != 1) {
          size[next] = shape[axis];
          stride[next] = strides[axis];
          denseStride[next] = dense;
          next--;
        }
        dense *= shape[axis];
      }
      int found = rank + 1 - next;
      count = Math.max(2, found);
      moveToFront(rank + 2 - count, found);
      chooseRows();
    }

    /** Moves the last {@code count} axes to the front; missing ones become axes of size 1. */
    private void moveToFront(int from, int found) {
      for (int axis = 0; axis < count; axis++) {
        boolean real = axis >= count - found;
        size[axis] = real ? size[from + axis] : 1;
        stride[axis] = real ? stride[from + axis] : 0;
        denseStride[axis] = real ? denseStride[from + axis] : 0;
      }
    }

    private void chooseRows() {
      int rows = count - 2;
      if (Math.abs(stride[count - 1]) == 1) {
        return; // columns are contiguous on both sides already
      }
      for (int axis = 0; axis < count - 1; axis++) {
        if (Math.abs(stride[axis]) == 1) {
          swap(size, axis, rows);
          swap(stride, axis, rows);
          swap(denseStride, axis, rows);
          return;
        }
      }
    }

    private static void swap(int[] values, int i, int j) {
      int value = values[i];
      values[i] = values[j];
      values[j] = value;
    }

    int rows() {
      return size[count - 2];
    }

    int columns() {
      return size[count - 1];
    }

    int strips() {
      int strips = Math.ceilDiv(rows(), STRIP);
      for (int axis = 0; axis < count - 2; axis++) {
        strips *= size[axis];
      }
      return strips;
    }

    /** Returns whether two elements may be at one place; true in doubt. */
    boolean mayOverlap() {
      Integer[] order = new Integer[count];
      Arrays.setAll(order, axis -> axis);
      Arrays.sort(order, (i, j) -> Integer.compare(Math.abs(stride[i]), Math.abs(stride[j])));
      long reach = 0;
      for (int axis : order) {
        long step = Math.abs((long) stride[axis]);
        if (size[axis] > 1 && step <= reach) {
          return true;
        }
        reach += step * (size[axis] - 1);
      }
      return false;
    }

    void copyStrip(
        Mode mode, int strip, Object dense, int denseFrom, Object strided, int stridedFrom) {
      int stripsOfRows = Math.ceilDiv(rows(), STRIP);
      int row = strip % stripsOfRows * STRIP;
      int d = denseFrom + row * denseStride[count - 2];
      int p = stridedFrom + row * stride[count - 2];
      int rest = strip / stripsOfRows;
      for (int axis = count - 3; axis >= 0; axis--) {
        int index = rest % size[axis];
        rest /= size[axis];
        d += index * denseStride[axis];
        p += index * stride[axis];
      }
      int rowCount = Math.min(STRIP, rows() - row);
      if (dense instanceof float[] floats) {
        FloatCopy.strip(
            mode,
            rowCount,
            columns(),
            floats,
            d,
            denseStride[count - 2],
            (float[]) strided,
            p,
            stride[count - 2],
            stride[count - 1]);
      } else {
        DoubleCopy.strip(
            mode,
            rowCount,
            columns(),
            (double[]) dense,
            d,
            denseStride[count - 2],
            (double[]) strided,
            p,
            stride[count - 2],
            stride[count - 1]);
      }
    }
  }
}
