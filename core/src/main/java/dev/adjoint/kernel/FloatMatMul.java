package dev.adjoint.kernel;

import dev.adjoint.kernel.FloatPanels.Slot;

/**
 * One matrix product: {@code c = a * b} or {@code c += a * b}.
 *
 * <p>Every element of c is one chain of fused multiply-adds over {@code k = 0, 1, ...}, whichever
 * way below is taken. So results do not depend on the provider, its tile, or the number of threads.
 * The one exception is a single dot product, which is several chains: see {@link #dot}.
 */
final class FloatMatMul {

  /** Steps of k that are done before the tile moves on: a panel of b then stays in the L1 cache. */
  private static final int DEPTH = 256;

  /**
   * Rows and columns of c that one set of packed panels serves: the panels stay in the L2 cache.
   */
  private static final int SPAN = 1024;

  /** Rows of c in one chunk of work; a multiple of every provider's tile. */
  private static final int CHUNK_ROWS = 128;

  /** Columns of c in one chunk of work; a multiple of every provider's tile. */
  private static final int CHUNK_COLUMNS = 256;

  /** Up to this many elements, b is read in place (or packed whole) rather than in panels. */
  private static final int SMALL = 8192;

  private final Kernels kernels;
  private final int m;
  private final int n;
  private final int k;
  private final float[] a;
  private final int aFrom;
  private final int aRowStride;
  private final int aColumnStride;
  private final float[] b;
  private final int bFrom;
  private final int bRowStride;
  private final int bColumnStride;
  private final float[] c;
  private final int cFrom;
  private final int cRowStride;

  private FloatMatMul(
      Kernels kernels,
      int m,
      int n,
      int k,
      float[] a,
      int aFrom,
      int aRowStride,
      int aColumnStride,
      float[] b,
      int bFrom,
      int bRowStride,
      int bColumnStride,
      float[] c,
      int cFrom,
      int cRowStride) {
    this.kernels = kernels;
    this.m = m;
    this.n = n;
    this.k = k;
    this.a = a;
    this.aFrom = aFrom;
    this.aRowStride = aRowStride;
    this.aColumnStride = aColumnStride;
    this.b = b;
    this.bFrom = bFrom;
    this.bRowStride = bRowStride;
    this.bColumnStride = bColumnStride;
    this.c = c;
    this.cFrom = cFrom;
    this.cRowStride = cRowStride;
  }

  /** Computes a product as {@link MatMul#multiply} says. */
  static void multiply(
      Kernels kernels,
      int m,
      int n,
      int k,
      float[] a,
      int aFrom,
      int aRowStride,
      int aColumnStride,
      float[] b,
      int bFrom,
      int bRowStride,
      int bColumnStride,
      float[] c,
      int cFrom,
      int cRowStride,
      boolean accumulate) {
    FloatMatMul product;
    if (n == 1 && m > 1 && aRowStride == 1 && cRowStride == 1) {
      // A column is a row of the transposed product, which walks along contiguous memory.
      product =
          new FloatMatMul(
              kernels,
              1,
              m,
              k,
              b,
              bFrom,
              bColumnStride,
              bRowStride,
              a,
              aFrom,
              aColumnStride,
              aRowStride,
              c,
              cFrom,
              m);
    } else {
      product =
          new FloatMatMul(
              kernels,
              m,
              n,
              k,
              a,
              aFrom,
              aRowStride,
              aColumnStride,
              b,
              bFrom,
              bRowStride,
              bColumnStride,
              c,
              cFrom,
              cRowStride);
    }
    product.run(accumulate);
  }

  private void run(boolean accumulate) {
    if (!accumulate) {
      FloatPanels.clear(m, n, c, cFrom, cRowStride);
    }
    if (m == 0 || n == 0 || k == 0) {
      return;
    }
    if (m == 1 && n == 1) {
      c[cFrom] += dot(k, a, aFrom, aColumnStride, b, bFrom, bRowStride);
    } else if (n == 1) {
      dots(m, a, aFrom, aRowStride, aColumnStride, b, bFrom, bRowStride, cRowStride);
    } else if (m == 1 && bColumnStride != 1) {
      dots(n, b, bFrom, bColumnStride, bRowStride, a, aFrom, aColumnStride, 1);
    } else if (bColumnStride == 1 && isInPlaceBest()) {
      inPlace(b, bFrom, bRowStride);
    } else if ((long) n * k <= SMALL) {
      float[] packed = FloatPanels.scratch(Slot.B, n * k);
      FloatPanels.pack(n, k, b, bFrom, bColumnStride, bRowStride, packed, 0, n);
      inPlace(packed, 0, n);
    } else {
      packed();
    }
  }

  private boolean isInPlaceBest() {
    return (long) n * k <= SMALL || m <= 2 * kernels.tileRows();
  }

  private long estimatedNanos(long fmas) {
    return fmas / 32;
  }

  // ---- one row or one column
  // -----------------------------------------------------------------------

