package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Norm;
import dev.adjoint.kernel.Parallel;

/**
 * Walks over a matrix whose columns are sets, whole rows at a time: what is read by columns comes
 * slowly from memory. Where tiles end depends on sizes only.
 */
final class FloatColumns {

  /** So many rows make a tile: numbers of a column are loaded once for all of them. */
  private static final int ROWS = 4;

  /** So many columns at most: what belongs to them stays in cache. */
  private static final int WIDTH = 4096;

  /** Receives a tile; its sums start at s. */
  interface Body {
    void run(int at, int rows, int from, int to, int s);
  }

  private final int rows;
  private final int columns;
  private final int height;

  FloatColumns(Norm norm) {
    rows = norm.a();
    columns = norm.channels();
    height = Math.clamp((1 << 16) / Math.max(1, columns), 16, FloatNormalize.ADDED);
  }

  /** Walks down, or up: to begin with what the walk before has left in the caches. */
  void forEach(boolean down, Body body) {
    int parts = Math.ceilDiv(columns, WIDTH);
    int tiles = parts * Math.ceilDiv(rows, height);
    Parallel.runRanges(
        tiles,
        (long) height * Math.min(columns, WIDTH),
        1 << 15,
        (long) rows * columns / 2,
        (first, last) -> {
          for (int i = first; i < last; i++) {
            int tile = down ? i : tiles - 1 - i;
            int from = tile % parts * WIDTH;
            run(tile / parts, from, from + Math.min(WIDTH, columns - from), body);
          }
        });
  }

  private void run(int part, int from, int to, Body body) {
    int end = Math.min(rows, (part + 1) * height);
    for (int r = part * height; r < end; r += ROWS) {
      body.run(r * columns, Math.min(ROWS, end - r), from, to, 2 * columns * part);
    }
  }

  /** Adds up two numbers of each column: in the arrays' precision, and then in double. */
  double[] sums(Adder adder) {
    float[] added = Buffers.zeroedFloats(2 * columns * Math.ceilDiv(rows, height));
    forEach(true, (at, n, from, to, s) -> adder.run(at, n, from, to, added, s));
    double[] sums = Buffers.zeroedDoubles(2 * columns);
    for (int s = 0; s < added.length; s += sums.length) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += added[s + i];
      }
    }
    return sums;
  }

  /** Adds a tile to sums. */
  interface Adder {
    void run(int at, int rows, int from, int to, float[] added, int s);
  }
}
