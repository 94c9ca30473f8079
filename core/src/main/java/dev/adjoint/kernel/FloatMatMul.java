package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * One matrix product: {@code c += a * b}.
 *
 * <p>Every element of c is a sum of blocks in their order, and each block one chain of fused
 * multiply-adds over its {@code k}, whichever way below is taken. So results do not depend on the
 * provider, its tile, or the number of threads (ADR 6).
 */
record FloatMatMul(Kernels kernels, Matrix a, Matrix b, Matrix c) {

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

  /** Up to this many rows of a, a transposed b is read in place (ADR 53). */
  private static final int FEW = 64;

  /** Computes a product as {@link MatMul#multiply} says. */
  static void multiply(Kernels kernels, Matrix a, Matrix b, Matrix c, boolean accumulate) {
    if (!accumulate) {
      clear(c);
    }
    int m = c.rows();
    int n = c.columns();
    if (m == 0 || n == 0 || a.columns() == 0) {
      return;
    }
    if (m == 1 && n == 1) {
      FloatDots.dot(a, b, c);
    } else if (n == 1 && a.rowStride() == 1 && c.rowStride() == 1) {
      // A column is a row of the transposed product, which walks along contiguous memory.
      new FloatMatMul(kernels, b.transpose(), a.transpose(), c.transpose()).multiply();
    } else if (n == 1) {
      FloatDots.multiply(a, b, c);
    } else if (m == 1 && b.columnStride() != 1) {
      FloatDots.multiply(b.transpose(), a.transpose(), c.transpose());
    } else if (b.columnStride() != 1 && isFew(kernels, a, b)) {
      multiplyTransposed(kernels, a, b, c);
    } else {
      new FloatMatMul(kernels, a, b, c).multiply();
    }
  }

  /**
   * Tells whether the rows of a are so few that packing b costs more than what b's packed panels
   * gain. Tiles of portable loops are wide, and slow where they are not filled.
   */
  private static boolean isFew(Kernels kernels, Matrix a, Matrix b) {
    long k = b.rows();
    long n = b.columns();
    return a.rows() <= FEW
        && kernels.tileColumns() <= FEW
        && k * n > SMALL
        && a.rows() * (k + 2 * n) < k * n;
  }

  /**
   * Computes the transposed product, where b is a matrix of contiguous rows that is read in place:
   * for a few rows of a, which are packed instead, and as much of c.
   */
  private static void multiplyTransposed(Kernels kernels, Matrix a, Matrix b, Matrix c) {
    int m = c.rows();
    int n = c.columns();
    int k = a.columns();
    float[] columns = Buffers.scratchFloats(k * m);
    float[] sums = Buffers.scratchFloats(n * m);
    kernels.pack(a, columns, 0, m);
    kernels.pack(c, sums, 0, m);
    Matrix packed = Matrix.packed(columns, 0, k, m);
    Matrix result = Matrix.packed(sums, 0, n, m);
    new FloatMatMul(kernels, b.transpose(), packed, result).multiplyInPlace(packed);
    kernels.pack(result, (float[]) c.data(), c.from(), c.rowStride());
    Buffers.give(columns);
    Buffers.give(sums);
  }

  /** Sets a matrix of contiguous rows to zero. */
  static void clear(Matrix x) {
    float[] data = (float[]) x.data();
    if (x.rowStride() == x.columns()) {
      Arrays.fill(data, x.from(), x.from() + x.rows() * x.columns(), 0f);
      return;
    }
    for (int i = 0; i < x.rows(); i++) {
      Arrays.fill(data, x.at(i, 0), x.at(i, 0) + x.columns(), 0f);
    }
  }

  private void multiply() {
    if (b.columnStride() == 1 && (isSmall() || a.rows() <= kernels.tileRows())) {
      multiplyInPlace(b);
    } else if (isSmall()) {
      float[] packed = Buffers.scratchFloats(b.rows() * b.columns());
      kernels.pack(b.transpose(), packed, 0, b.columns());
      multiplyInPlace(Matrix.packed(packed, 0, b.rows(), b.columns()));
      Buffers.give(packed);
    } else {
      multiplyInPanels();
    }
  }

  private boolean isSmall() {
    return (long) b.rows() * b.columns() <= SMALL;
  }

  private static long estimatedNanos(long m, long n, long k) {
    return m * n * k / 32;
  }

  /** Rows and columns of a matrix that make a chunk of work. */
  private record Chunk(int i, int rows, int j, int columns) {

    static int count(int rows, int columns) {
      return Math.ceilDiv(rows, CHUNK_ROWS) * Math.ceilDiv(columns, CHUNK_COLUMNS);
    }

