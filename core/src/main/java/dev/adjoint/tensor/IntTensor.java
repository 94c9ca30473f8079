package dev.adjoint.tensor;

import com.google.common.primitives.Ints;
import dev.adjoint.autodiff.Examples;
import dev.adjoint.op.Ordering;
import dev.adjoint.op.Unique;
import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * An n-dimensional array of whole numbers: indices, classes, tokens.
 *
 * <p>Indices are a type of their own, not a third {@link DType}: nothing differentiates through
 * them, no arithmetic is done on them, and a method that takes an {@code IntTensor} says in its
 * signature what a float cannot (float32 counts exactly only to 2^24). Masks, on the other hand,
 * are ordinary tensors of 0 and 1, so that they can be multiplied, summed and averaged.
 */
public final class IntTensor {

  private final int[] values;
  private final Shape shape;
  private final @Nullable Examples<IntTensor> examples;

  private IntTensor(int[] values, Shape shape) {
    this(values, shape, null);
  }

  private IntTensor(int[] values, Shape shape, @Nullable Examples<IntTensor> examples) {
    this.values = values;
    this.shape = shape;
    this.examples = examples;
  }

  /**
   * Engine only: returns the indices that stand for one example of many in a mapped function.
   *
   * @hidden
   */
  public static IntTensor example(Examples<IntTensor> examples) {
    Shape one = examples.all().shape.reduced(new int[] {0}, false);
    return new IntTensor(new int[0], one, examples);
  }

  /**
   * Engine only: returns what these indices of a mapped function stand for; null elsewhere.
   *
   * @hidden
   */
  public @Nullable Examples<IntTensor> examples() {
    return examples;
  }

  /** Returns the values; those of one example of many cannot be told. */
  private int[] values() {
    if (examples != null) {
      throw examples.refusal(shape);
    }
    return values;
  }

  /**
   * Engine only: tells whether these are the indices that another tensor views.
   *
   * @hidden
   */
  @SuppressWarnings("ReferenceEquality") // the same memory
  public boolean sharesElements(IntTensor other) {
    return values == other.values;
  }

  /** Returns a tensor of shape (values.length). */
  public static IntTensor of(int... values) {
    return of(values, values.length);
  }

  /** Returns a tensor with these values, the last axis varying fastest. */
  public static IntTensor of(int[] values, int... sizes) {
    return new IntTensor(values.clone(), Shape.filled(values.length, sizes));
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

  /**
   * Returns the same whole numbers as indices, as when classes come from a file of floats.
   *
   * @return of the same shape
   * @throws IllegalArgumentException if an element is no whole number from -2^31 to 2^31 - 1
   */
  public static IntTensor of(Tensor tensor) {
    double[] elements = tensor.toDoubleArray();
    int[] values = new int[elements.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (int) elements[i];
      if (values[i] != elements[i]) {
        throw new IllegalArgumentException(
            "of: %s at position %d of shape %s; expected a whole number from -2^31 to 2^31 - 1"
                .formatted(elements[i], i, tensor.shape()));
      }
    }
    return new IntTensor(values, tensor.shape());
  }

  /** Returns the whole numbers from 0 to {@code n - 1}. */
  public static IntTensor range(int n) {
    Shape shape = Shape.of("range", n);
    int[] values = new int[n];
    Arrays.setAll(values, i -> i);
    return new IntTensor(values, shape);
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
    int[] values = values();
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
    if (examples != null) {
      int[] all = Ints.concat(new int[] {examples.size()}, target.toArray());
      return example(examples.with(examples.all().reshape(all)));
    }
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
        Arrays.copyOfRange(values(), from * row, to * row), shape.with(0, to - from));
  }

  /** Returns one position of an axis, and drops the axis; negative ones count from the end. */
  public IntTensor select(int axis, int index) {
    int resolved = shape.axis("select", axis);
    int size = shape.size(resolved);
    int at = shape.position("select", resolved, index);
    int inner = shape.strides()[resolved];
    int[] picked = new int[size() / size];
    int[] all = values();
    Arrays.setAll(picked, i -> all[(i / inner * size + at) * inner + i % inner]);
    return new IntTensor(picked, shape.reduced(new int[] {resolved}, false));
  }

  /**
   * Picks rows along the first axis, in the order of the indices; one may be picked many times.
   *
   * @param index of shape (n)
   * @return of the shape of this, with n in place of the first size
   * @throws IndexOutOfBoundsException if an index is not a row
   */
  public IntTensor indexSelect(IntTensor index) {
    int rows = shape.size(shape.axis("indexSelect", 0));
    if (index.shape.rank() != 1) {
      throw new IllegalArgumentException(
          "indexSelect: indices of shape %s; expected one axis".formatted(index.shape));
    }
    Shape result = shape.with("indexSelect", 0, index.size());
    int row = rows == 0 ? 0 : size() / rows;
    int[] picked = new int[result.size()];
    for (int i = 0; i < index.size(); i++) {
      int from = index.values()[i];
      if (from < 0 || from >= rows) {
        throw new IndexOutOfBoundsException(
            "indexSelect: index %d at position [%d] is outside axis 0 of shape %s; expected %s"
                .formatted(from, i, shape, rows == 0 ? "no index at all" : "0 to " + (rows - 1)));
      }
      System.arraycopy(values(), from * row, picked, i * row, row);
    }
    return new IntTensor(picked, result);
  }

  /** Returns the values without repetition, as {@link Tensor#unique}. */
  public Unique<IntTensor> unique() {
    return Ordering.unique(this);
  }

  /** Returns a mask: 1 where an element is the value, else 0. */
  public Tensor equal(int value, DType dtype) {
    return examples != null
        ? Tensor.example(examples.with(examples.all().equal(value, dtype)))
        : mask(dtype, i -> values[i] == value);
  }

  /** Returns a mask: 1 where an element is not the value, else 0. */
  public Tensor notEqual(int value, DType dtype) {
    return examples != null
        ? Tensor.example(examples.with(examples.all().notEqual(value, dtype)))
        : mask(dtype, i -> values[i] != value);
  }

  /**
   * Returns a mask: 1 where the elements of both are equal, else 0; its mean is an accuracy.
   *
   * @param other of the same shape
   */
  public Tensor equal(IntTensor other, DType dtype) {
    if (!shape.equals(other.shape)) {
      throw new IllegalArgumentException(
          "equal: shapes %s and %s; expected equal shapes".formatted(shape, other.shape));
    }
    return examples != null || other.examples != null
        ? toTensor(DType.FLOAT64).equal(other.toTensor(DType.FLOAT64)).to(dtype)
        : mask(dtype, i -> values[i] == other.values[i]);
  }

  /** Returns the values in reading order, as a new array. */
  public int[] toArray() {
    return values().clone();
  }

  /** Returns the values as a float tensor of the given type. */
  public Tensor toTensor(DType dtype) {
    return examples != null
        ? Tensor.example(examples.with(examples.all().toTensor(dtype)))
        : Tensors.generate(shape, dtype, i -> values[i]);
  }

  private Tensor mask(DType dtype, IntPredicate isOne) {
    return Tensors.generate(shape, dtype, i -> isOne.test(i) ? 1 : 0);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof IntTensor that
        && shape.equals(that.shape)
        && Arrays.equals(values(), that.values());
  }

  @Override
  public int hashCode() {
    return 31 * shape.hashCode() + Arrays.hashCode(values());
  }

  @Override
  public String toString() {
    return TensorPrinter.printWhole("IntTensor" + shape, toTensor(DType.FLOAT64));
  }
}
