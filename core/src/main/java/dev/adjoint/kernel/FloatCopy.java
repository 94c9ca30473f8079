package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Copies a few rows between a contiguous side and a strided one: the loops of {@link StridedCopy}.
 */
final class FloatCopy {

  /** Columns of a block: with a strip of rows, its cache lines on both sides fit the L1 cache. */
  private static final int BLOCK = 64;

  /** Columns so far apart, or a multiple of it, compete for few places of the L1 cache. */
  private static final int CROWDED = 256;

  private FloatCopy() {}

  /**
   * Copies rows.
   *
   * @param dense the side whose columns are contiguous
   */
  static void strip(StridedCopy mode, Matrix dense, Matrix strided) {
    float[] x = (float[]) dense.data();
    float[] y = (float[]) strided.data();
    int step = strided.columnStride();
    if (mode == StridedCopy.GATHER && step != 0 && step % CROWDED == 0) {
      gatherCrowded(dense, strided);
      return;
    }
    int block = step == 1 || step == 0 ? dense.columns() : BLOCK;
    for (int j = 0; j < dense.columns(); j += block) {
      int n = Math.min(block, dense.columns() - j);
      for (int i = 0; i < dense.rows(); i++) {
        int from = dense.at(i, j);
        int at = strided.at(i, j);
        switch (mode) {
          case GATHER -> gather(n, y, at, step, x, from);
          case SCATTER -> scatter(n, x, from, y, at, step);
          case ADD -> add(n, x, from, y, at, step);
        }
      }
    }
  }

  /** Gathers eight columns at a time, whose lines the L1 cache holds until all rows have them. */
  private static void gatherCrowded(Matrix dense, Matrix strided) {
    float[] x = (float[]) strided.data();
    float[] out = (float[]) dense.data();
    int step = strided.columnStride();
    int j = 0;
    for (; j + 8 <= dense.columns(); j += 8) {
      for (int i = 0; i < dense.rows(); i++) {
        int from = strided.at(i, j);
        int to = dense.at(i, j);
        out[to] = x[from];
        out[to + 1] = x[from + step];
        out[to + 2] = x[from + 2 * step];
        out[to + 3] = x[from + 3 * step];
        out[to + 4] = x[from + 4 * step];
        out[to + 5] = x[from + 5 * step];
        out[to + 6] = x[from + 6 * step];
        out[to + 7] = x[from + 7 * step];
      }
    }
    for (int i = 0; i < dense.rows(); i++) {
      gather(dense.columns() - j, x, strided.at(i, j), step, out, dense.at(i, j));
    }
  }

  static void gather(int n, float[] x, int from, int step, float[] out, int to) {
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

  static void scatter(int n, float[] x, int from, float[] out, int to, int step) {
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
