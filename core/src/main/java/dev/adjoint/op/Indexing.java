package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.autodiff.Examples;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Slices.IndexSelect;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Gather and its like: elements by index. {@link Scattering} writes where these read.
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
    int resolved = checkSlices("indexSelect", x.shape(), axis, index);
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
   * Picks what indices along the leading axes name, as {@code x[rows, columns]} of PyTorch does:
   * {@code y[i] = x[rows[i]][columns[i]]} for two of them, whatever axes follow in x.
   *
   * @param indices one for each of the leading axes, at least one; their shapes broadcast
   * @return of the broadcast shape and the rest of that of x
   * @throws IndexOutOfBoundsException if an index is outside its axis
   */
  public static Tensor index(Tensor x, IntTensor... indices) {
    NamedRows rows = NamedRows.of("index", x.shape(), List.of(indices));
    Tensor joined = indices.length == 1 ? x : x.flatten(0, indices.length - 1);
    return Recorder.apply(new IndexSelect(0, rows.index()), joined).reshape(rows.shape());
  }

  // ---- checks --------------------------------------------------------------------------------

  static int checkIndex(String operation, Shape shape, int axis, IntTensor index) {
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

  static int checkSlices(String operation, Shape shape, int axis, IntTensor index) {
    int resolved = shape.axis(operation, axis);
    if (index.shape().rank() != 1) {
      throw new IllegalArgumentException(
          "%s: indices of shape %s; expected one axis".formatted(operation, index.shape()));
    }
    checkRange(operation, shape, resolved, index);
    return resolved;
  }

  private static IllegalArgumentException ranksDiffer(String operation, Shape shape, Shape index) {
    return new IllegalArgumentException(
        "%s: index of shape %s for shape %s; expected as many axes"
            .formatted(operation, index, shape));
  }

  static void checkRange(String operation, Shape shape, int axis, IntTensor indices) {
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
    int[] strides = new int[shape.rank()];
    int[] own = index.shape().strides();
    for (int axis = 0; axis < own.length; axis++) {
      strides[strides.length - own.length + axis] = index.shape().size(axis) == 1 ? 0 : own[axis];
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
        if (places.inner.length == 1) {
          for (int at = outer * places.n; at < (outer + 1) * places.n; at++) {
            type.set(out, at, type.get(in, place + index.get(at) * places.step));
          }
          return;
        }
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
    public Tensor batched(BatchedInputs x) {
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
        if (distinct && places.inner.length == 1) {
          for (int at = outer * places.n; at < (outer + 1) * places.n; at++) {
            int place = places.outer[outer] + index.get(at) * places.step;
            type.set(out, place, 0 + type.get(in, first + at));
          }
          return;
        }
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
    public Tensor batched(BatchedInputs x) {
      IntTensor all = x.all(index);
      Primitive ofAll = new ScatterAdd(axis + 1, all, x.with(shape), distinct);
      return Recorder.apply(ofAll, all.examples(), x.all(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(new Gather(axis, index, distinct), index.examples(), g);
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
