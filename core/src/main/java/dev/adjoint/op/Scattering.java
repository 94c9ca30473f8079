package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.op.Indexing.Gather;
import dev.adjoint.op.Indexing.ScatterAdd;
import dev.adjoint.op.Slices.IndexAdd;
import dev.adjoint.op.Slices.IndexSelect;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;

/**
 * Scatter, put and their like: tensors with other elements at indices; what {@link Indexing} reads
 * at the same indices.
 *
 * <p>Indices count from 0; negative ones are refused. What is added to one place is added in the
 * order of the indices, and of what is written to one place the last in their order stays: so
 * results are the same on any number of threads, and gradients flow to what stayed only.
 */
public final class Scattering {

  private Scattering() {}

  /**
   * Returns x with the elements of a source written at the indices: {@code y[i][index[i][j][k]][k]
   * = source[i][j][k]} for three axes and {@code axis} 1, as {@code torch.scatter}. Where several
   * are written to one place, the last in reading order of the index stays, which PyTorch leaves
   * open.
   *
   * @param index with as many axes as x, and no longer than x along any axis but {@code axis}
   * @param source of the shape of the index
   * @return of the shape of x
   * @throws IndexOutOfBoundsException if an index is outside the axis
   */
  public static Tensor scatter(Tensor x, int axis, IntTensor index, Tensor source) {
    return scatter("scatter", x, axis, index, source, false);
  }

  /** Returns x with a number written at the indices, as {@link #scatter} writes elements. */
  public static Tensor scatter(Tensor x, int axis, IntTensor index, double value) {
    return scatter(x, axis, index, Tensors.full(index.shape(), value, x.dtype()));
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
    return scatter("scatterAdd", x, axis, index, source, true);
  }

  private static Tensor scatter(
      String name, Tensor x, int axis, IntTensor index, Tensor source, boolean accumulate) {
    if (x.rank() == 0 && index.shape().rank() == 0) {
      Tensor line = Movement.withAxis(source);
      return scatter(name, x.reshape(1), axis, index.reshape(1), line, accumulate)
          .reshape(x.shape());
    }
    int resolved = Indexing.checkIndex(name, x.shape(), axis, index);
    if (!source.shape().equals(index.shape())) {
      throw new IllegalArgumentException(
          "%s: source of shape %s and index of shape %s; expected equal shapes"
              .formatted(name, source.shape(), index.shape()));
    }
    return accumulate
        ? x.plus(
            Recorder.apply(
                new ScatterAdd(resolved, index, x.shape(), false), index.examples(), source))
        : overwrite(x, 1, places(x.shape(), resolved, index), source);
  }

  /** Returns the position in a shape of what each index names along an axis. */
  private static int[] places(Shape shape, int axis, IntTensor index) {
    int[] strides = shape.strides();
    int step = strides[axis];
    strides[axis] = 0;
    int[] places = Indexing.offsets(index.shape(), strides, 0, strides.length);
    for (int i = 0; i < places.length; i++) {
      places[i] += index.get(i) * step;
    }
    return places;
  }

  /**
   * Returns x with slices of a source added along an axis, as {@code torch.index_add}: slice {@code
   * index[i]} of the result is that of x and all slices i of the source.
   *
   * @param index of shape (n)
   * @param source of the shape of x, with n in place of the size of the axis
   * @return of the shape of x
   * @throws IndexOutOfBoundsException if an index is outside the axis
   */
  public static Tensor indexAdd(Tensor x, int axis, IntTensor index, Tensor source) {
    int resolved = Indexing.checkSlices("indexAdd", x.shape(), axis, index);
    Shape expected = x.shape().with("indexAdd", resolved, index.size());
    if (!source.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "indexAdd: source of shape %s for %d indices along axis %d of shape %s; expected %s"
              .formatted(source.shape(), index.size(), resolved, x.shape(), expected));
    }
    return x.plus(
        Recorder.apply(new IndexAdd(resolved, index, x.size(resolved)), index.examples(), source));
  }

  /** Returns x with values written at indices: {@link #indexPut(Tensor, List, Tensor, boolean)}. */
  public static Tensor indexPut(Tensor x, List<IntTensor> indices, Tensor values) {
    return indexPut(x, indices, values, false);
  }

  /**
   * Returns x with values written, or added, at the indices along its leading axes, as {@code
   * torch.index_put}: {@code y[rows[i]][columns[i]] = values[i]} for two of them, whatever axes
   * follow in x and the values. Where several are written to one place, the last in reading order
   * of the indices stays, which PyTorch leaves open.
   *
   * @param indices as for {@link Indexing#index}
   * @param values broadcasts to the shape that {@link Indexing#index} gives
   * @param accumulate whether values are added to what is there
   * @return of the shape of x
   * @throws IndexOutOfBoundsException if an index is outside its axis
   */
  public static Tensor indexPut(
      Tensor x, List<IntTensor> indices, Tensor values, boolean accumulate) {
    NamedRows rows = NamedRows.of("indexPut", x.shape(), indices);
    if (!values.shape().broadcastsTo(rows.shape())) {
      throw new IllegalArgumentException(
          "indexPut: values of shape %s for %d indices of shape %s; expected them to broadcast to %s"
              .formatted(values.shape(), indices.size(), x.shape(), rows.shape()));
    }
    IntTensor index = rows.index();
    Tensor source = values.expand(rows.shape()).reshape(index.size(), rows.width());
    return accumulate
        ? x.plus(Recorder.apply(new IndexAdd(0, index, rows.count()), source).reshape(x.shape()))
        : overwrite(x, rows.width(), index.toArray(), source);
  }

  /**
   * Returns x with parts of so many elements in place of those that are named; of several for one
   * place the last. Each is picked from x or from the source, so that is where gradients flow.
   */
  static Tensor overwrite(Tensor x, int width, int[] places, Tensor source) {
    if (width == 0) {
      return overwrite(x, 1, new int[0], source); // nothing, but still of x and the source
    }
    int count = x.size() / width;
    int[] from = IntTensor.range(count).toArray();
    for (int i = 0; i < places.length; i++) {
      from[places[i]] = count + i;
    }
    Tensor both = Joining.concat(0, x.reshape(count, width), source.reshape(places.length, width));
    return Recorder.apply(
            width == 1
                ? new Gather(0, IntTensor.of(from, count, 1), true)
                : new IndexSelect(0, IntTensor.of(from)),
            both)
        .reshape(x.shape());
  }
}
