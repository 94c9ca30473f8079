package dev.adjoint.op;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * What indices along the leading axes of a shape name: rows of the elements of all other axes.
 *
 * @param index the rows, counted along the leading axes; of shape (n)
 * @param count how many rows there are
 * @param width the elements of one
 * @param shape of all that is named: that to which the indices broadcast, and the other axes
 */
record NamedRows(IntTensor index, int count, int width, Shape shape) {

  static NamedRows of(String operation, Shape x, List<IntTensor> indices) {
    int axes = indices.size();
    if (axes == 0 || axes > x.rank()) {
      throw new IllegalArgumentException(
          "%s: %d indices for shape %s; expected one for each of its leading axes, at least one"
              .formatted(operation, axes, x));
    }
    Shape common = Shape.of();
    for (IntTensor index : indices) {
      common = Shape.broadcast(operation, common, index.shape());
    }
    int[] rows = new int[common.size()];
    int count = 1;
    for (int axis = 0; axis < axes; axis++) {
      Indexing.checkRange(operation, x, axis, indices.get(axis));
      IntTensor index = Indexing.expand(indices.get(axis), common);
      int size = x.size(axis);
      Arrays.setAll(rows, i -> rows[i] * size + index.get(i));
      count *= size;
    }
    int lead = common.rank();
    long[] sizes =
        Arrays.copyOf(
            Arrays.stream(common.toArray()).asLongStream().toArray(), lead + x.rank() - axes);
    int width = 1;
    for (int axis = axes; axis < x.rank(); axis++) {
      sizes[lead + axis - axes] = x.size(axis);
      width *= x.size(axis);
    }
    return new NamedRows(IntTensor.of(rows), count, width, Shape.of(operation, sizes));
  }
}
