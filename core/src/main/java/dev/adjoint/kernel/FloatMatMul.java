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

  /** The taps of a plain matrix. */
  static final int[] NO_TAPS = {0};

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

  /** Returns {@code 0, step, 2 * step, ...}: where rows start. */
  static int[] multiples(int n, int step) {
    int[] multiples = new int[n];
    for (int i = 1; i < n; i++) {
      multiples[i] = i * step;
    }
    return multiples;
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
          for (int l = 0; l < k; l += DEPTH) {
            int depth = Math.min(DEPTH, k - l);
            if (m > 2 && !isSmall()) {
              b.fetch(l, depth, j, columns);
            }
            tilesInPlace(b, i, rows, j, columns, l, depth);
          }
        });
  }

  private void tilesInPlace(
      FloatMatrix b, int iFrom, int rows, int jFrom, int columns, int l, int depth) {
    int tileRows = kernels.tileRows();
    int tileColumns = kernels.tileColumns();
    int[] aRows = multiples(Math.min(rows, tileRows), a.rowStride());
    for (int j = 0; j < columns; j += tileColumns) {
      for (int i = 0; i < rows; i += tileRows) {
        kernels.tile(
            Math.min(tileRows, rows - i),
            Math.min(tileColumns, columns - j),
            depth,
            a.data(),
            a.at(iFrom + i, l),
            aRows,
            0,
            a.step(),
            b.data(),
            b.at(l, jFrom + j),
            b.rowStride(),
            NO_TAPS,
            c.data(),
            c.at(iFrom + i, jFrom + j),
            c.rowStride());
      }
    }
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
          tilesOfPanels(
              rows,
              columns,
              block.depth,
              aPanels,
              i * block.depth,
              bPanels,
              j * block.depth,
              cFrom);
        });
  }

  private void tilesOfPanels(
      int rows,
      int columns,
      int depth,
      float[] aPanels,
      int aFrom,
      float[] bPanels,
      int bFrom,
      int cFrom) {
    int tileRows = kernels.tileRows();
    int tileColumns = kernels.tileColumns();
    int[] aRows = multiples(tileRows, 1);
    for (int j = 0; j < columns; j += tileColumns) {
      for (int i = 0; i < rows; i += tileRows) {
        kernels.tile(
            Math.min(tileRows, rows - i),
            Math.min(tileColumns, columns - j),
            depth,
            aPanels,
            aFrom + i * depth,
            aRows,
            0,
            tileRows,
            bPanels,
            bFrom + j * depth,
            tileColumns,
            NO_TAPS,
            c.data(),
            cFrom + i * c.rowStride() + j,
            c.rowStride());
      }
    }
  }
}
