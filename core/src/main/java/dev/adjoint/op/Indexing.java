package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.autodiff.Examples;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Gather, scatter and their like: elements by index.
 *
 * <p>Indices count from 0; negative ones are refused. What a gradient adds to one place it adds in
 * the order of the indices, so that results are the same on any number of threads.
 */
public final class Indexing {

  private Indexing() {}

  /**
   * Picks one element for each index: {@code y[i][j][k] = x[i][index[i][j][k]][k]} for three axes
   * and {@code axis} 1, as {@code torch.gather}.
   *
   * @param index with as many axes as x, and no longer than x along any axis but {@code axis}
   * @return of the shape of the index
   * @throws IndexOutOfBoundsException if an index is outside the axis
   */
  public static Tensor gather(Tensor x, int axis, IntTensor index) {
    if (x.rank() == 0 && index.shape().rank() == 0) {
      return gather(x.reshape(1), axis, index.reshape(1)).reshape(x.shape());
    }
    int resolved = checkIndex("gather", x.shape(), axis, index);
    return Recorder.apply(new Gather(resolved, index, false), index.examples(), x);
  }

  /**
   * Picks elements along an axis as {@link #gather}, after broadcasting the other axes of x and
   * index, as {@code numpy.take_along_axis}: with what {@code argmax} or a sort along the axis
   * gave.
   *
   * @param index with as many axes as x
   * @return of the broadcast shape, as long as the index along the axis
   * @throws IndexOutOfBoundsException if an index is outside the axis
   */
  public static Tensor takeAlongAxis(Tensor x, int axis, IntTensor index) {
    if (x.rank() == 0) {
      return gather(x, axis, index);
    }
    int resolved = x.shape().axis("takeAlongAxis", axis);
    Shape wanted = index.shape();
    if (wanted.rank() != x.rank()) {
      throw ranksDiffer("takeAlongAxis", x.shape(), wanted);
    }
    Shape common =
        Shape.broadcast("takeAlongAxis", x.shape().with(resolved, 1), wanted.with(resolved, 1));
    checkRange("takeAlongAxis", x.shape(), resolved, index);
    Tensor source = x.expand(common.with("takeAlongAxis", resolved, x.size(resolved)));
    Shape picked = common.with("takeAlongAxis", resolved, wanted.size(resolved));
    return Recorder.apply(
        new Gather(resolved, expand(index, picked), false), index.examples(), source);
  }

  /**
   * Picks whole slices along an axis, in the order of the indices; one may be picked many times.
   *
   * @param index of shape (n)
   * @return of the shape of x, with n in place of the size of the axis
   * @throws IndexOutOfBoundsException if an index is outside the axis
   */
  public static Tensor indexSelect(Tensor x, int axis, IntTensor index) {
    int resolved = x.shape().axis("indexSelect", axis);
    if (index.shape().rank() != 1) {
      throw new IllegalArgumentException(
          "indexSelect: indices of shape %s; expected one axis".formatted(index.shape()));
    }
    checkRange("indexSelect", x.shape(), resolved, index);
    return Recorder.apply(new IndexSelect(resolved, index), index.examples(), x);
  }

  /**
   * Looks up a row of a table for each id. The gradient adds up rows; the rest of it is 0.
   *
   * @param weight of shape (V, D)
   * @param ids of any shape (...), each from 0 to V - 1
   * @return of shape (..., D)
   * @throws IndexOutOfBoundsException if an id is not a row
   */
  public static Tensor embedding(Tensor weight, IntTensor ids) {
    if (weight.rank() != 2) {
      throw new IllegalArgumentException(
          "embedding: weight of shape %s; expected two axes, rows and features"
              .formatted(weight.shape()));
    }
    checkRange("embedding", weight.shape(), 0, ids);
    int rank = ids.shape().rank();
    long[] sizes = new long[rank + 1];
    Arrays.setAll(sizes, axis -> axis < rank ? ids.shape().size(axis) : weight.size(1));
    Shape shape = Shape.of("embedding", sizes);
    return Recorder.apply(new IndexSelect(0, ids.reshape(ids.size())), ids.examples(), weight)
        .reshape(shape);
  }

  /**
   * Returns x with the elements of a source added at the indices: {@code y[i][index[i][j][k]][k] +=
   * source[i][j][k]} for three axes and {@code axis} 1, as {@code torch.scatter_add}.
   *
   * @param index with as many axes as x, and no longer than x along any axis but {@code axis}
   * @param source of the shape of the index
   * @return of the shape of x
   * @throws IndexOutOfBoundsException if an index is outside the axis
   */
  public static Tensor scatterAdd(Tensor x, int axis, IntTensor index, Tensor source) {
    if (x.rank() == 0 && index.shape().rank() == 0) {
      Tensor line = Movement.withAxis(source);
      return scatterAdd(x.reshape(1), axis, index.reshape(1), line).reshape(x.shape());
    }
    int resolved = checkIndex("scatterAdd", x.shape(), axis, index);
    if (!source.shape().equals(index.shape())) {
      throw new IllegalArgumentException(
          "scatterAdd: source of shape %s and index of shape %s; expected equal shapes"
              .formatted(source.shape(), index.shape()));
    }
    return x.plus(
        Recorder.apply(
            new ScatterAdd(resolved, index, x.shape(), false), index.examples(), source));
  }

