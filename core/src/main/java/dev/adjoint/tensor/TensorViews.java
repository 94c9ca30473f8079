package dev.adjoint.tensor;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.op.Contiguous;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Movement;
import dev.adjoint.op.Pad;
import dev.adjoint.op.PadMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The views of {@link Tensor}: other shapes, orders and parts of the same elements.
 *
 * <p>Unless a method says otherwise, the result is a view: it shares the elements and nothing is
 * copied. Negative axes count from the last.
 */
public sealed interface TensorViews permits Tensor {

  /**
   * Returns the same elements in another shape; one size may be -1 and is then inferred. A view
   * where the elements lie suitably, else a copy.
   *
   * @throws IllegalArgumentException if the number of elements differs
   */
  default Tensor reshape(int... sizes) {
    return reshape(resolve("reshape", self().shape(), sizes));
  }

  /** Returns this tensor in the given shape, of the same size. */
  default Tensor reshape(Shape shape) {
    Tensor x = self();
    if (shape.size() != x.size()) {
      throw cannotBecome("reshape", x.shape(), shape.toArray());
    }
    return shape.equals(x.shape()) ? x : Recorder.apply(new Movement.Reshape(shape), x);
  }

  /** Joins the axes {@code first} to {@code last}, both included; a scalar becomes a vector. */
  default Tensor flatten(int first, int last) {
    if (self().rank() == 0) {
      return self().reshape(1).flatten(first, last);
    }
    Shape shape = self().shape();
    int from = shape.axis("flatten", first);
    int to = shape.axis("flatten", last);
    if (from > to) {
      throw new IllegalArgumentException(
          "flatten: axes from %d to %d of shape %s; expected the first before the last"
              .formatted(first, last, shape));
    }
    int[] sizes = new int[shape.rank() - (to - from)];
    for (int axis = 0, out = 0; axis < shape.rank(); axis++) {
      if (axis > from && axis <= to) {
        sizes[out - 1] *= shape.size(axis);
      } else {
        sizes[out++] = shape.size(axis);
      }
    }
    return reshape(sizes);
  }

  /** Returns the axes in another order: axis i of the result is axis {@code axes[i]} of this. */
  default Tensor permute(int... axes) {
    Shape shape = self().shape();
    int[] order = axes.clone();
    for (int i = 0; i < order.length; i++) {
      order[i] = shape.axis("permute", order[i]);
    }
    int[] sorted = order.clone();
    Arrays.sort(sorted);
    if (!Arrays.equals(sorted, shape.axes("permute"))) {
      throw new IllegalArgumentException(
          "permute: axes %s of shape %s; expected each of its %d axes once"
              .formatted(Arrays.toString(axes), shape, shape.rank()));
    }
    return Arrays.equals(sorted, order)
        ? self()
        : Recorder.apply(new Movement.Permute(order), self());
  }

  /** Swaps two axes. */
  default Tensor transpose(int axis1, int axis2) {
    Shape shape = self().shape();
    int[] order = shape.axes("transpose");
    int a = shape.axis("transpose", axis1);
    int b = shape.axis("transpose", axis2);
    order[a] = b;
    order[b] = a;
    return permute(order);
  }

  /** Swaps the last two axes. */
  default Tensor transpose() {
    return transpose(-2, -1);
  }

  /** Removes an axis of size 1. */
  default Tensor squeeze(int axis) {
    Shape shape = self().shape();
    int resolved = shape.axis("squeeze", axis);
    if (shape.size(resolved) != 1) {
      throw new IllegalArgumentException(
          "squeeze: axis %d of shape %s has size %d; expected 1"
              .formatted(axis, shape, shape.size(resolved)));
    }
    return reshape(shape.reduced(new int[] {resolved}, false));
  }

