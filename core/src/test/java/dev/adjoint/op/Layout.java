package dev.adjoint.op;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Places numbers in memory in some other way than one after another. */
enum Layout {
  /** One after another, but not at the start. */
  OFFSET(false, 1, false, -1),
  /** The first axis innermost. */
  TRANSPOSED(true, 1, false, -1),
  /** Two places apart. */
  STEPPED(false, 2, false, -1),
  /** From the last to the first. */
  FLIPPED(false, 1, true, -1),
  /** All of these at once. */
  TRANSPOSED_STEPPED_FLIPPED(true, 3, true, -1),
  /** The first axis repeats one element. */
  FIRST_EXPANDED(false, 1, false, 0),
  /** The last axis repeats one element. */
  LAST_EXPANDED(false, 1, false, 1);

  private static final double GAP = 77;

  private final boolean transposed;
  private final int step;
  private final boolean flipped;
  private final int expanded; // 0 the first axis, 1 the last, -1 none

  Layout(boolean transposed, int step, boolean flipped, int expanded) {
    this.transposed = transposed;
    this.step = step;
    this.flipped = flipped;
    this.expanded = expanded;
  }

  /** Returns numbers that can be laid out so: those of an expanded axis are made equal. */
  Dense numbers(Dense x) {
    int axis = expandedAxis(x);
    return axis < 0
        ? x
        : Dense.of(
            x.sizes(),
            index -> {
              int[] first = index.clone();
              first[axis] = 0;
              return x.at(first);
            });
  }

  /** Tells whether other numbers than drawn are laid out. */
  boolean changesNumbers() {
    return expanded >= 0;
  }

  /** Returns a tensor that finds the numbers in this layout; axes of size 1 have odd strides. */
  Tensor tensor(Dense x, DType dtype) {
    int rank = x.rank();
    int[] strides = new int[rank];
    int offset = 5;
    int extent = step;
    for (int i = rank - 1; i >= 0; i--) {
      int axis = transposed ? rank - 1 - i : i;
      int size = x.size(axis);
      if (axis == expandedAxis(x)) {
        strides[axis] = 0;
      } else if (size == 1) {
        strides[axis] = 11;
      } else {
        strides[axis] = flipped ? -extent : extent;
        offset += flipped ? Math.max(0, size - 1) * extent : 0;
        extent *= size;
      }
    }
    double[] memory = new double[extent + offset + 5];
    Arrays.fill(memory, GAP);
    int from = offset;
    Dense.of(
        x.sizes(),
        index -> {
          int position = from;
          for (int axis = 0; axis < rank; axis++) {
            position += index[axis] * strides[axis];
          }
          memory[position] = x.at(index);
          return 0;
        });
    return Tensor.of(memory).to(dtype).view(Shape.of(x.sizes()), strides, offset);
  }

  private int expandedAxis(Dense x) {
    int axis = expanded < 0 || x.rank() == 0 ? -1 : expanded * (x.rank() - 1);
    return axis < 0 || x.size(axis) < 2 ? -1 : axis;
  }
}
