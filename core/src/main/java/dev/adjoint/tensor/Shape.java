package dev.adjoint.tensor;

import com.google.common.primitives.Ints;
import com.google.common.primitives.Longs;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of a tensor's axes, outermost first. At most 8 axes; a scalar has none. A size may be
 * 0.
 *
 * <p>The product of the sizes, those that are 0 left out, is at most 2147483639: so an empty tensor
 * too can be permuted, flattened and reduced, and no product of sizes overflows.
 */
public final class Shape {

  /** The largest number of axes. */
  public static final int MAX_RANK = 8;

  /** The largest number of elements: what one Java array can hold. */
  public static final int MAX_SIZE = Integer.MAX_VALUE - 8;

  private static final Shape SCALAR = new Shape(new int[0]);

  private final int[] sizes;
  private final int[] strides;
  private final int size;

  private Shape(int[] sizes) {
    if (sizes.length > MAX_RANK) {
      throw new IllegalArgumentException(
          "a shape has at most " + MAX_RANK + " axes, got " + Arrays.toString(sizes));
    }
    this.sizes = sizes;
    this.strides = new int[sizes.length];
    int product = 1;
    long filled = 1;
    for (int axis = sizes.length - 1; axis >= 0; axis--) {
      if (sizes[axis] < 0) {
        throw new IllegalArgumentException(
            "a size is at least 0, got shape " + Arrays.toString(sizes));
      }
      filled *= Math.max(1, sizes[axis]);
      if (filled > MAX_SIZE) {
        throw new IllegalArgumentException(
            "a tensor has at most " + MAX_SIZE + " elements, got shape " + Arrays.toString(sizes));
      }
      strides[axis] = product;
      product *= sizes[axis];
    }
    this.size = product;
  }

  /** Returns the shape with these sizes; {@code Shape.of()} for a scalar. */
  public static Shape of(int... sizes) {
    return sizes.length == 0 ? SCALAR : new Shape(sizes.clone());
  }

  /**
   * Returns the shape in which a vector lies along an axis, with the size 1 along all others: so it
   * broadcasts over tensors of that rank.
   *
   * @hidden
   */
  public static Shape along(int axis, int size, int rank) {
    int[] sizes = new int[rank];
    Arrays.fill(sizes, 1);
    sizes[axis] = size;
    return new Shape(sizes);
  }

  /** Returns the shape with these sizes, to be filled by so many values. */
  static Shape filled(int values, int... sizes) {
    Shape shape = of(sizes);
    if (shape.size != values) {
      throw new IllegalArgumentException(
          "of: %d values do not fill shape %s; expected %d values"
              .formatted(values, shape, shape.size));
    }
    return shape;
  }

  /**
   * Returns the shape of an operation's result, whose sizes were computed without overflow.
   *
   * @param operation its name for messages
   * @throws IllegalArgumentException if there is no such tensor: a size is negative, there are more
   *     than 8 axes, or too many elements
   */
  public static Shape of(String operation, long... sizes) {
    int[] result = new int[sizes.length];
    long filled = 1;
    for (int axis = 0; axis < sizes.length; axis++) {
      result[axis] = (int) sizes[axis];
      filled = Math.min(filled * Math.clamp(sizes[axis], 1, 1L << 31), 1L << 31);
    }
    boolean positive = Arrays.stream(sizes).allMatch(size -> size >= 0);
    if (sizes.length > MAX_RANK || !positive || filled > MAX_SIZE) {
      String expected =
          sizes.length > MAX_RANK
              ? "at most " + MAX_RANK + " axes"
              : !positive
                  ? "sizes of at least 0"
                  : "at most " + MAX_SIZE + " elements, axes of size 0 not counted";
      throw new IllegalArgumentException(
          "%s: the result would have shape %s; expected %s"
              .formatted(operation, "(" + Longs.join(", ", sizes) + ")", expected));
    }
    return new Shape(result);
  }

  /** Returns the number of axes. */
  public int rank() {
    return sizes.length;
  }

  /** Returns the number of elements: the product of the sizes. */
  public int size() {
    return size;
  }

