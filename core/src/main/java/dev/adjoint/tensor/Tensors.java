package dev.adjoint.tensor;

import dev.adjoint.autodiff.Examples;
import dev.adjoint.kernel.Storage;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * Creates tensors of given values; float32 unless a type is named. For random ones see {@link
 * Generator}.
 */
public final class Tensors {

  private Tensors() {}

  /** Returns a tensor of zeros. */
  public static Tensor zeros(int... sizes) {
    return zeros(Shape.of(sizes), DType.FLOAT32);
  }

  /** Returns a tensor of zeros. */
  public static Tensor zeros(Shape shape, DType dtype) {
    return full(shape, 0, dtype);
  }

  /** Returns a tensor of ones. */
  public static Tensor ones(int... sizes) {
    return ones(Shape.of(sizes), DType.FLOAT32);
  }

  /** Returns a tensor of ones. */
  public static Tensor ones(Shape shape, DType dtype) {
    return full(shape, 1, dtype);
  }

  /** Returns a tensor whose elements are all one value; it takes the memory of one. */
  public static Tensor full(Shape shape, double value, DType dtype) {
    Tensor one = Tensor.scalar(value, dtype);
    return shape.rank() == 0 ? one : one.view(shape, new int[shape.rank()], 0);
  }

  /** Returns {@code 0, 1, ..., n - 1}. */
  public static Tensor arange(int n) {
    return arange(0, n, 1, DType.FLOAT32);
  }

  /**
   * Returns {@code from, from + step, ...} before {@code to}; what equals {@code to} up to the
   * rounding of the three numbers is not before it.
   */
  public static Tensor arange(double from, double to, double step, DType dtype) {
    double rounding = 2 * Math.ulp(Math.max(Math.abs(from), Math.abs(to))) / Math.abs(step);
    // Steps of the size of the rounding, as whole ones at 2^53, are exact: they are no rounding.
    double unit = unit(from, to);
    double range = to / unit - from / unit;
    double count = Math.ceil(range / (step / unit) - Math.min(rounding, 1e-3));
    if (step == 0 || Double.isNaN(count) || count > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "arange: from %s to %s in steps of %s; expected a finite number of steps"
              .formatted(from, to, step));
    }
    return generate(
        Shape.of("arange", Math.max(0, (long) count)),
        dtype,
        i -> unit * (from / unit + i * (step / unit)));
  }

  /** Returns {@code n} values at equal distances from the first to the last, both included. */
  public static Tensor linspace(double first, double last, int n, DType dtype) {
    Shape shape = Shape.of("linspace", n);
    double unit = unit(first, last);
    double step = (last / unit - first / unit) / (n - 1);
    return generate(
        shape, dtype, i -> n == 1 ? first : i == n - 1 ? last : unit * (first / unit + step * i));
  }

  /** Returns in what to measure a range, exactly: 1, or 2 if it is longer than any number. */
  private static double unit(double first, double last) {
    return Double.isInfinite(last - first) ? 2 : 1;
  }

  /** Returns the identity matrix of shape (n, n). */
  public static Tensor eye(int n) {
    return eye(n, DType.FLOAT32);
  }

  /** Returns the identity matrix of shape (n, n). */
  public static Tensor eye(int n, DType dtype) {
    Shape shape = Shape.of("eye", n, n);
    return generate(shape, dtype, i -> i % (n + 1L) == 0 ? 1 : 0);
  }

  /**
   * Returns a 1 at each index and 0 elsewhere, along a new last axis.
   *
   * @param indices of shape (...), each from 0 to {@code classes - 1}
   * @return of shape (..., classes)
   */
  public static Tensor oneHot(IntTensor indices, int classes, DType dtype) {
    Examples<IntTensor> examples = indices.examples();
    if (examples != null) {
      return Tensor.example(examples.with(oneHot(examples.all(), classes, dtype)));
    }
    Shape shape = append("oneHot", indices.shape(), classes);
    Object array = dtype.elements().zeroed(shape.size());
    for (int i = 0; i < indices.size(); i++) {
      int index = indices.get(i);
      if (index < 0 || index >= classes) {
        throw new IndexOutOfBoundsException(
            "oneHot: index %d; expected 0 to %d".formatted(index, classes - 1));
      }
      dtype.elements().set(array, i * classes + index, 1);
    }
    return Tensor.contiguous(new Storage(array), dtype, shape);
  }

  /** Returns a tensor whose elements are a function of their positions in reading order. */
  static Tensor generate(Shape shape, DType dtype, IntToDoubleFunction value) {
    Object array = dtype.elements().uninitialized(shape.size());
    for (int i = 0; i < shape.size(); i++) {
      dtype.elements().set(array, i, value.applyAsDouble(i));
    }
    return Tensor.contiguous(new Storage(array), dtype, shape);
  }

  private static Shape append(String operation, Shape shape, int last) {
    long[] sizes = new long[shape.rank() + 1];
    Arrays.setAll(sizes, i -> i < shape.rank() ? shape.size(i) : last);
    return Shape.of(operation, sizes);
  }
}
