package dev.adjoint.kernel;

/**
 * Products that have a single row or column, and whose matrix is contiguous along k: dot products.
 * Each block of k is one chain, as in any product, and several chains run at a time.
 */
final class FloatDots {

  /** Dot products of one chunk of work. */
  private static final int CHUNK = 64;

  private FloatDots() {}

  /** Adds dot products of rows of x with the column y: {@code c[i] += x[i] * y}. */
  static void multiply(Matrix x, Matrix y, Matrix c) {
    int k = x.columns();
    Parallel.runRanges(
        x.rows(),
        1,
        CHUNK,
        (long) x.rows() * k / 4,
        (from, to) -> {
          for (int l = 0; l < k; l += FloatMatMul.DEPTH) {
            int depth = Math.min(FloatMatMul.DEPTH, k - l);
            add(x.block(from, l, to - from, depth), y, l, c, from);
          }
        });
  }

  /** Adds the products of one block of k, eight rows at a time to hide latency. */
  private static void add(Matrix x, Matrix y, int k, Matrix c, int row) {
    float[] sums = (float[]) c.data();
    int q = y.at(k, 0);
    int i = 0;
    for (; i + 8 <= x.rows(); i += 8) {
      chains8(x, x.at(i, 0), y, q, sums, c.at(row + i, 0), c.rowStride());
    }
    for (; i < x.rows(); i++) {
      sums[c.at(row + i, 0)] += chain(x.columns(), x, x.at(i, 0), y, q);
    }
  }

  /** Adds a dot product to one element: four blocks at a time, where there are as many. */
  static void dot(Matrix row, Matrix column, Matrix c) {
    float[] x = (float[]) row.data();
    float[] y = (float[]) column.data();
    float[] sums = (float[]) c.data();
    int at = c.from();
    int k = row.columns();
    int depth = FloatMatMul.DEPTH;
    int xStep = row.columnStride();
    int yStep = column.rowStride();
    int xNext = depth * xStep;
    int yNext = depth * yStep;
    int l = 0;
    for (; l + 4 * depth <= k; l += 4 * depth) {
      float s0 = 0f;
      float s1 = 0f;
      float s2 = 0f;
      float s3 = 0f;
      int p = row.at(0, l);
      int q = column.at(l, 0);
      for (int i = 0; i < depth; i++, p += xStep, q += yStep) {
        s0 = Fma.fma(x[p], y[q], s0);
        s1 = Fma.fma(x[p + xNext], y[q + yNext], s1);
        s2 = Fma.fma(x[p + 2 * xNext], y[q + 2 * yNext], s2);
        s3 = Fma.fma(x[p + 3 * xNext], y[q + 3 * yNext], s3);
      }
      sums[at] = (((sums[at] + s0) + s1) + s2) + s3;
    }
    for (; l < k; l += depth) {
      sums[at] += chain(Math.min(depth, k - l), row, row.at(0, l), column, column.at(l, 0));
    }
  }

  private static float chain(int k, Matrix x, int xFrom, Matrix y, int yFrom) {
    float[] xs = (float[]) x.data();
    float[] ys = (float[]) y.data();
    float sum = 0f;
    for (int l = 0, p = xFrom, q = yFrom; l < k; l++, p += x.columnStride(), q += y.rowStride()) {
      sum = Fma.fma(xs[p], ys[q], sum);
    }
    return sum;
  }

  private static void chains8(
      Matrix x, int xFrom, Matrix y, int yFrom, float[] c, int cFrom, int cNext) {
    float[] xs = (float[]) x.data();
    float[] ys = (float[]) y.data();
    int k = x.columns();
    int next = x.rowStride();
    int xStep = x.columnStride();
    int yStep = y.rowStride();
    float c0 = 0f;
    float c1 = 0f;
    float c2 = 0f;
    float c3 = 0f;
    float c4 = 0f;
    float c5 = 0f;
    float c6 = 0f;
    float c7 = 0f;
    for (int l = 0, p = xFrom, q = yFrom; l < k; l++, p += xStep, q += yStep) {
      float u = ys[q];
      c0 = Fma.fma(xs[p], u, c0);
      c1 = Fma.fma(xs[p + next], u, c1);
      c2 = Fma.fma(xs[p + 2 * next], u, c2);
      c3 = Fma.fma(xs[p + 3 * next], u, c3);
      c4 = Fma.fma(xs[p + 4 * next], u, c4);
      c5 = Fma.fma(xs[p + 5 * next], u, c5);
      c6 = Fma.fma(xs[p + 6 * next], u, c6);
      c7 = Fma.fma(xs[p + 7 * next], u, c7);
    }
    c[cFrom] += c0;
    c[cFrom + cNext] += c1;
    c[cFrom + 2 * cNext] += c2;
    c[cFrom + 3 * cNext] += c3;
    c[cFrom + 4 * cNext] += c4;
    c[cFrom + 5 * cNext] += c5;
    c[cFrom + 6 * cNext] += c6;
    c[cFrom + 7 * cNext] += c7;
  }
}
