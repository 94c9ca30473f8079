package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Packs operands of the matrix product into panels: strips of a matrix as wide as the register
 * tile, stored one step of k after another, so that the tile reads memory in order.
 */
final class FloatPanels {

  /** Buffers of one thread, reused; they only grow. */
  private static final ThreadLocal<float[][]> SCRATCH =
      ThreadLocal.withInitial(() -> new float[Slot.values().length][0]);

  /** What a scratch buffer is for; a thread uses each for one thing at a time. */
  enum Slot {
    A,
    B,
    PATCHES,
    PRODUCT
  }

  private FloatPanels() {}

  /** Returns this thread's buffer for a purpose, with room for {@code n} elements. */
  static float[] scratch(Slot slot, int n) {
    float[][] buffers = SCRATCH.get();
    float[] buffer = buffers[slot.ordinal()];
    if (buffer.length < n) {
      buffer = Buffers.uninitializedFloats(n);
      buffers[slot.ordinal()] = buffer;
    }
    return buffer;
  }

  /**
   * Packs one panel: {@code out[outFrom + k * width + i] = x[from + i * stride + k * depthStride]}
   * for {@code i < count}. A panel at the edge may have fewer than {@code width} lines; the rest of
   * it is left as it was, and is not read.
   */
  static void pack(
      int count,
      int depth,
      float[] x,
      int from,
      int stride,
      int depthStride,
      float[] out,
      int outFrom,
      int width) {
    if (stride == 1) {
      for (int k = 0; k < depth; k++) {
        System.arraycopy(x, from + k * depthStride, out, outFrom + k * width, count);
      }
      return;
    }
    int i = 0;
    for (; i + 4 <= count; i += 4) { // four lines at once fill a store buffer better than one
      int p = from + i * stride;
      int q = outFrom + i;
      for (int k = 0; k < depth; k++, p += depthStride, q += width) {
        out[q] = x[p];
        out[q + 1] = x[p + stride];
        out[q + 2] = x[p + 2 * stride];
        out[q + 3] = x[p + 3 * stride];
      }
    }
    for (; i < count; i++) {
      int p = from + i * stride;
      int q = outFrom + i;
      for (int k = 0; k < depth; k++, p += depthStride, q += width) {
        out[q] = x[p];
      }
    }
  }

  /** Sets a matrix to zero. */
  static void clear(int rows, int columns, float[] c, int from, int rowStride) {
    if (rowStride == columns) {
      Arrays.fill(c, from, from + rows * columns, 0f);
      return;
    }
    for (int i = 0; i < rows; i++) {
      Arrays.fill(c, from + i * rowStride, from + i * rowStride + columns, 0f);
    }
  }
}
