package dev.adjoint.kernel;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Copies between a contiguous array and one of any strides, for either element type: what makes a
 * view contiguous, and what puts a gradient back where the view took from.
 */
public enum StridedCopy {
  /** Copies strided elements to contiguous ones. */
  GATHER,
  /** Copies contiguous elements to strided ones. */
  SCATTER,
  /**
   * Adds contiguous elements to strided ones. These may coincide (as with stride 0): they then
   * receive their sum, in an order that depends on shape and strides only.
   */
  ADD;

  /**
   * Rows that are copied together, so that a transpose uses all of the lines that it fetches, and
   * fetches some that lie behind one another.
   */
  static final int STRIP = 64;

  /** Elements of one chunk of work, roughly. */
  private static final int CHUNK = 1 << 15;

  /**
   * Copies or adds all elements of a shape.
   *
   * @param dense the contiguous side, in row-major order
   * @param strides of the other side; they may be negative, and 0 where that is read
   */
  public void run(int[] shape, Span dense, Span strided, int[] strides) {
    for (int size : shape) {
      if (size == 0) {
        return;
      }
    }
    Axes axes = Axes.of(shape, strides);
    int strips = axes.strips();
    Elements type = Elements.of(dense.data());
    Parallel.RangeBody body =
        (from, to) -> {
          for (int strip = from; strip < to; strip++) {
            type.copy(
                this,
                axes.strip(strip, dense, Axis::denseStride),
                axes.strip(strip, strided, Axis::stride));
          }
        };
    if (this != GATHER && axes.mayOverlap()) {
      body.run(0, strips); // elements that coincide are written in one order, by one thread
      return;
    }
    int columns = axes.columns().size;
    long nanos = (long) strips * Math.min(STRIP, axes.rows().size) * columns / 2;
    Parallel.runRanges(strips, elementsOfStrip(columns), CHUNK, nanos, body);
  }

  /** Returns the elements of a whole strip, which may be more than an array can hold. */
  static long elementsOfStrip(int columns) {
    return (long) STRIP * columns;
  }

  /** An axis of a copy, and its strides on the two sides. */
  private record Axis(int size, int stride, int denseStride) {
    boolean isContiguous() {
      return Math.abs(stride) == 1;
    }
  }

  /**
   * The axes of a copy, as few as possible: those of size 1 are gone, those that lie behind one
   * another on both sides are one. The last is the innermost of the contiguous side ("columns");
   * the one before it, where there is a choice, is the innermost of the strided side ("rows"), so
   * that a strip of rows of a transpose is contiguous on either side.
   *
   * @param list from the innermost outwards: columns, rows, and others
   */
  private record Axes(List<Axis> list) {

    static Axes of(int[] shape, int[] strides) {
      List<Axis> list = new ArrayList<>();
      int dense = 1;
      for (int axis = shape.length - 1; axis >= 0; axis--) {
        if (shape[axis] != 1) {
          Axis inner = list.isEmpty() ? null : list.getLast();
          if (inner != null && strides[axis] == (long) inner.stride * inner.size) {
            list.removeLast();
            list.add(new Axis(inner.size * shape[axis], inner.stride, inner.denseStride));
          } else {
            list.add(new Axis(shape[axis], strides[axis], dense));
          }
        }
        dense *= shape[axis];
      }
      while (list.size() < 2) {
        list.add(new Axis(1, 0, 0));
      }
      // Where columns are not contiguous on both sides anyway, rows are on the strided one.
      for (int axis = list.size() - 1; axis > 0 && !list.getFirst().isContiguous(); axis--) {
        if (list.get(axis).isContiguous()) {
          Collections.swap(list, axis, 1);
          break;
        }
      }
      return new Axes(list);
    }

    Axis columns() {
      return list.get(0);
    }

    Axis rows() {
      return list.get(1);
    }

    int strips() {
      int strips = Math.ceilDiv(rows().size, STRIP);
      for (Axis axis : list.subList(2, list.size())) {
        strips *= axis.size;
      }
      return strips;
    }

    /** Returns whether two elements may be at one place; true in doubt. */
    boolean mayOverlap() {
      List<Axis> sorted = new ArrayList<>(list);
      sorted.sort(Comparator.comparingInt(axis -> Math.abs(axis.stride)));
      long reach = 0;
      for (Axis axis : sorted) {
        long step = Math.abs((long) axis.stride);
        if (axis.size > 1 && step <= reach) {
          return true;
        }
        reach += step * (axis.size - 1);
      }
      return false;
    }

    /** Returns a strip of rows on one side. */
    Matrix strip(int strip, Span side, ToIntFunction<Axis> stride) {
      int stripsOfRows = Math.ceilDiv(rows().size, STRIP);
      int row = strip % stripsOfRows * STRIP;
      int at = side.from() + row * stride.applyAsInt(rows());
      int rest = strip / stripsOfRows;
      for (Axis axis : list.subList(2, list.size())) {
        at += rest % axis.size * stride.applyAsInt(axis);
        rest /= axis.size;
      }
      return new Matrix(
          side.data(),
          at,
          Math.min(STRIP, rows().size - row),
          columns().size,
          stride.applyAsInt(rows()),
          stride.applyAsInt(columns()));
    }
  }
}
