package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Copies a few rows between a contiguous side and a strided one: the loops of {@link StridedCopy}.
 */
final class FloatCopy {

  /** Columns of a block: with a strip of rows, its cache lines on both sides fit the L1 cache. */
  private static final int BLOCK = 64;

  /** Rows so far apart, or a multiple of it, compete for few places of the L1 cache. */
  private static final int CROWDED = 256;

  /** So many of these are written at a time. */
  private static final int NARROW = 16;

  /** The fewest rows and columns that are worth a transpose. */
  private static final int LEAST = 8;

  private FloatCopy() {}

  /**
   * Copies rows.
   *
   * @param dense the side whose columns are contiguous
   */
  static void strip(Kernels kernels, StridedCopy mode, Matrix dense, Matrix strided) {
    float[] x = (float[]) dense.data();
    float[] y = (float[]) strided.data();
    int step = strided.columnStride();
    if (isTranspose(mode, strided)) {
      Matrix from = mode == StridedCopy.GATHER ? strided.transpose() : dense;
      Matrix to = mode == StridedCopy.GATHER ? dense : strided.transpose();
      transpose(kernels, from, to);
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

  /** Tells whether the rows lie side by side, so that one side is a transpose of the other. */
  private static boolean isTranspose(StridedCopy mode, Matrix strided) {
    int step = strided.columnStride();
    return strided.rowStride() == 1
        && Math.min(strided.rows(), strided.columns()) >= LEAST
        && (mode == StridedCopy.GATHER
            ? Math.abs(step) > 1
            : mode == StridedCopy.SCATTER && step >= strided.rows());
  }

  /** Writes columns as rows, all of them unless their lines are crowded. */
  private static void transpose(Kernels kernels, Matrix from, Matrix to) {
    int width = to.rowStride();
    int block = width % CROWDED == 0 ? NARROW : from.columns();
    for (int j = 0; j < from.columns(); j += block) {
      Matrix some = from.block(0, j, from.rows(), Math.min(block, from.columns() - j));
      kernels.pack(some, to.data(), to.at(j, 0), width);
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