  /**
   * Returns the index along each axis of an element, as {@code numpy.unravel_index}.
   *
   * @param position of the element in reading order, the last axis varying fastest: 0 to {@code
   *     size() - 1}
   */
  public int[] unravel(int position) {
    if (position < 0 || position >= size) {
      throw new IndexOutOfBoundsException(
          "unravel: position %d is outside shape %s; expected 0 to %d"
              .formatted(position, this, size - 1));
    }
    int[] index = new int[sizes.length];
    for (int axis = sizes.length - 1, rest = position; axis >= 0; axis--) {
      index[axis] = rest % sizes[axis];
      rest /= sizes[axis];
    }
    return index;
  }

  /**
   * Returns the size of an axis; negative axes count from the last.
   *
   * @throws IllegalArgumentException if there is no such axis
   */
  public int size(int axis) {
    return sizes[axis("size", axis)];
  }

  /**
   * Returns how far an element is from the first.
   *
   * @param index one index an axis; negative ones count from the end
   */
  int distance(int[] apart, int... index) {
    if (index.length != rank()) {
      throw new IllegalArgumentException(
          "get: %d indices %s for shape %s; expected %d"
              .formatted(index.length, Arrays.toString(index), this, rank()));
    }
    int distance = 0;
    for (int axis = 0; axis < index.length; axis++) {
      distance += position("get", axis, index[axis]) * apart[axis];
    }
    return distance;
  }

  /**
   * Resolves an index along a (resolved) axis, which counts from the end where negative.
   *
   * @param operation its name, for messages
   */
  int position(String operation, int axis, int index) {
    int length = sizes[axis];
    int position = index < 0 ? index + length : index;
    if (position < 0 || position >= length) {
      throw new IndexOutOfBoundsException(
          "%s: index %d is outside axis %d of shape %s; expected %s"
              .formatted(
                  operation,
                  index,
                  axis,
                  this,
                  length == 0 ? "no index at all" : -length + " to " + (length - 1)));
    }
    return position;
  }

  /** Tells whether elements that lie so far apart along each axis lie one after another. */
  boolean isContiguous(int[] apart) {
    if (size == 0) {
      return true;
    }
    int expected = 1;
    for (int axis = apart.length - 1; axis >= 0; axis--) {
      if (sizes[axis] != 1 && apart[axis] != expected) {
        return false;
      }
      expected *= sizes[axis];
    }
    return true;
  }

  /** Returns the sizes as a new array. */
  public int[] toArray() {
    return sizes.clone();
  }

  /** Returns the strides of a contiguous tensor of this shape, as a new array. */
  public int[] strides() {
    return strides.clone();
  }

  /** Returns the strides themselves, shared: contiguous tensors are recognized by them. */
  int[] sharedStrides() {
    return strides;
  }

  /**
   * Resolves an axis, which counts from the last where negative.
   *
   * @param operation its name, for messages
   * @throws IllegalArgumentException if there is no such axis
   */
  public int axis(String operation, int axis) {
    int resolved = axis < 0 ? axis + sizes.length : axis;
    if (resolved < 0 || resolved >= sizes.length) {
      throw new IllegalArgumentException(
          "%s: there is no axis %d in shape %s; expected %s"
              .formatted(
                  operation,
                  axis,
                  this,
                  sizes.length == 0
                      ? "no axis at all, a scalar has none"
                      : "an axis from " + -sizes.length + " to " + (sizes.length - 1)));
    }
    return resolved;
  }

  /**
   * Resolves several axes into ascending order; none at all means every axis. A scalar may be
   * reduced along an axis 0 or -1, as in PyTorch: nothing is.
   *
   * @throws IllegalArgumentException if one does not exist or is named twice
   */
  public int[] axes(String operation, int... axes) {
    boolean ofScalar = sizes.length == 0 && axes.length == 1 && (axes[0] == 0 || axes[0] == -1);
    if (axes.length == 0 || ofScalar) {
      int[] all = new int[rank()];
      Arrays.setAll(all, i -> i);
      return all;
    }
    int[] resolved = new int[axes.length];
    for (int i = 0; i < axes.length; i++) {
      resolved[i] = axis(operation, axes[i]);
    }
    Arrays.sort(resolved);
    for (int i = 1; i < resolved.length; i++) {
      if (resolved[i] == resolved[i - 1]) {
        throw new IllegalArgumentException(
            "%s: axis %d is named twice in %s for shape %s"
                .formatted(operation, resolved[i], Arrays.toString(axes), this));
      }
    }
    return resolved;
  }