  /** Computes dot products of many vectors with one, several at a time to hide latency. */
  private void dots(
      int count,
      float[] x,
      int xFrom,
      int xStride,
      int xStep,
      float[] y,
      int yFrom,
      int yStep,
      int cStride) {
    int chunk = 64;
    Parallel.run(
        Math.ceilDiv(count, chunk),
        estimatedNanos(16L * count * k),
        piece -> {
          int from = piece * chunk;
          int to = Math.min(count, from + chunk);
          int i = from;
          for (; i + 8 <= to; i += 8) {
            dots8(
                k,
                x,
                xFrom + i * xStride,
                xStride,
                xStep,
                y,
                yFrom,
                yStep,
                c,
                cFrom + i * cStride,
                cStride);
          }
          for (; i < to; i++) {
            float sum = c[cFrom + i * cStride];
            int p = xFrom + i * xStride;
            int q = yFrom;
            for (int l = 0; l < k; l++, p += xStep, q += yStep) {
              sum = Math.fma(x[p], y[q], sum);
            }
            c[cFrom + i * cStride] = sum;
          }
        });
  }

  private static void dots8(
      int k,
      float[] x,
      int xFrom,
      int xStride,
      int xStep,
      float[] y,
      int yFrom,
      int yStep,
      float[] c,
      int cFrom,
      int cStride) {
    float c0 = c[cFrom];
    float c1 = c[cFrom + cStride];
    float c2 = c[cFrom + 2 * cStride];
    float c3 = c[cFrom + 3 * cStride];
    float c4 = c[cFrom + 4 * cStride];
    float c5 = c[cFrom + 5 * cStride];
    float c6 = c[cFrom + 6 * cStride];
    float c7 = c[cFrom + 7 * cStride];
    for (int l = 0, p = xFrom, q = yFrom; l < k; l++, p += xStep, q += yStep) {
      float u = y[q];
      c0 = Math.fma(x[p], u, c0);
      c1 = Math.fma(x[p + xStride], u, c1);
      c2 = Math.fma(x[p + 2 * xStride], u, c2);
      c3 = Math.fma(x[p + 3 * xStride], u, c3);
      c4 = Math.fma(x[p + 4 * xStride], u, c4);
      c5 = Math.fma(x[p + 5 * xStride], u, c5);
      c6 = Math.fma(x[p + 6 * xStride], u, c6);
      c7 = Math.fma(x[p + 7 * xStride], u, c7);
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
   * Returns a dot product: eight chains, of every eighth product each, added in pairs. One chain
   * would wait for each sum before the next, and would round a long sum worse.
   */
  private static float dot(
      int k, float[] x, int xFrom, int xStep, float[] y, int yFrom, int yStep) {
    float s0 = 0f;
    float s1 = 0f;
    float s2 = 0f;
    float s3 = 0f;
    float s4 = 0f;
    float s5 = 0f;
    float s6 = 0f;
    float s7 = 0f;
    int p = xFrom;
    int q = yFrom;
    int l = 0;
    for (; l + 8 <= k; l += 8, p += 8 * xStep, q += 8 * yStep) {
      s0 = Math.fma(x[p], y[q], s0);
      s1 = Math.fma(x[p + xStep], y[q + yStep], s1);
      s2 = Math.fma(x[p + 2 * xStep], y[q + 2 * yStep], s2);
      s3 = Math.fma(x[p + 3 * xStep], y[q + 3 * yStep], s3);
      s4 = Math.fma(x[p + 4 * xStep], y[q + 4 * yStep], s4);
      s5 = Math.fma(x[p + 5 * xStep], y[q + 5 * yStep], s5);
      s6 = Math.fma(x[p + 6 * xStep], y[q + 6 * yStep], s6);
      s7 = Math.fma(x[p + 7 * xStep], y[q + 7 * yStep], s7);
    }
    for (; l < k; l++, p += xStep, q += yStep) {
      s0 = Math.fma(x[p], y[q], s0);
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }

  // ---- both operands where they are
  // ----------------------------------------------------------------

  /** Computes the product with both operands in place; the columns of b are contiguous. */
  private void inPlace(float[] b, int bFrom, int bRowStride) {
    int columnChunks = Math.ceilDiv(n, CHUNK_COLUMNS);
    int chunks = Math.ceilDiv(m, CHUNK_ROWS) * columnChunks;
    long nanos = estimatedNanos((long) m * n * k);
    Parallel.run(
        chunks,
        nanos,
        chunk -> {
          int i0 = chunk / columnChunks * CHUNK_ROWS;
          int j0 = chunk % columnChunks * CHUNK_COLUMNS;
          int i1 = Math.min(m, i0 + CHUNK_ROWS);
          int j1 = Math.min(n, j0 + CHUNK_COLUMNS);
          for (int k0 = 0; k0 < k; k0 += DEPTH) {
            int depth = Math.min(DEPTH, k - k0);
            inPlace(i0, i1, j0, j1, k0, depth, b, bFrom, bRowStride);
          }
        });
  }

  private void inPlace(
      int i0, int i1, int j0, int j1, int k0, int depth, float[] b, int bFrom, int bRowStride) {
    int rows = kernels.tileRows();
    int columns = kernels.tileColumns();
    for (int j = j0; j < j1; j += columns) {
      for (int i = i0; i < i1; i += rows) {
        kernels.tile(
            Math.min(rows, i1 - i),
            Math.min(columns, j1 - j),
            depth,
            a,
            aFrom + i * aRowStride + k0 * aColumnStride,
            aRowStride,
            aColumnStride,
            b,
            bFrom + k0 * bRowStride + j,
            bRowStride,
            c,
            cFrom + i * cRowStride + j,
            cRowStride);
      }
    }
  }

  // ---- packed panels
  // -------------------------------------------------------------------------------

  private void packed() {
    int rows = kernels.tileRows();
    int columns = kernels.tileColumns();
    int depthLimit = Math.min(k, DEPTH);
    // The caller's buffers: helpers fill and read them, and are done before the caller goes on.
    float[] aPanels =
        FloatPanels.scratch(Slot.A, Math.ceilDiv(Math.min(m, SPAN), rows) * rows * depthLimit);
    float[] bPanels =
        FloatPanels.scratch(
            Slot.B, Math.ceilDiv(Math.min(n, SPAN), columns) * columns * depthLimit);
    for (int j0 = 0; j0 < n; j0 += SPAN) {
      int width = Math.min(SPAN, n - j0);
      for (int k0 = 0; k0 < k; k0 += DEPTH) {
        int depth = Math.min(DEPTH, k - k0);
        for (int i0 = 0; i0 < m; i0 += SPAN) {
          int height = Math.min(SPAN, m - i0);
          pack(i0, height, j0, i0 == 0 ? width : 0, k0, depth, aPanels, bPanels);
          multiplyPanels(i0, height, j0, width, depth, aPanels, bPanels);
        }
      }
    }
  }

  /** Packs {@code height} rows of a and {@code width} columns of b. */
  private void pack(
      int i0, int height, int j0, int width, int k0, int depth, float[] aPanels, float[] bPanels) {
    int rows = kernels.tileRows();
    int columns = kernels.tileColumns();
    int aChunks = Math.ceilDiv(height, CHUNK_ROWS);
    int bChunks = Math.ceilDiv(width, CHUNK_COLUMNS);
    Parallel.run(
        aChunks + bChunks,
        ((long) height + width) * depth / 2,
        chunk -> {
          if (chunk < aChunks) {
            int end = Math.min(height, (chunk + 1) * CHUNK_ROWS);
            for (int i = chunk * CHUNK_ROWS; i < end; i += rows) {
              FloatPanels.pack(
                  Math.min(rows, end - i),
                  depth,
                  a,
                  aFrom + (i0 + i) * aRowStride + k0 * aColumnStride,
                  aRowStride,
                  aColumnStride,
                  aPanels,
                  i * depth,
                  rows);
            }
          } else {
            int end = Math.min(width, (chunk - aChunks + 1) * CHUNK_COLUMNS);
            for (int j = (chunk - aChunks) * CHUNK_COLUMNS; j < end; j += columns) {
              FloatPanels.pack(
                  Math.min(columns, end - j),
                  depth,
                  b,
                  bFrom + (j0 + j) * bColumnStride + k0 * bRowStride,
                  bColumnStride,
                  bRowStride,
                  bPanels,
                  j * depth,
                  columns);
            }
          }
        });
  }

  private void multiplyPanels(
      int i0, int height, int j0, int width, int depth, float[] aPanels, float[] bPanels) {
    int rows = kernels.tileRows();
    int columns = kernels.tileColumns();
    int columnChunks = Math.ceilDiv(width, CHUNK_COLUMNS);
    Parallel.run(
        Math.ceilDiv(height, CHUNK_ROWS) * columnChunks,
        estimatedNanos((long) height * width * depth),
        chunk -> {
          int iFrom = chunk / columnChunks * CHUNK_ROWS;
          int jFrom = chunk % columnChunks * CHUNK_COLUMNS;
          int iTo = Math.min(height, iFrom + CHUNK_ROWS);
          int jTo = Math.min(width, jFrom + CHUNK_COLUMNS);
          for (int j = jFrom; j < jTo; j += columns) {
            for (int i = iFrom; i < iTo; i += rows) {
              kernels.tile(
                  Math.min(rows, iTo - i),
                  Math.min(columns, jTo - j),
                  depth,
                  aPanels,
                  i * depth,
                  1,
                  rows,
                  bPanels,
                  j * depth,
                  columns,
                  c,
                  cFrom + (i0 + i) * cRowStride + j0 + j,
                  cRowStride);
            }
          }
        });
  }
}
