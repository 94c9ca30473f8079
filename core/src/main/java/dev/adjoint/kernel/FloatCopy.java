package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Copies a few rows between a contiguous side and a strided one: the loops of {@link StridedCopy}.
 */
final class FloatCopy {

  /** Columns of a block: with a strip of rows, its cache lines on both sides fit the L1 cache. */
  private static final int BLOCK = 64;

  private FloatCopy() {}

  /**
   * Copies {@code rows} rows of {@code columns} elements.
   *
   * @param dense the side whose columns are contiguous
   * @param strided the side whose columns are {@code step} apart
   */
  static void strip(
      StridedCopy.Mode mode,
      int rows,
      int columns,
      float[] dense,
      int d,
      int denseRowStride,
      float[] strided,
      int p,
      int rowStride,
      int step) {
    int block = step == 1 || step == 0 ? columns : BLOCK;
    for (int j = 0; j < columns; j += block) {
      int n = Math.min(block, columns - j);
      for (int i = 0; i < rows; i++) {
        int from = d + i * denseRowStride + j;
        int at = p + i * rowStride + j * step;
        switch (mode) {
          case GATHER -> gather(n, strided, at, step, dense, from);
          case SCATTER -> scatter(n, dense, from, strided, at, step);
          case ADD -> add(n, dense, from, strided, at, step);
        }
      }
    }
  }

  private static void gather(int n, float[] x, int from, int step, float[] out, int to) {
    if (step == 1) {
      System.arraycopy(x, from, out, to, n);
    } else if (step == 0) {
      Arrays.fill(out, to, to + n, x[from]);
    } else {
      for (int j = 0; j < n; j++) {
        out[to + j] = x[from + j * step];
      }
    }
  }

  private static void scatter(int n, float[] x, int from, float[] out, int to, int step) {
    if (step == 1) {
      System.arraycopy(x, from, out, to, n);
    } else {
      for (int j = 0; j < n; j++) {
        out[to + j * step] = x[from + j];
      }
    }
  }

  private static void add(int n, float[] x, int from, float[] out, int to, int step) {
    for (int j = 0; j < n; j++) {
      out[to + j * step] += x[from + j];
    }
  }
}