  /**
   * Returns the shape of a reduction's result.
   *
   * @param axes to reduce, ascending, as {@link #axes} returns them
   * @param keep whether they are kept with size 1, or dropped
   */
  public Shape reduced(int[] axes, boolean keep) {
    int[] result = new int[keep ? sizes.length : sizes.length - axes.length];
    for (int axis = 0, next = 0, out = 0; axis < sizes.length; axis++) {
      if (next < axes.length && axes[next] == axis) {
        next++;
        if (keep) {
          result[out++] = 1;
        }
      } else {
        result[out++] = sizes[axis];
      }
    }
    return new Shape(result);
  }

  /** Returns this shape with another size at one axis. */
  public Shape with(int axis, int newSize) {
    int[] result = sizes.clone();
    result[axis("with", axis)] = newSize;
    return new Shape(result);
  }

  /**
   * Returns this shape with another size at a (resolved) axis, as that of an operation's result.
   *
   * @param operation its name, for messages
   * @throws IllegalArgumentException as {@link #of(String, long...)}
   */
  public Shape with(String operation, int axis, long newSize) {
    long[] result = new long[sizes.length];
    Arrays.setAll(result, i -> sizes[i]);
    result[axis] = newSize;
    return of(operation, result);
  }

  /**
   * Returns this shape with other sizes of the last axes, as the shape of an operation's result.
   *
   * @param operation its name, for messages
   * @throws IllegalArgumentException as {@link #of(String, long...)}
   */
  public Shape withLast(String operation, int... newSizes) {
    long[] result = new long[sizes.length];
    int kept = sizes.length - newSizes.length;
    Arrays.setAll(result, i -> i < kept ? sizes[i] : newSizes[i - kept]);
    return of(operation, result);
  }

  /**
   * Returns the shape to which both broadcast, by NumPy's rule: aligned at the last axis, sizes are
   * equal or one of them is 1.
   *
   * @param operation its name, for messages
   * @throws IllegalArgumentException if they do not broadcast
   */
  public static Shape broadcast(String operation, Shape a, Shape b) {
    if (a.equals(b)) {
      return a;
    }
    int rank = Math.max(a.rank(), b.rank());
    long[] result = new long[rank];
    for (int i = 1; i <= rank; i++) {
      int sa = i <= a.rank() ? a.sizes[a.rank() - i] : 1;
      int sb = i <= b.rank() ? b.sizes[b.rank() - i] : 1;
      if (sa != sb && sa != 1 && sb != 1) {
        throw new IllegalArgumentException(
            "%s: shapes %s and %s do not broadcast: axis %d of the first and axis %d of the second have sizes %d and %d; expected equal sizes, or 1, of axes compared from the last"
                .formatted(operation, a, b, a.rank() - i, b.rank() - i, sa, sb));
      }
      result[rank - i] = sa == 1 ? sb : sa;
    }
    Shape shape = of(operation, result);
    return shape.equals(a) ? a : shape.equals(b) ? b : shape;
  }

  /** Tells whether a tensor of this shape can be expanded to the target, by NumPy's rule. */
  public boolean broadcastsTo(Shape target) {
    int lead = target.rank() - rank();
    if (lead < 0) {
      return false;
    }
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] != 1 && sizes[i] != target.sizes[lead + i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the axes of a shape that this one broadcasts to along which it is repeated.
   *
   * @hidden
   */
  public int[] repeatedIn(Shape target) {
    int lead = target.rank() - rank();
    int[] axes = new int[target.rank()];
    int count = 0;
    for (int axis = 0; axis < target.rank(); axis++) {
      if (axis < lead || (sizes[axis - lead] == 1 && target.sizes[axis] != 1)) {
        axes[count++] = axis;
      }
    }
    return Arrays.copyOf(axes, count);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other || (other instanceof Shape shape && Arrays.equals(sizes, shape.sizes));
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  /** Returns the sizes in round brackets, as in {@code (32, 10)}; {@code ()} for a scalar. */
  @Override
  public String toString() {
    return "(" + Ints.join(", ", sizes) + ")";
  }
}
