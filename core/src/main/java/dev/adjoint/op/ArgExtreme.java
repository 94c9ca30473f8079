package dev.adjoint.op;

import dev.adjoint.autodiff.Examples;
import dev.adjoint.kernel.Elements;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;

/** Indices of the largest and smallest elements. */
public final class ArgExtreme {

  private ArgExtreme() {}

  /** Returns the index of the first largest element along an axis; a NaN counts as the largest. */
  public static IntTensor argmax(Tensor x, int axis) {
    return find("argmax", x, axis, 1);
  }

  /**
   * Returns the index of the first smallest element along an axis; a NaN counts as the smallest.
   */
  public static IntTensor argmin(Tensor x, int axis) {
    return find("argmin", x, axis, -1);
  }

  private static IntTensor find(String name, Tensor operand, int axis, int sign) {
    Tensor x = Movement.withAxis(operand);
    int resolved = x.shape().axis(name, axis);
    int n = x.size(resolved);
    int[] sizes = x.shape().reduced(new int[] {resolved}, false).toArray();
    if (n == 0) {
      throw new IllegalArgumentException(
          "%s: no elements to choose from along axis %d of shape %s"
              .formatted(name, resolved, x.shape()));
    }
    Examples<Tensor> examples = x.examples();
    if (examples != null) {
      return IntTensor.example(examples.with(find(name, examples.all(), resolved + 1, sign)))
          .reshape(sizes);
    }
    Tensor rows = Engine.packed(RowOp.lastAxis(x.untracked(), new int[] {resolved}));
    int[] best = new int[rows.size() / n];
    Object array = Engine.array(rows);
    Elements type = Elements.of(array);
    for (int row = 0; row < best.length; row++) {
      best[row] = first(type, array, rows.offset() + row * n, n, sign);
    }
    x.checkAfterReading();
    return IntTensor.of(best, sizes);
  }

  private static int first(Elements type, Object x, int from, int n, int sign) {
    int best = 0;
    double found = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      double value = type.get(x, from + i) * sign;
      if (Double.isNaN(value)) {
        return i;
      }
      if (value > found) {
        found = value;
        best = i;
      }
    }
    return best;
  }
}
