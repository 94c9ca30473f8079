package dev.adjoint.kernel;

/**
 * Products that have a single row or column, and whose matrix is contiguous along k: dot products.
 */
final class FloatDots {

  /** Dot products of one chunk of work. */
  private static final int CHUNK = 64;

  private FloatDots() {}

  /**
   * Adds dot products of rows of x with the column y: {@code c[cFrom + i * cStride] += x[i] * y},
   * each one chain, several at a time to hide latency.
   */
  static void multiply(
      int rows, int k, FloatMatrix x, FloatMatrix y, float[] c, int cFrom, int cStride) {
    Parallel.run(
        Math.ceilDiv(rows, CHUNK),
        (long) rows * k / 4,
        chunk -> {
          int i = chunk * CHUNK;
          int end = Math.min(rows, i + CHUNK);
          for (; i + 8 <= end; i += 8) {
            chains8(k, x, i, y, c, cFrom + i * cStride, cStride);
          }
          for (; i < end; i++) {
            int at = cFrom + i * cStride;
            c[at] = chain(k, x, i, y, c[at]);
          }
        });
  }

  private static float chain(int k, FloatMatrix x, int row, FloatMatrix y, float start) {
    float[] xs = x.data();
    float[] ys = y.data();
    float sum = start;
    int p = x.at(row, 0);
    int q = y.from();
    for (int l = 0; l < k; l++, p += x.step(), q += y.rowStride()) {
      sum = Fma.fma(xs[p], ys[q], sum);
    }
    return sum;
  }

  private static void chains8(
      int k, FloatMatrix x, int row, FloatMatrix y, float[] c, int cFrom, int cStride) {
    float[] xs = x.data();
    float[] ys = y.data();
    int next = x.rowStride();
    int xStep = x.step();
    int yStep = y.rowStride();
    float c0 = c[cFrom];
    float c1 = c[cFrom + cStride];
    float c2 = c[cFrom + 2 * cStride];
    float c3 = c[cFrom + 3 * cStride];
    float c4 = c[cFrom + 4 * cStride];
    float c5 = c[cFrom + 5 * cStride];
    float c6 = c[cFrom + 6 * cStride];
    float c7 = c[cFrom + 7 * cStride];
    for (int l = 0, p = x.at(row, 0), q = y.from(); l < k; l++, p += xStep, q += yStep) {
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
    c[cFrom] = c0;
    c[cFrom + cStride] = c1;
    c[cFrom + 2 * cStride] = c2;
    c[cFrom + 3 * cStride] = c3;
    c[cFrom + 4 * cStride] = c4;
    c[cFrom + 5 * cStride] = c5;
    c[cFrom + 6 * cStride] = c6;
    c[cFrom + 7 * cStride] = c7;
  }

  /**
   * Returns the dot product of a row and a column: eight chains, of every eighth product each,
   * added in pairs. One chain would wait for each sum before the next, and would round a long sum
   * worse.
   */
  static float dot(int k, FloatMatrix row, FloatMatrix column) {
    float[] x = row.data();
    float[] y = column.data();
    int xStep = row.step();
    int yStep = column.rowStride();
    float s0 = 0f;
    float s1 = 0f;
    float s2 = 0f;
    float s3 = 0f;
    float s4 = 0f;
    float s5 = 0f;
    float s6 = 0f;
    float s7 = 0f;
    int p = row.from();
    int q = column.from();
    int l = 0;
    for (; l + 8 <= k; l += 8, p += 8 * xStep, q += 8 * yStep) {
      s0 = Fma.fma(x[p], y[q], s0);
      s1 = Fma.fma(x[p + xStep], y[q + yStep], s1);
      s2 = Fma.fma(x[p + 2 * xStep], y[q + 2 * yStep], s2);
      s3 = Fma.fma(x[p + 3 * xStep], y[q + 3 * yStep], s3);
      s4 = Fma.fma(x[p + 4 * xStep], y[q + 4 * yStep], s4);
      s5 = Fma.fma(x[p + 5 * xStep], y[q + 5 * yStep], s5);
      s6 = Fma.fma(x[p + 6 * xStep], y[q + 6 * yStep], s6);
      s7 = Fma.fma(x[p + 7 * xStep], y[q + 7 * yStep], s7);
    }
    for (; l < k; l++, p += xStep, q += yStep) {
      s0 = Fma.fma(x[p], y[q], s0);
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }
}
