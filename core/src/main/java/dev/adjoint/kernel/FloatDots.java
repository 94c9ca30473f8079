package dev.adjoint.kernel;

/**
 * Products that have a single row or column, and whose matrix is contiguous along k: dot products.
 * Each block of k is one chain, as in any product, and several chains run at a time.
 */
final class FloatDots {

  /** Dot products of one chunk of work. */
  private static final int CHUNK = 64;

  private FloatDots() {}

  /**
   * Adds dot products of rows of x with the column y: {@code c[cFrom + i * cStride] += x[i] * y}.
   */
  static void multiply(
      int rows, int k, FloatMatrix x, FloatMatrix y, float[] c, int cFrom, int cStride) {
    Parallel.run(
        Math.ceilDiv(rows, CHUNK),
        (long) rows * k / 4,
        chunk -> {
          int i = chunk * CHUNK;
          int end = Math.min(rows, i + CHUNK);
          for (int l = 0; l < k; l += FloatMatMul.DEPTH) {
            add(
                x,
                i,
                end - i,
                y,
                l,
                Math.min(FloatMatMul.DEPTH, k - l),
                c,
                cFrom + i * cStride,
                cStride);
          }
        });
  }

  /** Adds the products of one block of k, eight rows at a time to hide latency. */
  private static void add(
      FloatMatrix x,
      int row,
      int rows,
      FloatMatrix y,
      int k,
      int depth,
      float[] c,
      int cFrom,
      int cStride) {
    int q = y.at(k, 0);
    int i = 0;
    for (; i + 8 <= rows; i += 8) {
      chains8(depth, x, x.at(row + i, k), y, q, c, cFrom + i * cStride, cStride);
    }
    for (; i < rows; i++) {
      c[cFrom + i * cStride] += chain(depth, x, x.at(row + i, k), y, q);
    }
  }

  /** Adds a dot product to one element: four blocks at a time, where there are as many. */
  static void dot(int k, FloatMatrix row, FloatMatrix column, float[] c, int at) {
    float[] x = row.data();
    float[] y = column.data();
    int depth = FloatMatMul.DEPTH;
    int xNext = depth * row.step();
    int yNext = depth * column.rowStride();
    int l = 0;
    for (; l + 4 * depth <= k; l += 4 * depth) {
      float s0 = 0f;
      float s1 = 0f;
      float s2 = 0f;
      float s3 = 0f;
      int p = row.at(0, l);
      int q = column.at(l, 0);
      for (int i = 0; i < depth; i++, p += row.step(), q += column.rowStride()) {
        s0 = Fma.fma(x[p], y[q], s0);
        s1 = Fma.fma(x[p + xNext], y[q + yNext], s1);
        s2 = Fma.fma(x[p + 2 * xNext], y[q + 2 * yNext], s2);
        s3 = Fma.fma(x[p + 3 * xNext], y[q + 3 * yNext], s3);
      }
      c[at] = (((c[at] + s0) + s1) + s2) + s3;
    }
    for (; l < k; l += depth) {
      c[at] += chain(Math.min(depth, k - l), row, row.at(0, l), column, column.at(l, 0));
    }
  }

  private static float chain(int k, FloatMatrix x, int xFrom, FloatMatrix y, int yFrom) {
    float[] xs = x.data();
    float[] ys = y.data();
    float sum = 0f;
    for (int l = 0, p = xFrom, q = yFrom; l < k; l++, p += x.step(), q += y.rowStride()) {
      sum = Fma.fma(xs[p], ys[q], sum);
    }
    return sum;
  }

  private static void chains8(
      int k, FloatMatrix x, int xFrom, FloatMatrix y, int yFrom, float[] c, int cFrom, int cNext) {
    float[] xs = x.data();
    float[] ys = y.data();
    int next = x.rowStride();
    int xStep = x.step();
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