  /**
   * Returns x with a number in place of the elements where the mask is not 0. Neither the number
   * nor the mask has a gradient.
   *
   * @param mask broadcasts to the shape of x
   */
  public static Tensor maskedFill(Tensor x, Tensor mask, double value) {
    if (!mask.shape().broadcastsTo(x.shape())) {
      throw new IllegalArgumentException(
          "maskedFill: mask of shape %s for shape %s; expected one that broadcasts to it"
              .formatted(mask.shape(), x.shape()));
    }
    return Where.where(mask, Tensor.scalar(value, x.dtype()), x);
  }

  // ---- checks --------------------------------------------------------------------------------

  private static int checkIndex(String operation, Shape shape, int axis, IntTensor index) {
    int resolved = shape.axis(operation, axis);
    Shape wanted = index.shape();
    if (wanted.rank() != shape.rank()) {
      throw ranksDiffer(operation, shape, wanted);
    }
    for (int other = 0; other < shape.rank(); other++) {
      if (other != resolved && wanted.size(other) > shape.size(other)) {
        throw new IllegalArgumentException(
            "%s: index of shape %s for axis %d of shape %s; expected it no longer along axis %d"
                .formatted(operation, wanted, resolved, shape, other));
      }
    }
    checkRange(operation, shape, resolved, index);
    return resolved;
  }

  private static IllegalArgumentException ranksDiffer(String operation, Shape shape, Shape index) {
    return new IllegalArgumentException(
        "%s: index of shape %s for shape %s; expected as many axes"
            .formatted(operation, index, shape));
  }

  private static void checkRange(String operation, Shape shape, int axis, IntTensor indices) {
    int size = shape.size(axis);
    IntTensor index = Engine.everyExample(indices);
    for (int i = 0; i < index.size(); i++) {
      int value = index.get(i);
      if (value < 0 || value >= size) {
        throw new IndexOutOfBoundsException(
            "%s: index %d at position %s is outside axis %d of shape %s; expected %s"
                .formatted(
                    operation,
                    value,
                    Arrays.toString(index.shape().unravel(i)),
                    axis,
                    shape,
                    size == 0 ? "no index at all" : "0 to " + (size - 1)));
      }
    }
  }

  static IntTensor expand(IntTensor index, Shape shape) {
    if (index.shape().equals(shape)) {
      return index;
    }
    Examples<IntTensor> examples = index.examples();
    if (examples != null) {
      IntTensor all = examples.all();
      int[] sizes = Ints.concat(new int[] {examples.size()}, shape.toArray());
      return IntTensor.example(examples.with(expand(all, Shape.of(sizes))));
    }
    int[] strides = index.shape().strides();
    for (int axis = 0; axis < strides.length; axis++) {
      strides[axis] = index.shape().size(axis) == 1 ? 0 : strides[axis];
    }
    int[] offsets = offsets(shape, strides, 0, shape.rank());
    int[] values = new int[offsets.length];
    Arrays.setAll(values, i -> index.get(offsets[i]));
    return IntTensor.of(values, shape.toArray());
  }

  /** Returns how far each element of the axes {@code from <= axis < to} is from the first. */
  static int[] offsets(Shape shape, int[] strides, int from, int to) {
    int[] offsets = {0};
    for (int axis = from; axis < to; axis++) {
      int size = shape.size(axis);
      int[] finer = new int[offsets.length * size];
      for (int i = 0; i < finer.length; i++) {
        finer[i] = offsets[i / size] + i % size * strides[axis];
      }
      offsets = finer;
    }
    return offsets;
  }

  // ---- single elements -----------------------------------------------------------------------

  /**
   * One element for each index.
   *
   * @param distinct whether no element is picked twice
   */
  record Gather(int axis, IntTensor index, boolean distinct) implements Primitive {
    @Override
    public Tensor forward(Tensor... x) {
      DType dtype = x[0].dtype();
      Elements type = Engine.elements(dtype);
      Object in = Engine.array(x[0]);
      Object out = Engine.uninitialized(dtype, index.size());
      Places places = Places.of(index.shape(), axis, x[0].strides(), x[0].offset(), 512);
      places.forEach((outer, from, to) -> {
        int place = places.outer[outer];
        for (int j = 0; j < places.n; j++) {
          int at = places.start(outer, j);
          for (int i = from; i < to; i++) {
            int picked = place + places.inner[i] + index.get(at + i) * places.step;
            type.set(out, at + i, type.get(in, picked));
          }
        }
      });
      return Engine.tensor(out, dtype, index.shape());
    }

