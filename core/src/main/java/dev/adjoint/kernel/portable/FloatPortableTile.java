package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Fma;
import dev.adjoint.kernel.Tiles;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.stream.Stream;

/**
 * The tile of the matrix product in plain loops.
 *
 * <p>C2 turns a loop into vector code when all its arrays share one index. So rows of b and c are
 * copied to arrays of their own, where each row starts at 0; a copied row of b serves all rows of
 * the tile, a row of sums the whole depth.
 */
public final class FloatPortableTile {

  private static final int ROWS = 16;
  private static final int COLUMNS = 256;

  /** Below this width, loops over columns are too short for vector code. */
  private static final int NARROW = 32;

  /** Rows that no tile uses now: as many as were ever used at a time. */
  private static final Deque<Rows> FREE = new ArrayDeque<>();

  private FloatPortableTile() {}

  /** Returns the most rows that a tile may have. */
  public static int tileRows() {
    return ROWS;
  }

  /** Returns the most columns that a tile may have. */
  public static int tileColumns() {
    return COLUMNS;
  }

  /** Adds a product to a tile of c, as {@code Kernels.tile} says. */
  public static void tile(
      Tiles t, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    if (columns < NARROW) {
      narrow(t, rows, columns, depth, aFrom, aRow, bFrom, cFrom);
    } else {
      wide(t, rows, columns, depth, aFrom, aRow, bFrom, cFrom);
    }
  }

  private static void wide(
      Tiles tiles, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    float[] a = (float[]) tiles.a();
    float[] c = (float[]) tiles.c();
    int[] aRows = tiles.aRows();
    int aStep = tiles.aStep();
    Rows scratch = Rows.take();
    float[][] cs = scratch.c;
    float[][] bs = scratch.b;
    for (int i = 0; i < rows; i++) {
      Arrays.fill(cs[i], 0, columns, 0f);
    }
    for (int k = 0; k < depth; k += 4) {
      int steps = Math.min(4, depth - k);
      for (int l = 0; l < steps; l++) {
        System.arraycopy(tiles.b(), bFrom + tiles.bRow(k + l), bs[l], 0, columns);
      }
      int from = aFrom + k * aStep;
      int i = 0;
      if (steps == 4) {
        for (; i + 2 <= rows; i += 2) {
          int p = from + aRows[aRow + i];
          int next = from + aRows[aRow + i + 1];
          rows2steps4(cs[i], cs[i + 1], bs, a, p, next, aStep, columns);
        }
      }
      for (; i < rows; i++) {
        int p = from + aRows[aRow + i];
        for (int l = 0; l < steps; l++) {
          row1step1(cs[i], bs[l], a[p + l * aStep], columns);
        }
      }
    }
    for (int i = 0; i < rows; i++) {
      int to = cFrom + i * tiles.cRowStride();
      for (int j = 0; j < columns; j++) {
        c[to + j] += cs[i][j];
      }
    }
    Rows.give(scratch);
  }

  /** Two rows of c, four steps down k: each loaded value of b is used twice, of c four times. */
  private static void rows2steps4(
      float[] c, float[] d, float[][] b, float[] a, int p, int next, int aStep, int columns) {
    float[] b0 = b[0];
    float[] b1 = b[1];
    float[] b2 = b[2];
    float[] b3 = b[3];
    float x0 = a[p];
    float x1 = a[p + aStep];
    float x2 = a[p + 2 * aStep];
    float x3 = a[p + 3 * aStep];
    float y0 = a[next];
    float y1 = a[next + aStep];
    float y2 = a[next + 2 * aStep];
    float y3 = a[next + 3 * aStep];
    for (int j = 0; j < columns; j++) {
      float u0 = b0[j];
      float u1 = b1[j];
      float u2 = b2[j];
      float u3 = b3[j];
      c[j] = Fma.fma(x3, u3, Fma.fma(x2, u2, Fma.fma(x1, u1, Fma.fma(x0, u0, c[j]))));
      d[j] = Fma.fma(y3, u3, Fma.fma(y2, u2, Fma.fma(y1, u1, Fma.fma(y0, u0, d[j]))));
    }
  }

  private static void row1step1(float[] c, float[] b, float x, int columns) {
    for (int j = 0; j < columns; j++) {
      c[j] = Fma.fma(x, b[j], c[j]);
    }
  }

  /**
   * Four elements of c at a time, in registers: their chains hide one another's latency. Where
   * there are fewer, the last is computed several times: c is read before it is written.
   */
  private static void narrow(
      Tiles tiles, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    float[] a = (float[]) tiles.a();
    float[] b = (float[]) tiles.b();
    float[] c = (float[]) tiles.c();
    int[] aRows = tiles.aRows();
    int aStep = tiles.aStep();
    int cRowStride = tiles.cRowStride();
    for (int i = 0; i < rows; i += 4) {
      int i1 = Math.min(i + 1, rows - 1);
      int i2 = Math.min(i + 2, rows - 1);
      int i3 = Math.min(i + 3, rows - 1);
      int p0 = aRows[aRow + i];
      int p1 = aRows[aRow + i1];
      int p2 = aRows[aRow + i2];
      int p3 = aRows[aRow + i3];
      for (int j = 0; j < columns; j++) {
        float c0 = 0f;
        float c1 = 0f;
        float c2 = 0f;
        float c3 = 0f;
        for (int k = 0, p = aFrom; k < depth; k++, p += aStep) {
          float u = b[bFrom + tiles.bRow(k) + j];
          c0 = Fma.fma(a[p + p0], u, c0);
          c1 = Fma.fma(a[p + p1], u, c1);
          c2 = Fma.fma(a[p + p2], u, c2);
          c3 = Fma.fma(a[p + p3], u, c3);
        }
        int to = cFrom + j;
        c0 += c[to + i * cRowStride];
        c1 += c[to + i1 * cRowStride];
        c2 += c[to + i2 * cRowStride];
        c3 += c[to + i3 * cRowStride];
        c[to + i * cRowStride] = c0;
        c[to + i1 * cRowStride] = c1;
        c[to + i2 * cRowStride] = c2;
        c[to + i3 * cRowStride] = c3;
      }
    }
  }

  /** Rows of one tile, each in an array of its own. */
  private static final class Rows {
    final float[][] b = rows(4);
    final float[][] c = rows(ROWS);

    static Rows take() {
      synchronized (FREE) {
        return FREE.isEmpty() ? new Rows() : FREE.removeLast();
      }
    }

    static void give(Rows rows) {
      synchronized (FREE) {
        FREE.addLast(rows);
      }
    }

    private static float[][] rows(int n) {
      return Stream.generate(() -> Buffers.uninitializedFloats(COLUMNS))
          .limit(n)
          .toArray(float[][]::new);
    }
  }
}
