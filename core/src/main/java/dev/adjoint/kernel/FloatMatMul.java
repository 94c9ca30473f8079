package dev.adjoint.kernel;

/**
 * One matrix product: {@code c = a * b} or {@code c += a * b}.
 *
 * <p>Every element of c is a sum of blocks in their order, and each block one chain of fused
 * multiply-adds over its {@code k}, whichever way below is taken. So results do not depend on the
 * provider, its tile, or the number of threads (ADR 6).
 */
final class FloatMatMul {

  /** Steps of k in a block: with 512, rounding a sum of a million terms costs the least. */
  static final int DEPTH = 512;

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
  private final FloatMatrix a;
  private final FloatMatrix b;
  private final FloatMatrix c;

  private FloatMatMul(
      Kernels kernels, int m, int n, int k, FloatMatrix a, FloatMatrix b, FloatMatrix c) {
    this.kernels = kernels;
    this.m = m;
    this.n = n;
    this.k = k;
    this.a = a;
    this.b = b;
    this.c = c;
  }

  /** Computes a product as {@link MatMul#multiply} says. */
  static void multiply(
      Kernels kernels,
      int m,
      int n,
      int k,
      FloatMatrix a,
      FloatMatrix b,
      FloatMatrix c,
      boolean accumulate) {
    if (!accumulate) {
      c.clear(m, n);
    }
    if (m == 0 || n == 0 || k == 0) {
      return;
    }
    if (m == 1 && n == 1) {
      FloatDots.dot(k, a, b, c.data(), c.from());
    } else if (n == 1 && a.rowStride() == 1 && c.rowStride() == 1) {
      // A column is a row of the transposed product, which walks along contiguous memory.
      new FloatMatMul(kernels, 1, m, k, b.transpose(), a.transpose(), c.transpose()).multiply();
    } else if (n == 1) {
      FloatDots.multiply(m, k, a, b, c.data(), c.from(), c.rowStride());
    } else if (m == 1 && b.step() != 1) {
      FloatDots.multiply(n, k, b.transpose(), a.transpose(), c.data(), c.from(), 1);
    } else {
      new FloatMatMul(kernels, m, n, k, a, b, c).multiply();
    }
  }

  private void multiply() {
    if (b.step() == 1 && (isSmall() || m <= kernels.tileRows())) {
      multiplyInPlace(b);
    } else if (isSmall()) {
      float[] packed = FloatScratch.B.take(n * k);
      FloatPanels.pack(b.transpose(), 0, n, 0, k, packed, 0, n);
      multiplyInPlace(new FloatMatrix(packed, 0, n, 1));
      FloatScratch.B.give(packed);
    } else {
      multiplyInPanels();
    }
  }

  private boolean isSmall() {
    return (long) n * k <= SMALL;
  }

  private static long estimatedNanos(long m, long n, long k) {
    return m * n * k / 32;
  }

  // ---- both operands where they are; the columns of b are contiguous
  // -----------------------------

  private void multiplyInPlace(FloatMatrix b) {
    int columnChunks = Math.ceilDiv(n, CHUNK_COLUMNS);
    Parallel.run(
        Math.ceilDiv(m, CHUNK_ROWS) * columnChunks,
        estimatedNanos(m, n, k),
        chunk -> {
          int i = chunk / columnChunks * CHUNK_ROWS;
          int j = chunk % columnChunks * CHUNK_COLUMNS;
          int rows = Math.min(CHUNK_ROWS, m - i);
          int columns = Math.min(CHUNK_COLUMNS, n - j);
          int[] aRows = FloatTiles.multiples(Math.min(m, kernels.tileRows()), a.rowStride());
          FloatTiles tiles =
              new FloatTiles(
                  kernels,
                  a.data(),
                  aRows,
                  a.step(),
                  a.rowStride(),
                  b.data(),
                  b.rowStride(),
                  FloatTiles.NO_TAPS,
                  1);
          for (int l = 0; l < k; l += DEPTH) {
            int depth = Math.min(DEPTH, k - l);
            if (m > 2 && !isSmall()) {
              b.fetch(l, depth, j, columns);
            }
            tiles.add(
                rows, columns, depth, a.at(i, l), b.at(l, j), c.data(), c.at(i, j), c.rowStride());
          }
        });
  }

