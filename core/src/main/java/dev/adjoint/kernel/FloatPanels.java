package dev.adjoint.kernel;

import java.lang.ref.Reference;

/**
 * Packs operands of the matrix product into panels in plain loops: strips of a matrix as wide as
 * the register tile, stored one step of k after another, so that the tile reads memory in order.
 */
public final class FloatPanels {

  private FloatPanels() {}

  /** Packs rows, as {@link Kernels#pack} says. */
  public static void pack(Matrix x, float[] out, int outFrom, int width) {
    if (x.rowStride() == 1) {
      packAlong(x, out, outFrom, width);
      return;
    }
    int depth = x.columns();
    for (int i = 0; i < x.rows(); i += width) {
      Matrix panel = x.block(i, 0, Math.min(width, x.rows() - i), depth);
      packAcross(panel, out, outFrom + i * depth, width);
    }
  }

  /** Rows are contiguous side by side: whole runs are copied, in the order of memory. */
  private static void packAlong(Matrix x, float[] out, int outFrom, int width) {
    float[] data = (float[]) x.data();
    int depth = x.columns();
    for (int l = 0; l < depth; l++) {
      int from = x.at(0, l);
      int to = outFrom + l * width;
      for (int i = 0; i < x.rows(); i += width) {
        System.arraycopy(data, from + i, out, to + i * depth, Math.min(width, x.rows() - i));
      }
    }
  }

  /** Rows are apart: four of them are followed at a time, which fills store buffers better. */
  private static void packAcross(Matrix x, float[] out, int outFrom, int width) {
    float[] data = (float[]) x.data();
    int depth = x.columns();
    int stride = x.rowStride();
    int step = x.columnStride();
    int i = 0;
    for (; i + 4 <= x.rows(); i += 4) {
      int p = x.at(i, 0);
      int q = outFrom + i;
      for (int l = 0; l < depth; l++, p += step, q += width) {
        out[q] = data[p];
        out[q + 1] = data[p + stride];
        out[q + 2] = data[p + 2 * stride];
        out[q + 3] = data[p + 3 * stride];
      }
    }
    for (; i < x.rows(); i++) {
      int p = x.at(i, 0);
      int q = outFrom + i;
      for (int l = 0; l < depth; l++, p += step, q += width) {
        out[q] = data[p];
      }
    }
  }

  /**
   * Reads a matrix row by row, one element of each cache line: who then reads it in narrow strips
   * finds it in the cache, where reading it so at first would wait for memory line by line.
   */
  static void fetch(Matrix x) {
    float[] data = (float[]) x.data();
    int any = 0;
    try {
      for (int i = 0; i < x.rows(); i++) {
        int end = x.at(i, x.columns());
        for (int p = x.at(i, 0); p < end; p += 16) {
          any |= data[p] == 0f ? 1 : 2;
        }
      }
    } finally {
      Reference.reachabilityFence(any); // or the compiler leaves the reading out
    }
  }
}
