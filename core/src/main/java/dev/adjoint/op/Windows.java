package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Views the windows that slide along an axis, and adds windows up again. Done for one axis after
 * another, this is the windows of images and volumes.
 */
final class Windows {

  private Windows() {}

  /**
   * Returns a view of the windows along an axis: the axis counts windows, and a new last axis the
   * elements of one.
   *
   * @param size of a window, in elements
   * @param step from one window to the next
   * @param dilation from one element of a window to the next
   */
  static Tensor unfold(Tensor x, int axis, int size, int step, int dilation) {
    int resolved = x.shape().axis("unfold", axis);
    return Recorder.apply(new Unfold(resolved, size, step, dilation), x);
  }

  /**
   * Adds windows up along an axis: what overlaps is summed.
   *
   * @param x as returned by {@link #unfold}
   * @param length of the axis
   */
  static Tensor fold(Tensor x, int axis, int step, int dilation, int length) {
    int resolved = axis < 0 ? axis + x.rank() - 1 : axis;
    return Recorder.apply(new Fold(resolved, step, dilation, length), x);
  }

  /** Returns the number of windows on an axis; 0 if not even one fits. */
  static int count(int length, int size, int step, int dilation) {
    long window = (size - 1L) * dilation + 1;
    return size >= 1 && window <= length ? (int) ((length - window) / step) + 1 : 0;
  }

  /** Returns the length of an axis with padding on both sides, or refuses it in an operation. */
  static int padded(String operation, int length, int padding) {
    long padded = length + 2L * padding;
    if (padded > Shape.MAX_SIZE) {
      throw new IllegalArgumentException(
          "%s: padding %d on both sides of an axis of size %d; expected at most %d together"
              .formatted(operation, padding, length, Shape.MAX_SIZE));
    }
    return (int) padded;
  }

  /** Windows along an axis. */
  record Unfold(int axis, int size, int step, int dilation) implements Primitive {
    @Override
    public String name() {
      return "unfold";
    }

    @Override
    public Tensor forward(Tensor... x) {
      int rank = x[0].rank();
      int windows = count(x[0].size(axis), size, step, dilation);
      long[] sizes = new long[rank + 1];
      Arrays.setAll(sizes, i -> i == axis ? windows : i == rank ? size : x[0].size(i));
      int[] strides = Arrays.copyOf(x[0].strides(), rank + 1);
      strides[rank] = strides[axis] * dilation;
      strides[axis] *= step;
      return x[0].view(Shape.of(name(), sizes), strides, x[0].offset());
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      return Recorder.apply(new Unfold(axis + 1, size, step, dilation), x.get(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return fold(g, axis, step, dilation, x[0].size(axis));
    }
  }

  /** Windows added up along an axis: the adjoint of unfold. */
  record Fold(int axis, int step, int dilation, int length) implements Primitive {
    @Override
    public String name() {
      return "fold";
    }

    @Override
    public Tensor forward(Tensor... x) {
      Tensor source = Engine.packed(x[0]);
      Shape windows = source.shape();
      int rank = windows.rank() - 1;
      int[] sizes = Arrays.copyOf(windows.toArray(), rank);
      sizes[axis] = length;
      Shape shape = Shape.of(sizes);
      Object out = Engine.zeroed(source.dtype(), shape.size());
      if (source.size() == 0) {
        return Engine.tensor(out, source.dtype(), shape);
      }
      Object in = Engine.array(source);
      int count = windows.size(axis);
      int size = windows.size(rank);
      int inner = shape.strides()[axis];
      int outer = shape.size() / (length * inner);
      int dense = count * inner * size;
      int[] strides = {length * inner, step * inner, 1, dilation * inner};
      Parallel.runRanges(
          outer,
          dense,
          1 << 14,
          source.size(),
          (first, end) -> {
            int[] block = {end - first, count, inner, size};
            Span from = new Span(in, source.offset() + first * dense);
            StridedCopy.ADD.run(block, from, new Span(out, first * length * inner), strides);
          });
      return Engine.tensor(out, source.dtype(), shape);
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      return Recorder.apply(new Fold(axis + 1, step, dilation, length), x.get(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return unfold(g, axis, x[0].size(-1), step, dilation);
    }
  }
}
