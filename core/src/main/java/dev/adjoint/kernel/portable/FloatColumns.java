package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.FloatRunLoops.LANES;
import static dev.adjoint.kernel.FloatRunLoops.NUMBERS;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.FloatColumnLoops;
import dev.adjoint.kernel.Norm;
import dev.adjoint.kernel.Norm.Tile;
import dev.adjoint.kernel.Parallel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes a matrix whose columns are sets, whole rows at a time: what is read by columns comes
 * slowly from memory. Where tiles end depends on sizes only.
 */
final class FloatColumns {

  /** So many rows make a tile: numbers of a column are loaded once for all of them. */
  private static final int ROWS = 4;

  /** So many columns at most: what belongs to them stays in cache. */
  private static final int WIDTH = 4096;

  /** At most so many rows are added up in the arrays' precision before they are added in double. */
  private static final int ADDED = 256;

  /** Receives a tile, and the number of the block of rows that it belongs to. */
  private interface Body {
    void run(Tile tile, int block);
  }

  /** Adds a tile to the two sums of each column. */
  private interface Adder {
    void run(Tile tile, float[] sums);
  }

  private final FloatColumnLoops loops;
  private final Norm norm;
  private final float[] x;
  private final float[] statistics;
  private final int rows;
  private final int n;
  private final int height;

  FloatColumns(FloatColumnLoops loops, Norm norm, float[] x, float[] statistics) {
    this.loops = loops;
    this.norm = norm;
    this.x = x;
    this.statistics = statistics;
    rows = norm.a();
    n = norm.channels();
    height = Math.clamp((1 << 16) / Math.max(1, n), 16, ADDED);
  }

  void forward(float[] affine, float[] h, FloatSets sets) {
    Tile top = new Tile(0, n, Math.min(LANES, rows), 0, n);
    Adder moments = (tile, sums) -> loops.moments(x, tile, statistics, sums);
    sets.measureColumns(0, top, loops, statistics, () -> sums(moments));
    float[] table = table(affine);
    forEach(false, (tile, block) -> loops.apply(x, tile, table, h));
  }

  void pullback(float[] dh, float[] affine, float @Nullable [] dx, double @Nullable [] sums) {
    float[] table = table(affine);
    double[] totals = sums((tile, added) -> loops.sums(dh, x, tile, table, added));
    for (int c = 0; c < n; c++) {
      double inverse = table[2 * n + c];
      double shift = table[3 * n + c];
      double sum = totals[n + c];
      double product = totals[c] * inverse + sum * shift;
      if (sums != null) {
        int f = norm.feature(c);
        sums[f] += product;
        sums[norm.features() + f] += sum;
      }
      double share = (double) table[4 * n + c] / rows;
      double along = share * product * statistics[4 * n + c];
      table[5 * n + c] = (float) (-along * inverse);
      table[6 * n + c] = (float) -(along * shift + (norm.centered() ? share * sum : 0));
    }
    if (dx != null) {
      forEach(false, (tile, block) -> loops.pullback(dh, x, tile, table, dx));
    }
  }

  /** Returns what is known of each column, and its gain and bias, with room for more. */
  private float[] table(float[] affine) {
    float[] table = Buffers.uninitializedFloats(NUMBERS * n);
    System.arraycopy(statistics, 0, table, 0, 4 * n);
    for (int c = 0; c < n; c++) {
      int f = norm.feature(c);
      table[4 * n + c] = affine[f];
      table[5 * n + c] = affine[norm.features() + f];
    }
    return table;
  }

  /** Walks down, or up: to begin with what the walk before has left in the caches. */
  private void forEach(boolean down, Body body) {
    int parts = Math.ceilDiv(n, WIDTH);
    int tiles = parts * Math.ceilDiv(rows, height);
    Parallel.runRanges(
        tiles,
        (long) height * Math.min(n, WIDTH),
        1 << 15,
        (long) rows * n / 2,
        (first, last) -> {
          for (int i = first; i < last; i++) {
            int tile = down ? i : tiles - 1 - i;
            int block = tile / parts;
            int from = tile % parts * WIDTH;
            int end = Math.min(rows, (block + 1) * height);
            for (int r = block * height; r < end; r += ROWS) {
              int to = from + Math.min(WIDTH, n - from);
              body.run(new Tile(r * n, n, Math.min(ROWS, end - r), from, to), block);
            }
          }
        });
  }

  /** Adds up two numbers of each column: in the arrays' precision, and then in double. */
  private double[] sums(Adder adder) {
    int count = Math.ceilDiv(rows, height);
    float[][] blocks = new float[count][];
    for (int block = 0; block < count; block++) {
      blocks[block] = Buffers.scratchFloats(2L * n);
      Arrays.fill(blocks[block], 0);
    }
    forEach(true, (tile, block) -> adder.run(tile, blocks[block]));
    double[] sums = Buffers.zeroedDoubles(2 * n);
    for (float[] block : blocks) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += block[i];
      }
      Buffers.give(block);
    }
    return sums;
  }
}
