package dev.adjoint.tensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Holds whole numbers in a rectangular arrangement: indices, classes, tokens.
 *
 * <p>Indices are a type of their own, not a third {@link DType}: nothing differentiates through
 * them, no arithmetic is done on them, and a method that takes an {@code IntTensor} says in its
 * signature what a float cannot (float32 counts exactly only to 2^24). Masks, on the other hand,
 * are ordinary tensors of 0 and 1, so that they can be multiplied, summed and averaged.
 */
public final class IntTensor {

  private final int[] values;
  private final Shape shape;

  private IntTensor(int[] values, Shape shape) {
    this.values = values;
    this.shape = shape;
  }

  /** Returns a tensor of shape (values.length). */
  public static IntTensor of(int... values) {
    return of(values, values.length);
  }

  /** Returns a tensor with these values, the last axis varying fastest. */
  public static IntTensor of(int[] values, int... sizes) {
    Shape shape = Shape.of(sizes);
    if (shape.size() != values.length) {
      throw new IllegalArgumentException(
          "of: %d values do not fill shape %s; expected %d values"
              .formatted(values.length, shape, shape.size()));
    }
    return new IntTensor(values.clone(), shape);
  }

  /** Returns a tensor of shape (values.length, values[0].length). */
  public static IntTensor of(int[][] values) {
    int columns = values.length == 0 ? 0 : values[0].length;
    int[] flat = new int[values.length * columns];
    for (int row = 0; row < values.length; row++) {
      if (values[row].length != columns) {
        throw new IllegalArgumentException(
            "of: the array is not rectangular: row 0 has %d elements, row %d has %d"
                .formatted(columns, row, values[row].length));
      }
      System.arraycopy(values[row], 0, flat, row * columns, columns);
    }
    return new IntTensor(flat, Shape.of(values.length, columns));
  }

  /** Returns the whole numbers from 0 to {@code n - 1}. */
  public static IntTensor range(int n) {
    if (n < 0) {
      throw new IllegalArgumentException("range: %d values; expected at least 0".formatted(n));
    }
    int[] values = new int[n];
    Arrays.setAll(values, i -> i);
    return new IntTensor(values, Shape.of(n));
  }

  /** Returns the sizes of the axes. */
  public Shape shape() {
    return shape;
  }

  /** Returns the number of elements. */
  public int size() {
    return shape.size();
  }

  /** Returns the element at a position in reading order (the last axis varying fastest). */
  public int get(int position) {
    if (position < 0 || position >= values.length) {
      throw new IndexOutOfBoundsException(
          "get: position %d is outside shape %s; expected 0 to %d"
              .formatted(position, shape, values.length - 1));
    }
    return values[position];
  }

  /** Returns the same values in another shape of the same size. */
  public IntTensor reshape(int... sizes) {
    Shape target = TensorViews.resolve("reshape", shape, sizes);
    return new IntTensor(values, target);
  }

  /** Returns the rows {@code from <= i < to} along the first axis. */
  public IntTensor slice(int from, int to) {
    int rows = shape.size(shape.axis("slice", 0));
    if (from < 0 || to < from || to > rows) {
      throw new IndexOutOfBoundsException(
          "slice: [%d, %d) is outside axis 0 of shape %s".formatted(from, to, shape));
    }
    int row = rows == 0 ? 0 : size() / rows;
    return new IntTensor(
        Arrays.copyOfRange(values, from * row, to * row), shape.with(0, to - from));
  }

  /** Returns the values in reading order, as a new array. */
  public int[] toArray() {
    return values.clone();
  }

  /** Returns the values as a float tensor of the given type. */
  public Tensor toTensor(DType dtype) {
    Object array = dtype.uninitialized(values.length);
    for (int i = 0; i < values.length; i++) {
      dtype.set(array, i, values[i]);
    }
    int[] sizes = shape.toArray();
    return array instanceof float[] floats
        ? Tensor.of(floats, sizes)
        : Tensor.of((double[]) array, sizes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof IntTensor that
        && shape.equals(that.shape)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * shape.hashCode() + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return TensorPrinter.printWhole("IntTensor" + shape, toTensor(DType.FLOAT64));
  }
}
