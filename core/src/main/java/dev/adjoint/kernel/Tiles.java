package dev.adjoint.kernel;

/**
 * The operands of a product that is computed in tiles, but for where a tile begins.
 *
 * <p>Row i of a starts at {@code aRows[i]}, and its elements are {@code aStep} apart. Row k of b is
 * contiguous and starts at {@code bRows[k]}, or without a table at {@code k * bRowStride}. Rows of
 * c are contiguous.
 *
 * @param aRows where rows of a start: those of all rows, or of one tile
 * @param aNext distance of a's tiles, for each row; 0 where {@code aRows} has all rows
 * @param bNext distance of b's tiles, for each column: 1 where b lies as a matrix
 */
public record Tiles(
    Object a,
    int[] aRows,
    int aStep,
    int aNext,
    Object b,
    int bRowStride,
    int[] bRows,
    int bNext,
    Object c,
    int cRowStride) {

  /** That of rows which are equally far apart. */
  static final int[] NO_TABLE = {};

  /** Returns {@code 0, step, 2 * step, ...}: where rows start. */
  static int[] multiples(int n, int step) {
    int[] multiples = new int[n];
    for (int i = 1; i < n; i++) {
      multiples[i] = i * step;
    }
    return multiples;
  }

  /** Returns where row k of b starts. */
  public int bRow(int k) {
    return bRows.length == 0 ? k * bRowStride : bRows[k];
  }

  /** Returns whether rows of a lie side by side, as in a panel. */
  public boolean isPanel(int aRow, int rows) {
    for (int i = 1; i < rows; i++) {
      if (aRows[aRow + i] != aRows[aRow] + i) {
        return false;
      }
    }
    return true;
  }

  /** Adds {@code depth} steps of k to the elements of c from {@code cFrom} on. */
  void add(Kernels kernels, int rows, int columns, int depth, int aFrom, int bFrom, int cFrom) {
    int tileRows = kernels.tileRows();
    boolean isRow = rows == 1 && bNext == 1;
    int most = isRow ? kernels.rowColumns() : kernels.tileColumns();
    int width;
    for (int i = 0; i < rows; i += tileRows) {
      for (int j = 0; j < columns; j += width) {
        width = isRow ? Math.min(most, columns - j) : width(columns - j, most);
        kernels.tile(
            this,
            Math.min(tileRows, rows - i),
            width,
            depth,
            aFrom + i * aNext,
            aRows.length > tileRows ? i : 0,
            bFrom + j * bNext,
            cFrom + i * cRowStride + j);
      }
    }
  }

  /** Returns how many of the columns that are left a tile takes: the last are not left too few. */
  private int width(int left, int most) {
    boolean leavesFew = bNext == 1 && left > most && left < most + most / 2;
    return leavesFew ? most / 2 : Math.min(most, left);
  }
}
