package dev.adjoint.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What is done with {@code float[]}. */
final class FloatElements implements Elements {

  static final Elements INSTANCE = new FloatElements();

  private FloatElements() {}

  @Override
  public Kernels kernels() {
    return KernelProvider.float32();
  }

  @Override
  public Object uninitialized(int n) {
    return Buffers.uninitializedFloats(n);
  }

  @Override
  public Object zeroed(int n) {
    return Buffers.zeroedFloats(n);
  }

  @Override
  public Object scratch(long n) {
    return Buffers.scratchFloats(n);
  }

  @Override
  public int length(Object array) {
    return ((float[]) array).length;
  }

  @Override
  public double get(Object array, int index) {
    return ((float[]) array)[index];
  }

  @Override
  public void set(Object array, int index, double value) {
    ((float[]) array)[index] = (float) value;
  }

  @Override
  public void fill(Object array, int from, int to, double value) {
    Arrays.fill((float[]) array, from, to, (float) value);
  }

  @Override
  public void addTo(double[] sums, int n, Object x, int from) {
    float[] elements = (float[]) x;
    for (int i = 0; i < n; i++) {
      sums[i] += elements[from + i];
    }
  }

  @Override
  public void multiplyTo(double[] numbers, int n, Object x, int from) {
    float[] elements = (float[]) x;
    for (int i = 0; i < n; i++) {
      numbers[i] *= elements[from + i];
    }
  }

  @Override
  public void runningSums(
      Object terms,
      int from,
      @Nullable Object factors,
      int factorsFrom,
      Object out,
      int to,
      int n) {
    float[] term = (float[]) terms;
    float @Nullable [] factor = (float @Nullable []) factors;
    float[] elements = (float[]) out;
    double sum = 0;
    for (int i = 0; i < n; i++) {
      if (factor != null && i > 0) {
        sum *= factor[factorsFrom + i];
      }
      sum += term[from + i];
      elements[to + i] = (float) sum;
    }
  }

  @Override
  public void pick(Object x, int[] rows, int[] columns, Object out) {
    float[] elements = (float[]) x;
    float[] picked = (float[]) out;
    for (int r = 0; r < rows.length; r++) {
      int row = rows[r];
      int to = r * columns.length;
      for (int i = 0; i < columns.length; i++) {
        int column = columns[i];
        picked[to + i] = (row | column) < 0 ? Float.NEGATIVE_INFINITY : elements[row + column];
      }
    }
  }

  @Override
  public void round(double[] x, int n, Object out, int from) {
    float[] elements = (float[]) out;
    for (int i = 0; i < n; i++) {
      elements[from + i] = (float) x[i];
    }
  }

  @Override
  public void multiply(Kernels kernels, Matrix a, Matrix b, Matrix c, boolean accumulate) {
    FloatMatMul.multiply(kernels, a, b, c, accumulate);
  }

  @Override
  public void convolve(Conv2d side, Kernels kernels, ConvShape shape, Span a, Span b, Span out) {
    FloatConv2d.run(side, kernels, shape, a, b, out);
  }

  @Override
  public void copy(StridedCopy mode, Matrix dense, Matrix strided) {
    FloatCopy.strip(kernels(), mode, dense, strided);
  }
}