  // ---- packed panels
  // -------------------------------------------------------------------------------

  private void multiplyInPanels() {
    int depth = Math.min(k, DEPTH);
    // The caller's buffers: helpers fill and read them, and are done before the caller goes on.
    float[] aPanels = FloatScratch.A.take(panelSize(m, kernels.tileRows(), depth));
    float[] bPanels = FloatScratch.B.take(panelSize(n, kernels.tileColumns(), depth));
    for (int j = 0; j < n; j += SPAN) {
      for (int l = 0; l < k; l += DEPTH) {
        for (int i = 0; i < m; i += SPAN) {
          Block block =
              new Block(
                  i, Math.min(SPAN, m - i), j, Math.min(SPAN, n - j), l, Math.min(DEPTH, k - l));
          pack(block, aPanels, bPanels);
          multiply(block, aPanels, bPanels);
        }
      }
    }
    FloatScratch.A.give(aPanels);
    FloatScratch.B.give(bPanels);
  }

  private static int panelSize(int lines, int width, int depth) {
    return Math.ceilDiv(Math.min(lines, SPAN), width) * width * depth;
  }

  /** A part of the product that is done with one set of panels. */
  private record Block(int i, int rows, int j, int columns, int l, int depth) {}

  /** Packs the rows of a, and the columns of b unless the block before had the same. */
  private void pack(Block block, float[] aPanels, float[] bPanels) {
    int columns = block.i == 0 ? block.columns : 0;
    int aChunks = Math.ceilDiv(block.rows, CHUNK_ROWS);
    int bChunks = Math.ceilDiv(columns, CHUNK_COLUMNS);
    FloatMatrix bLines = b.transpose();
    Parallel.run(
        aChunks + bChunks,
        ((long) block.rows + columns) * block.depth / 2,
        chunk -> {
          if (chunk < aChunks) {
            int i = chunk * CHUNK_ROWS;
            int lines = Math.min(CHUNK_ROWS, block.rows - i);
            FloatPanels.pack(
                a,
                block.i + i,
                lines,
                block.l,
                block.depth,
                aPanels,
                i * block.depth,
                kernels.tileRows());
          } else {
            int j = (chunk - aChunks) * CHUNK_COLUMNS;
            int lines = Math.min(CHUNK_COLUMNS, columns - j);
            FloatPanels.pack(
                bLines,
                block.j + j,
                lines,
                block.l,
                block.depth,
                bPanels,
                j * block.depth,
                kernels.tileColumns());
          }
        });
  }

  private void multiply(Block block, float[] aPanels, float[] bPanels) {
    int depth = block.depth;
    int width = kernels.tileColumns();
    int[] aRows = FloatTiles.multiples(kernels.tileRows(), 1);
    FloatTiles tiles =
        new FloatTiles(
            kernels,
            aPanels,
            aRows,
            aRows.length,
            depth,
            bPanels,
            width,
            FloatTiles.NO_TAPS,
            depth);
    int columnChunks = Math.ceilDiv(block.columns, CHUNK_COLUMNS);
    Parallel.run(
        Math.ceilDiv(block.rows, CHUNK_ROWS) * columnChunks,
        estimatedNanos(block.rows, block.columns, block.depth),
        chunk -> {
          int i = chunk / columnChunks * CHUNK_ROWS;
          int j = chunk % columnChunks * CHUNK_COLUMNS;
          int rows = Math.min(CHUNK_ROWS, block.rows - i);
          int columns = Math.min(CHUNK_COLUMNS, block.columns - j);
          int cFrom = c.at(block.i + i, block.j + j);
          tiles.add(rows, columns, depth, i * depth, j * depth, c.data(), cFrom, c.rowStride());
        });
  }
}
