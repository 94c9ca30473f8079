package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.op.Slices.IndexAdd;
import dev.adjoint.op.Slices.IndexSelect;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A linear map along an axis whose matrix is mostly zeros: element {@code to[i]} of the result is
 * the sum of elements {@code from[i]} times {@code weights[i]}. It is made of slices that are
 * picked and added, so that a NaN or an infinity is met only by what depends on it.
 *
 * @param from the entries' columns
 * @param to the entries' rows, or null where entry i is row i
 * @param weights the entries, or null where all are 1
 * @param size the number of rows
 */
record AxisMap(IntTensor from, @Nullable IntTensor to, double @Nullable [] weights, int size) {

  /** Maps an axis, the last one by way of the one before: so whole rows are picked and added. */
  Tensor apply(Tensor x, int axis) {
    if (axis > 0 && axis == x.rank() - 1) {
      return apply(x.transpose(), axis - 1).transpose();
    }
    Tensor y = Recorder.apply(new IndexSelect(axis, from), x);
    if (weights != null) {
      int[] sizes = Shape.along(0, weights.length, x.rank() - axis).toArray();
      y = y.times(Tensor.of(weights, sizes).to(x.dtype()));
    }
    return to == null ? y : Recorder.apply(new IndexAdd(axis, to, size), y);
  }
}
