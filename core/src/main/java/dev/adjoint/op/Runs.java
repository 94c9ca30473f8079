package dev.adjoint.op;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Walks several broadcast operands in step: an outer count over runs of elements, in each of which
 * an operand is contiguous (step 1) or one repeated value (step 0).
 */
final class Runs {

  private final int[] sizes; // of the joined axes; the last is the length of a run
  private final int[][] strides; // operand, joined axis
  private final int[] starts;
  private final Object[] arrays;
  private final int total;

  private Runs(int[] sizes, int[][] strides, Tensor[] operands, int total) {
    this.sizes = sizes;
    this.strides = strides;
    this.total = total;
    this.starts = new int[operands.length];
    this.arrays = new Object[operands.length];
    for (int i = 0; i < operands.length; i++) {
      starts[i] = operands[i].offset();
      arrays[i] = Engine.array(operands[i]);
    }
  }

  /**
   * Arranges operands that broadcast to a shape; one whose last joined axis is neither 0 nor 1
   * apart is copied.
   */
  static Runs of(Shape shape, Tensor... operands) {
    Tensor[] suited = operands.clone();
    Runs runs = join(shape, suited);
    boolean copied = false;
    for (int i = 0; i < suited.length; i++) {
      int step = runs.step(i);
      if (step != 0 && step != 1) {
        suited[i] = Contiguous.pack(suited[i]);
        copied = true;
      }
    }
    return copied ? of(shape, suited) : runs;
  }

  private static Runs join(Shape shape, Tensor[] operands) {
    int rank = shape.rank();
    int[][] full = new int[operands.length][];
    for (int i = 0; i < operands.length; i++) {
      full[i] = broadcastStrides(operands[i], shape);
    }
    // From the last axis outward: an axis joins the one inside it if every operand steps over all
    // of that in one go.
    int[] sizes = new int[Math.max(rank, 1)];
    int[][] strides = new int[operands.length][sizes.length];
    int at = sizes.length;
    for (int axis = rank - 1; axis >= 0; axis--) {
      int size = shape.size(axis);
      if (size == 1) {
        continue;
      }
      boolean joins = at < sizes.length;
      for (int i = 0; joins && i < operands.length; i++) {
        joins = full[i][axis] == (long) strides[i][at] * sizes[at];
      }
      if (joins) {
        sizes[at] *= size;
      } else {
        at--;
        sizes[at] = size;
        for (int i = 0; i < operands.length; i++) {
          strides[i][at] = full[i][axis];
        }
      }
    }
    if (at == sizes.length) {
      sizes[--at] = 1;
    }
    for (int i = 0; i < operands.length; i++) {
      strides[i] = Arrays.copyOfRange(strides[i], at, strides[i].length);
    }
    return new Runs(Arrays.copyOfRange(sizes, at, sizes.length), strides, operands, shape.size());
  }

  /** Returns the strides of an operand expanded to a shape: 0 along axes that it repeats. */
  static int[] broadcastStrides(Tensor x, Shape shape) {
    int[] result = new int[shape.rank()];
    int lead = shape.rank() - x.rank();
    for (int axis = 0; axis < x.rank(); axis++) {
      result[lead + axis] = x.shape().size(axis) == 1 ? 0 : x.strides()[axis];
    }
    return result;
  }

  Object array(int operand) {
    return arrays[operand];
  }

  /** Returns the distance between neighbors of a run: 0 or 1. */
  int step(int operand) {
    int[] s = strides[operand];
    return s[s.length - 1];
  }

  /** Receives a run: where each operand and the output start, and how many elements there are. */
  interface Body {
    void run(int[] offsets, int at, int count);
  }

  /** Walks all runs, whose elements take so many nanoseconds, on several threads if worth it. */
  void forEach(double nanos, Body body) {
    if (total == 0) {
      return;
    }
    int length = sizes[sizes.length - 1];
    int count = total / length;
    if (count == 1) {
      Elementwise.inChunks(
          length,
          nanos,
          (at, n) -> {
            int[] offsets = starts.clone();
            for (int i = 0; i < offsets.length; i++) {
              offsets[i] += at * step(i);
            }
            body.run(offsets, at, n);
          });
      return;
    }
    Parallel.runRanges(
        count,
        length,
        1 << 14,
        (long) (total * nanos) + count * 10L,
        (from, to) -> walk(from, to, length, body));
  }

  private void walk(int from, int to, int length, Body body) {
    int outer = sizes.length - 1;
    int[] index = new int[outer];
    int[] offsets = starts.clone();
    for (int axis = outer - 1, rest = from; axis >= 0; axis--) {
      index[axis] = rest % sizes[axis];
      rest /= sizes[axis];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] += index[axis] * strides[i][axis];
      }
    }
    for (int run = from; run < to; run++) {
      body.run(offsets, run * length, length);
      for (int axis = outer - 1; axis >= 0; axis--) {
        index[axis]++;
        for (int i = 0; i < offsets.length; i++) {
          offsets[i] += strides[i][axis];
        }
        if (index[axis] < sizes[axis]) {
          break;
        }
        index[axis] = 0;
        for (int i = 0; i < offsets.length; i++) {
          offsets[i] -= sizes[axis] * strides[i][axis];
        }
      }
    }
  }
}
