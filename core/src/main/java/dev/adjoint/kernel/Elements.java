package dev.adjoint.kernel;

import org.jspecify.annotations.Nullable;

/**
 * What is done with arrays of one element type beside the loops of {@link Kernels}: the one place
 * that knows {@code float[]} from {@code double[]}. Arrays are passed as {@link Object}, so that
 * the engine is written once.
 */
public interface Elements {

  /** Returns what is done with {@code float[]}. */
  static Elements float32() {
    return FloatElements.INSTANCE;
  }

  /** Returns what is done with {@code double[]}. */
  static Elements float64() {
    return DoubleElements.INSTANCE;
  }

  /** Returns what is done with a {@code float[]} or {@code double[]}. */
  static Elements of(Object array) {
    return array instanceof float[] ? float32() : float64();
  }

  /** Returns the kernels for such arrays. */
  Kernels kernels();

  /** Returns an array for {@code n} elements, all of which the caller must write. */
  Object uninitialized(int n);

  /** Returns an array of {@code n} zeros. */
  Object zeroed(int n);

  /** Returns working memory for at least {@code n} elements, as {@link Buffers#scratchFloats}. */
  Object scratch(long n);

  /** Returns the number of elements. */
  int length(Object array);

  /** Reads an element. */
  double get(Object array, int index);

  /** Writes an element, rounding to the type. */
  void set(Object array, int index, double value);

  /** Writes one value to the elements {@code from <= i < to}. */
  void fill(Object array, int from, int to, double value);

  /** Adds elements to sums: {@code sums[i] += x[from + i]} for {@code i < n}. */
  void addTo(double[] sums, int n, Object x, int from);

  /** Multiplies numbers by elements: {@code numbers[i] *= x[from + i]} for {@code i < n}. */
  void multiplyTo(double[] numbers, int n, Object x, int from);

  /**
   * Writes the running sums of n terms, in double precision; each sum is multiplied by the factor
   * of the next term, if there are factors, before that is added.
   */
  void runningSums(
      Object terms, int from, @Nullable Object factors, int factorsFrom, Object out, int to, int n);

  /**
   * Copies the elements at {@code rows[r] + columns[i]}, row by row; minus infinity where either is
   * negative.
   */
  void pick(Object x, int[] rows, int[] columns, Object out);

  /** Rounds numbers to elements: {@code out[from + i] = x[i]} for {@code i < n}. */
  void round(double[] x, int n, Object out, int from);

  /** Computes a product as {@link MatMul#multiply} says. */
  void multiply(Kernels kernels, Matrix a, Matrix b, Matrix c, boolean accumulate);

  /** Computes a side of a convolution as {@link Conv2d#run} says. */
  void convolve(Conv2d side, Kernels kernels, ConvShape shape, Span a, Span b, Span out);

  /** Copies a few rows between two layouts, as {@link StridedCopy} says. */
  void copy(StridedCopy mode, Matrix dense, Matrix strided);
}