  /** Inserts an axis of size 1 before the given one; -1 appends it. */
  default Tensor unsqueeze(int axis) {
    Shape shape = self().shape();
    int at = axis < 0 ? axis + shape.rank() + 1 : axis;
    if (at < 0 || at > shape.rank()) {
      throw new IllegalArgumentException(
          "unsqueeze: no place %d in shape %s; expected %d to %d"
              .formatted(axis, shape, -shape.rank() - 1, shape.rank()));
    }
    long[] sizes = new long[shape.rank() + 1];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = i == at ? 1 : shape.size(i < at ? i : i - 1);
    }
    return reshape(Shape.of("unsqueeze", sizes));
  }

  /** Repeats axes of size 1 (and new leading axes) without copying; -1 keeps a size. */
  default Tensor expand(int... sizes) {
    int lead = sizes.length - self().rank();
    long[] resolved = new long[sizes.length];
    for (int axis = 0; axis < sizes.length; axis++) {
      resolved[axis] = sizes[axis] == -1 && axis >= lead ? self().size(axis - lead) : sizes[axis];
      if (resolved[axis] < 0) {
        throw doesNotExpand(self().shape(), sizes);
      }
    }
    Shape shape = Shape.of("expand", resolved);
    if (!self().shape().broadcastsTo(shape)) {
      throw doesNotExpand(self().shape(), sizes);
    }
    return expand(shape);
  }

  /** Returns this tensor expanded to the given shape. */
  default Tensor expand(Shape shape) {
    Shape own = self().shape();
    if (!own.broadcastsTo(shape)) {
      throw doesNotExpand(own, shape.toArray());
    }
    return shape.equals(own) ? self() : Recorder.apply(new Movement.Expand(shape), self());
  }

  /**
   * Returns the elements {@code from, from + step, ...} before {@code to} along an axis. Negative
   * positions count from the end; positions outside are limited to the axis, as in Python.
   *
   * @param step at least 1; see {@link #flip} for the other direction
   */
  default Tensor slice(int axis, int from, int to, int step) {
    Shape shape = self().shape();
    int resolved = shape.axis("slice", axis);
    int size = shape.size(resolved);
    if (step < 1) {
      throw new IllegalArgumentException(
          "slice: step %d along axis %d of shape %s; expected at least 1"
              .formatted(step, axis, shape));
    }
    int start = Math.clamp(from < 0 ? from + (long) size : from, 0, size);
    int end = Math.clamp(to < 0 ? to + (long) size : to, start, size);
    if (start == 0 && end == size && step == 1) {
      return self();
    }
    int count = Math.ceilDiv(end - start, step);
    return Recorder.apply(new Movement.Slice(resolved, start, count, step), self());
  }

  /** Returns the elements {@code from <= i < to} along an axis. */
  default Tensor slice(int axis, int from, int to) {
    return slice(axis, from, to, 1);
  }

  /** Returns one position of an axis, and drops the axis. */
  default Tensor select(int axis, int index) {
    Shape shape = self().shape();
    int resolved = shape.axis("select", axis);
    int i = shape.position("select", resolved, index);
    return slice(resolved, i, i + 1).squeeze(resolved);
  }

  /** Reverses the order along the given axes. */
  default Tensor flip(int... axes) {
    return axes.length == 0
        ? self()
        : Recorder.apply(new Movement.Flip(self().shape().axes("flip", axes)), self());
  }

  /** Returns consecutive parts along an axis, of sizes that add up to its size. */
  default List<Tensor> split(int axis, int... sizes) {
    Shape shape = self().shape();
    int resolved = shape.axis("split", axis);
    if (Arrays.stream(sizes).asLongStream().sum() != shape.size(resolved)
        || Arrays.stream(sizes).anyMatch(s -> s < 0)) {
      throw new IllegalArgumentException(
          "split: sizes %s of axis %d of shape %s; expected sizes that add up to %d"
              .formatted(Arrays.toString(sizes), resolved, shape, shape.size(resolved)));
    }
    List<Tensor> parts = new ArrayList<>();
    int from = 0;
    for (int size : sizes) {
      parts.add(slice(resolved, from, from + size));
      from += size;
    }
    return List.copyOf(parts);
  }

  /** Returns consecutive parts of equal size along an axis, of which the last may be smaller. */
  default List<Tensor> chunk(int parts, int axis) {
    int n = self().size(self().shape().axis("chunk", axis));
    if (parts < 1) {
      throw new IllegalArgumentException("chunk: %d parts; expected at least 1".formatted(parts));
    }
    int size = Math.max(1, Math.ceilDiv(n, parts));
    int[] sizes = new int[Math.max(1, Math.ceilDiv(n, size))];
    Arrays.fill(sizes, size);
    sizes[sizes.length - 1] = n - size * (sizes.length - 1);
    return split(axis, sizes);
  }

  /** Repeats the whole tensor {@code times[i]} times along axis i; a copy. */
  default Tensor tile(int... times) {
    if (times.length != self().rank()) {
      throw new IllegalArgumentException(
          "tile: %s for shape %s; expected one number an axis"
              .formatted(Arrays.toString(times), self().shape()));
    }
    Tensor result = self();
    for (int axis = 0; axis < times.length; axis++) {
      result = repeated("tile", result, axis, times[axis], axis);
    }
    return result;
  }

  /** Repeats each element along an axis, in place: [a, b] becomes [a, a, b, b]; a copy. */
  default Tensor repeat(int times, int axis) {
    int resolved = self().shape().axis("repeat", axis);
    return repeated("repeat", self(), resolved, times, resolved + 1);
  }

  /** Shifts elements along an axis; those pushed over the end come back at the start; a copy. */
  default Tensor roll(int shift, int axis) {
    int resolved = self().shape().axis("roll", axis);
    int n = self().size(resolved);
    int cut = n == 0 ? 0 : Math.floorMod(-(long) shift, n);
    return cut == 0
        ? self()
        : Joining.concat(resolved, slice(resolved, cut, n), slice(resolved, 0, cut));
  }

  /** Adds {@code before} and {@code after} copies of a number along an axis; a copy. */
  default Tensor pad(int axis, int before, int after, double value) {
    return Pad.apply(self(), axis, before, after, value);
  }

  /**
   * Adds {@code before} and {@code after} elements along an axis, of those that are there; a copy.
   * For several axes, pad one after another: the corners are PyTorch's.
   *
   * @throws IllegalArgumentException if the axis is too short: a reflection needs more elements
   *     than it adds on a side, a circle as many, a replication one
   */
  default Tensor pad(int axis, int before, int after, PadMode mode) {
    return Pad.apply(self(), axis, before, after, mode);
  }

  /** Returns this tensor if its elements lie one after another, else a copy in which they do. */
  default Tensor contiguous() {
    return Contiguous.apply(self());
  }

  /** Returns an independent copy, readable whatever happens to a parameter that this views. */
  default Tensor copy() {
    return Contiguous.copy(self());
  }

  private Tensor self() {
    return (Tensor) this;
  }

  /** Repeats an axis along a new one at a place, and joins both. */
  private static Tensor repeated(String name, Tensor x, int axis, int times, int place) {
    if (times < 0) {
      throw new IllegalArgumentException(
          "%s: %d repetitions of axis %d of shape %s; expected at least 0"
              .formatted(name, times, axis, x.shape()));
    }
    if (times == 1) {
      return x;
    }
    Shape result = x.shape().with(name, axis, (long) x.size(axis) * times);
    if (x.size() == 0) {
      return x.reshape(result);
    }
    Tensor wide = x.unsqueeze(place);
    return wide.expand(wide.shape().with(place, times)).reshape(result);
  }

  private static IllegalArgumentException doesNotExpand(Shape shape, int[] sizes) {
    return new IllegalArgumentException(
        "expand: shape %s does not expand to %s; expected sizes that are equal or were 1"
            .formatted(shape, Arrays.toString(sizes)));
  }

  private static IllegalArgumentException cannotBecome(String operation, Shape shape, int[] sizes) {
    return new IllegalArgumentException(
        "%s: shape %s has %d elements; expected sizes with this product, one of them perhaps -1, not %s"
            .formatted(operation, shape, shape.size(), Arrays.toString(sizes)));
  }

  /** Resolves sizes, one of which may be -1, for the elements of a shape. */
  static Shape resolve(String operation, Shape shape, int... sizes) {
    long[] resolved = new long[sizes.length];
    int unknown = -1;
    long known = 1;
    for (int axis = 0; axis < resolved.length; axis++) {
      resolved[axis] = sizes[axis];
      if (sizes[axis] == -1 && unknown < 0) {
        unknown = axis;
      } else if (sizes[axis] < 0) {
        throw new IllegalArgumentException(
            "%s: bad size in %s; expected sizes of at least 0, at most one of them -1"
                .formatted(operation, Arrays.toString(sizes)));
      } else {
        known = Math.min(known * sizes[axis], 1L << 32); // more elements than there can be
      }
    }
    if (unknown >= 0 && known > 0 && shape.size() % known == 0) {
      resolved[unknown] = shape.size() / known;
      known = shape.size();
    }
    if (known != shape.size() || (unknown >= 0 && resolved[unknown] < 0)) {
      throw cannotBecome(operation, shape, sizes);
    }
    return Shape.of(operation, resolved);
  }
}
