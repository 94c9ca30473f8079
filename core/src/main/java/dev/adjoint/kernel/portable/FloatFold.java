package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Fold;

/**
 * The order in which both providers fold, which depends on the number of elements only.
 *
 * <p>Along a row, element i of a chunk belongs to lane i mod 32; lanes are folded over the chunk,
 * then with one another in halves (l with l + 16, then l + 8, and so on), then the chunks in double
 * precision, then what is left over after the last 32. Down columns, rows are folded by fours,
 * these over a chunk of rows, and the chunks in double precision.
 *
 * <p>Lives in hidden copies, one for each pair of loops, so that no others are ever inlined here.
 */
public final class FloatFold implements Fold {

  /** Rows that are shorter are folded four elements at a time. */
  private static final int LANES = FloatFoldLoops.LANES;

  private static final int CHUNK = 4096;
  private static final int CHUNK_ROWS = 256;

  private final FloatFoldLoops loops;

  FloatFold(FloatFoldLoops loops) {
    this.loops = loops;
  }

  @Override
  public void rows(
      Object x,
      int xFrom,
      int xStride,
      Object y,
      int yFrom,
      int yStride,
      int rows,
      int n,
      Object out,
      int outFrom) {
    float[] xs = (float[]) x;
    float[] ys = (float[]) y;
    float[] outs = (float[]) out;
    if (n < LANES) {
      loops.shortRows(xs, xFrom, xStride, ys, yFrom, yStride, rows, n, outs, outFrom);
      return;
    }
    float[] scratch = Buffers.uninitializedFloats(LANES / 2);
    for (int r = 0; r < rows; r++) {
      outs[outFrom + r] = row(xs, xFrom + r * xStride, ys, yFrom + r * yStride, n, scratch);
    }
  }

  private float row(float[] x, int xFrom, float[] y, int yFrom, int n, float[] scratch) {
    double total = 0;
    int i = 0;
    while (n - i >= LANES) {
      int length = Math.min(n - i, CHUNK) / LANES * LANES;
      float chunk = loops.lanes(x, xFrom + i, y, yFrom + i, length, scratch);
      total = i == 0 ? chunk : loops.combine(total, chunk);
      i += length;
    }
    if (i < n) {
      total = loops.combine(total, loops.few(x, xFrom + i, y, yFrom + i, n - i));
    }
    return (float) total;
  }

  @Override
  public void columns(
      Object x,
      int xFrom,
      int xStride,
      Object y,
      int yFrom,
      int yStride,
      int rows,
      int n,
      Object out,
      int outFrom) {
    float[] xs = (float[]) x;
    float[] ys = (float[]) y;
    float[] outs = (float[]) out;
    loops.chunk(
        xs, xFrom, xStride, ys, yFrom, yStride, Math.min(rows, CHUNK_ROWS), n, outs, outFrom);
    if (rows <= CHUNK_ROWS) {
      return;
    }
    double[] totals = Buffers.uninitializedDoubles(n);
    for (int j = 0; j < n; j++) {
      totals[j] = outs[outFrom + j];
    }
    for (int r = CHUNK_ROWS; r < rows; r += CHUNK_ROWS) {
      int height = Math.min(CHUNK_ROWS, rows - r);
      loops.chunk(
          xs,
          xFrom + r * xStride,
          xStride,
          ys,
          yFrom + r * yStride,
          yStride,
          height,
          n,
          outs,
          outFrom);
      for (int j = 0; j < n; j++) {
        totals[j] = loops.combine(totals[j], outs[outFrom + j]);
      }
    }
    for (int j = 0; j < n; j++) {
      outs[outFrom + j] = (float) totals[j];
    }
  }
}
