package dev.adjoint.kernel.portable;

/** One register tile of a matrix product. */
public final class FloatPortableTile {

  /** Rows of the tile. */
  public static final int ROWS = 4;

  /** Columns of the tile. */
  public static final int COLUMNS = 8;

  private FloatPortableTile() {}

  /** As {@link dev.adjoint.kernel.Kernels#tile}. */
  public static void tile(
      int depth, float[] a, int aFrom, float[] b, int bFrom, float[] c, int cFrom, int cStride) {
    for (int k = 0; k < depth; k++) {
      for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
          int at = cFrom + i * cStride + j;
          c[at] = Math.fma(a[aFrom + k * ROWS + i], b[bFrom + k * COLUMNS + j], c[at]);
        }
      }
    }
  }
}
