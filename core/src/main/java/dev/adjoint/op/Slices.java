package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Whole slices along an axis: those that an index names, and their sums. */
sealed interface Slices extends Primitive {

  /** One slice along an axis for each index. */
  record IndexSelect(int axis, IntTensor index) implements Slices {
    @Override
    public Tensor forward(Tensor... x) {
      Tensor source = Engine.packed(x[0]);
      int n = source.size(axis);
      int count = index.size();
      Shape shape = source.shape().with("indexSelect", axis, count);
      int width = source.shape().strides()[axis]; // of one slice, in one place
      Object in = Engine.array(source);
      Object out = Engine.uninitialized(source.dtype(), shape.size());
      int rows = width == 0 ? 0 : shape.size() / width;
      Parallel.runRanges(
          rows,
          width,
          1 << 14,
          shape.size() / 4L + rows * 5L,
          (first, end) -> {
            for (int row = first; row < end; row++) {
              int from = (row / count * n + index.get(row % count)) * width;
              System.arraycopy(in, source.offset() + from, out, row * width, width);
            }
          });
      return Engine.tensor(out, source.dtype(), shape);
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      IntTensor own = x.own(index);
      int apart = x.isMapped(0) ? x.shape(0).size(axis) : 0;
      return own == null
          ? Recorder.apply(new IndexSelect(axis + 1, index), index.examples(), x.get(0))
          : x.slices(axis, new IndexSelect(0, BatchedInputs.apart(own, apart)), x.get(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(new IndexAdd(axis, index, x[0].size(axis)), index.examples(), g);
    }
  }

  /** Slices added to zeros at the indices: the adjoint of select. */
  record IndexAdd(int axis, IntTensor index, int size) implements Slices {

    /** Columns that are summed together. */
    private static final int BLOCK = 1024;

    @Override
    public Tensor forward(Tensor... x) {
      Tensor source = Engine.packed(x[0]);
      int count = index.size();
      Shape shape = source.shape().with(axis, size);
      int width = shape.strides()[axis];
      Object in = Engine.array(source);
      Object out = Engine.zeroed(source.dtype(), shape.size());
      Elements type = Elements.of(in);
      int[] starts = new int[size + 1]; // of each slice, among the positions in its order
      int[] positions = positions(starts);
      // A chunk owns slices, or a part of their columns. Each sum is made in double precision, in
      // the order of the indices, and rounded once: a float32 sum of many small numbers stops
      // growing.
      int outer = source.size() == 0 ? 0 : source.size() / (count * width);
      int blocks = Math.ceilDiv(width, BLOCK);
      Parallel.runRanges(
          outer * blocks * size,
          Math.min(BLOCK, width) * (1L + count / Math.max(1, size)),
          1 << 17,
          source.size() / 2L + (long) outer * blocks * count * 5,
          (from, to) -> {
            double[] sums = Buffers.uninitializedDoubles(Math.min(BLOCK, width));
            for (int unit = from, slice = from % size; unit < to; unit++, slice++) {
              slice = slice == size ? 0 : slice;
              if (starts[slice] < starts[slice + 1]) {
                int column = unit / size % blocks * BLOCK;
                int row = unit / size / blocks;
                int n = Math.min(BLOCK, width - column);
                Arrays.fill(sums, 0, n, 0);
                for (int i = starts[slice]; i < starts[slice + 1]; i++) {
                  int at = (row * count + positions[i]) * width + column;
                  type.addTo(sums, n, in, source.offset() + at);
                }
                type.round(sums, n, out, (row * size + slice) * width + column);
              }
            }
          });
      return Engine.tensor(out, source.dtype(), shape);
    }

    /** Sorts the positions of the indices by the slices that they name, in their order. */
    private int[] positions(int[] starts) {
      for (int i = 0; i < index.size(); i++) {
        starts[index.get(i) + 1]++;
      }
      for (int slice = 0; slice < size; slice++) {
        starts[slice + 1] += starts[slice];
      }
      int[] next = starts.clone();
      int[] positions = new int[index.size()];
      for (int i = 0; i < positions.length; i++) {
        positions[next[index.get(i)]++] = i;
      }
      return positions;
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      IntTensor own = x.own(index);
      return own == null
          ? Recorder.apply(new IndexAdd(axis + 1, index, size), index.examples(), x.get(0))
          : x.slices(
              axis, new IndexAdd(0, BatchedInputs.apart(own, size), size * x.size()), x.all(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(new IndexSelect(axis, index), index.examples(), g);
    }
  }
}