    @Override
    public Tensor batched(Batch x) {
      IntTensor all = x.all(index);
      return Recorder.apply(new Gather(axis + 1, all, distinct), all.examples(), x.all(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(
          new ScatterAdd(axis, index, x[0].shape(), distinct), index.examples(), g);
    }
  }

  /**
   * Elements added to zeros at the indices: the adjoint of gather.
   *
   * @param distinct whether no two are added to one place
   */
  record ScatterAdd(int axis, IntTensor index, Shape shape, boolean distinct) implements Primitive {
    /** Adds in double precision: a float32 sum of many small numbers stops growing. */
    @Override
    public Tensor forward(Tensor... x) {
      Tensor source = Engine.packed(x[0]);
      DType dtype = source.dtype();
      Elements type = Engine.elements(dtype);
      Object in = Engine.array(source);
      int first = source.offset();
      Object out = Engine.zeroed(dtype, shape.size());
      int n = shape.size(axis);
      Places places =
          Places.of(index.shape(), axis, shape.strides(), 0, (1 << 14) / Math.max(1, n));
      places.forEach((outer, from, to) -> {
        boolean isDirect = distinct || places.n == 1; // nothing meets
        int width = to - from;
        double[] sums = Buffers.zeroedDoubles(isDirect ? 0 : n * width);
        for (int j = 0; j < places.n; j++) {
          int at = places.start(outer, j);
          for (int i = from; i < to; i++) {
            double element = type.get(in, first + at + i);
            int slice = index.get(at + i);
            if (isDirect) {
              int place = places.outer[outer] + places.inner[i] + slice * places.step;
              type.set(out, place, 0 + element); // as a sum: there is no -0
            } else {
              sums[slice * width + i - from] += element;
            }
          }
        }
        for (int row = 0; row < (isDirect ? 0 : n); row++) {
          int place = places.outer[outer] + row * places.step;
          for (int i = from; i < to; i++) {
            type.set(out, place + places.inner[i], sums[row * width + i - from]);
          }
        }
      });
      return Engine.tensor(out, dtype, shape);
    }

    @Override
    public Tensor batched(Batch x) {
      IntTensor all = x.all(index);
      Primitive ofAll = new ScatterAdd(axis + 1, all, x.with(shape), distinct);
      return Recorder.apply(ofAll, all.examples(), x.all(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(new Gather(axis, index, distinct), index.examples(), g);
    }
  }

  // ---- whole slices --------------------------------------------------------------------------

  /** One slice along an axis for each index. */
  record IndexSelect(int axis, IntTensor index) implements Primitive {
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
    public Tensor batched(Batch x) {
      IntTensor own = x.own(index);
      int apart = x.isMapped(0) ? x.shape(0).size(axis) : 0;
      return own == null
          ? Recorder.apply(new IndexSelect(axis + 1, index), index.examples(), x.get(0))
          : x.slices(axis, new IndexSelect(0, Batch.apart(own, apart)), x.get(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(new IndexAdd(axis, index, x[0].size(axis)), index.examples(), g);
    }
  }

  /** Slices added to zeros at the indices: the adjoint of select. */
  record IndexAdd(int axis, IntTensor index, int size) implements Primitive {

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
    public Tensor batched(Batch x) {
      IntTensor own = x.own(index);
      return own == null
          ? Recorder.apply(new IndexAdd(axis + 1, index, size), index.examples(), x.get(0))
          : x.slices(axis, new IndexAdd(0, Batch.apart(own, size), size * x.size()), x.all(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(new IndexSelect(axis, index), index.examples(), g);
    }
  }

  /**
   * Where the elements lie that an index picks: those of different lines along the axis never meet,
   * so lines can be walked on different threads.
   *
   * @param outer the place of each combination of the axes before
   * @param inner the distance of each combination of the axes after
   * @param n indices along the axis
   * @param step distance of neighbors along the axis
   * @param block inner combinations to walk at a time
   */
  private record Places(int[] outer, int[] inner, int n, int step, int block) {

    static Places of(Shape index, int axis, int[] strides, int offset, int block) {
      int[] outer = offsets(index, strides, 0, axis);
      Arrays.setAll(outer, i -> offset + outer[i]);
      int[] inner = offsets(index, strides, axis + 1, index.rank());
      return new Places(outer, inner, index.size(axis), strides[axis], Math.clamp(block, 1, 512));
    }

    /** Returns the position in the index of the j-th line of inner elements. */
    int start(int outerIndex, int j) {
      return (outerIndex * n + j) * inner.length;
    }

    /** Receives one outer combination and a range of inner ones. */
    interface Body {
      void run(int outer, int from, int to);
    }

    void forEach(Body body) {
      int blocks = Math.ceilDiv(inner.length, block);
      Parallel.runRanges(
          outer.length * blocks,
          (long) n * Math.min(block, inner.length),
          1 << 13,
          (long) outer.length * n * inner.length * 2,
          (first, end) -> {
            for (int unit = first; unit < end; unit++) {
              int from = unit % blocks * block;
              body.run(unit / blocks, from, from + Math.min(block, inner.length - from));
            }
          });
    }
  }
}
