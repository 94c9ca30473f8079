package dev.adjoint.kernel;

/**
 * Covers a block of a product with register tiles.
 *
 * @param aRows where rows of a start, from {@code aFrom}: those of all rows, or of one tile
 * @param aNext distance of a's tiles, for each row; 0 where {@code aRows} has all rows
 * @param taps of b, as {@link Kernels#tile} says
 * @param bNext distance of b's tiles, for each column: 1 where b lies as a matrix
 */
record FloatTiles(
    Kernels kernels,
    float[] a,
    int[] aRows,
    int aStep,
    int aNext,
    float[] b,
    int bRowStride,
    int[] taps,
    int bNext) {

  /** The taps of a plain matrix. */
  static final int[] NO_TAPS = {0};

  /** Returns {@code 0, step, 2 * step, ...}: where rows start. */
  static int[] multiples(int n, int step) {
    int[] multiples = new int[n];
    for (int i = 1; i < n; i++) {
      multiples[i] = i * step;
    }
    return multiples;
  }

  /** Adds {@code depth} steps of k to the elements of c from {@code cFrom} on. */
  void add(
      int rows,
      int columns,
      int depth,
      int aFrom,
      int bFrom,
      float[] c,
      int cFrom,
      int cRowStride) {
    int tileRows = kernels.tileRows();
    int width;
    for (int j = 0; j < columns; j += width) {
      width = width(columns - j);
      for (int i = 0; i < rows; i += tileRows) {
        kernels.tile(
            Math.min(tileRows, rows - i),
            width,
            depth,
            a,
            aFrom + i * aNext,
            aRows,
            aRows.length > tileRows ? i : 0,
            aStep,
            b,
            bFrom + j * bNext,
            bRowStride,
            taps,
            c,
            cFrom + i * cRowStride + j,
            cRowStride);
      }
    }
  }

  /** Returns how many of the columns that are left a tile takes: the last are not left too few. */
  private int width(int left) {
    int most = kernels.tileColumns();
    boolean leavesFew = bNext == 1 && left > most && left < most + most / 2;
    return leavesFew ? most / 2 : Math.min(most, left);
  }
}
