package dev.adjoint.op;

import dev.adjoint.autodiff.Examples;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Elements;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;

/** Indices of the largest and smallest elements. */
public final class ArgExtreme {

  private ArgExtreme() {}

  /** Returns the index of the first largest element along an axis; NaN counts as the largest. */
  public static IntTensor argmax(Tensor x, int axis) {
    return find("argmax", x, axis, 1);
  }

  /** Returns the index of the first smallest element along an axis; NaN counts as the smallest. */
  public static IntTensor argmin(Tensor x, int axis) {
    return find("argmin", x, axis, -1);
  }

  /** Returns the position of the first largest element; a NaN counts as the largest. */
  public static int argmax(Tensor x) {
    return argmax(flat("argmax", x), 0).get(0);
  }

  /** Returns the position of the first smallest element; a NaN counts as the smallest. */
  public static int argmin(Tensor x) {
    return argmin(flat("argmin", x), 0).get(0);
  }

  private static Tensor flat(String name, Tensor x) {
    if (x.size() == 0) {
      throw new IllegalArgumentException(
          "%s: no elements to choose from in shape %s".formatted(name, x.shape()));
    }
    return x.untracked().reshape(x.size());
  }

  /** Returns the largest element along an axis up to each position, the last of equal ones. */
  public static Indexed cummax(Tensor x, int axis) {
    return running("cummax", x, axis, 1);
  }

  /** Returns the smallest element along an axis up to each position, the last of equal ones. */
  public static Indexed cummin(Tensor x, int axis) {
    return running("cummin", x, axis, -1);
  }

  private static Indexed running(String name, Tensor operand, int axis, int sign) {
    Tensor x = Movement.withAxis(operand);
    int resolved = x.shape().axis(name, axis);
    IntTensor best = running(x, resolved, sign);
    Tensor values = Indexing.gather(x, resolved, best);
    return new Indexed(values.reshape(operand.shape()), best.reshape(operand.shape().toArray()));
  }

  private static IntTensor running(Tensor x, int axis, int sign) {
    Examples<Tensor> examples = x.examples();
    if (examples != null) {
      return IntTensor.example(examples.with(running(examples.all(), axis + 1, sign)));
    }
    Recorder.checkReadOut(x.untracked());
    Tensor packed = Engine.packed(x.untracked());
    int n = x.size(axis);
    int inner = x.shape().strides()[axis];
    int[] best = new int[x.size()];
    Object array = Engine.array(packed);
    Elements type = Elements.of(array);
    for (int at = 0; at < best.length; at++) {
      int i = at / inner % n;
      int before = i == 0 ? 0 : best[at - inner];
      int place = packed.offset() + at;
      double value = type.get(array, place) * sign;
      double found = type.get(array, place - (i - before) * inner) * sign;
      best[at] = value >= found || Double.isNaN(value) ? i : before;
    }
    x.checkAfterReading();
    return IntTensor.of(best, x.shape().toArray());
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
    Recorder.checkReadOut(x.untracked());
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

  /**
   * Returns where the first largest of n elements is, a NaN before all others; the smallest by the
   * sign -1.
   */
  static int first(Elements type, Object x, int from, int n, int sign) {
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