    static Chunk of(int index, int rows, int columns) {
      int across = Math.ceilDiv(columns, CHUNK_COLUMNS);
      int i = index / across * CHUNK_ROWS;
      int j = index % across * CHUNK_COLUMNS;
      return new Chunk(i, Math.min(CHUNK_ROWS, rows - i), j, Math.min(CHUNK_COLUMNS, columns - j));
    }
  }

  // ---- both operands where they are; the columns of b are contiguous
  // -----------------------------

  private void multiplyInPlace(Matrix b) {
    int k = a.columns();
    int[] aRows = Tiles.multiples(Math.min(a.rows(), kernels.tileRows()), a.rowStride());
    Tiles tiles =
        new Tiles(
            a.data(),
            aRows,
            a.columnStride(),
            a.rowStride(),
            b.data(),
            b.rowStride(),
            Tiles.NO_TABLE,
            1,
            c.data(),
            c.rowStride());
    Parallel.run(
        Chunk.count(c.rows(), c.columns()),
        estimatedNanos(c.rows(), c.columns(), k),
        index -> {
          Chunk chunk = Chunk.of(index, c.rows(), c.columns());
          int i = chunk.i;
          int j = chunk.j;
          for (int l = 0; l < k; l += DEPTH) {
            int depth = Math.min(DEPTH, k - l);
            if (c.rows() > 2 && !isSmall()) {
              FloatPanels.fetch(b.block(l, j, depth, chunk.columns));
            }
            tiles.add(
                kernels, chunk.rows, chunk.columns, depth, a.at(i, l), b.at(l, j), c.at(i, j));
          }
        });
  }

  // ---- packed panels
  // -------------------------------------------------------------------------------

  private void multiplyInPanels() {
    int m = c.rows();
    int n = c.columns();
    int k = a.columns();
    int most = Math.min(k, DEPTH);
    // The caller's buffers: helpers fill and read them, and are done before the caller goes on.
    float[] aPanels = Buffers.scratchFloats(panelSize(m, kernels.tileRows(), most));
    float[] bPanels = Buffers.scratchFloats(panelSize(n, kernels.tileColumns(), most));
    for (int j = 0; j < n; j += SPAN) {
      for (int l = 0; l < k; l += DEPTH) {
        for (int i = 0; i < m; i += SPAN) {
          int depth = Math.min(DEPTH, k - l);
          int columns = Math.min(SPAN, n - j);
          Matrix rows = a.block(i, l, Math.min(SPAN, m - i), depth);
          // The block of b before, unless this is the first, had the same columns.
          Matrix lines = b.transpose().block(j, l, i == 0 ? columns : 0, depth);
          pack(rows, aPanels, lines, bPanels);
          multiply(rows.rows(), columns, depth, aPanels, bPanels, c.at(i, j));
        }
      }
    }
    Buffers.give(aPanels);
    Buffers.give(bPanels);
  }

  private static int panelSize(int lines, int width, int depth) {
    return Math.ceilDiv(Math.min(lines, SPAN), width) * width * depth;
  }

  /** Packs rows of a, and columns of b as rows. */
  private void pack(Matrix rows, float[] aPanels, Matrix lines, float[] bPanels) {
    int aChunks = Math.ceilDiv(rows.rows(), CHUNK_ROWS);
    int bChunks = Math.ceilDiv(lines.rows(), CHUNK_COLUMNS);
    Parallel.run(
        aChunks + bChunks,
        ((long) rows.rows() + lines.rows()) * rows.columns() / 2,
        chunk -> {
          if (chunk < aChunks) {
            pack(rows, chunk * CHUNK_ROWS, CHUNK_ROWS, aPanels, kernels.tileRows());
          } else {
            int j = (chunk - aChunks) * CHUNK_COLUMNS;
            pack(lines, j, CHUNK_COLUMNS, bPanels, kernels.tileColumns());
          }
        });
  }

  private void pack(Matrix x, int first, int most, float[] panels, int width) {
    Matrix some = x.block(first, 0, Math.min(most, x.rows() - first), x.columns());
    kernels.pack(some, panels, first * x.columns(), width);
  }

  private void multiply(
      int rows, int columns, int depth, float[] aPanels, float[] bPanels, int cFrom) {
    int width = kernels.tileColumns();
    int[] aRows = Tiles.multiples(kernels.tileRows(), 1);
    Tiles tiles =
        new Tiles(
            aPanels,
            aRows,
            aRows.length,
            depth,
            bPanels,
            width,
            Tiles.NO_TABLE,
            depth,
            c.data(),
            c.rowStride());
    Parallel.run(
        Chunk.count(rows, columns),
        estimatedNanos(rows, columns, depth),
        index -> {
          Chunk chunk = Chunk.of(index, rows, columns);
          int i = chunk.i;
          int j = chunk.j;
          int to = cFrom + i * c.rowStride() + j;
          tiles.add(kernels, chunk.rows, chunk.columns, depth, i * depth, j * depth, to);
        });
  }
}
