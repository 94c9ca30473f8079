package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.FloatRunLoops.LANES;
import static dev.adjoint.kernel.FloatRunLoops.NUMBERS;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.FloatColumnLoops;
import dev.adjoint.kernel.FloatRunLoops;
import dev.adjoint.kernel.Norm;
import dev.adjoint.kernel.Norm.Tile;
import dev.adjoint.kernel.Parallel;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes across channels: each example is a matrix, whose columns are sets, and whose rows have
 * a gain and a bias each. It goes a strip of columns at a time, which stays in cache from where it
 * is measured to where it is written. Where strips end depends on the size of an example only.
 */
final class FloatStrips {

  /** So many rows make a tile: numbers of a column are loaded once for all of them. */
  private static final int ROWS = 4;

  /** A strip has about so many elements. */
  private static final int ELEMENTS = 1 << 16;

  /** So wide is a strip at least: memory is slow where it is read in short stretches. */
  private static final int NARROW = 256;

  /** At most so many rows are added up in the arrays' precision before they are added in double. */
  private static final int ADDED = 256;

  /** Receives a tile, and the number of its first row. */
  private interface Body {
    void run(Tile tile, int row);
  }

  private final FloatColumnLoops loops;
  private final FloatRunLoops runLoops;
  private final Norm norm;
  private final float[] x;
  private final float[] statistics;

  /** Rows and columns of an example, and how many columns are a strip. */
  private final int rows;

  private final int columns;
  private final int width;

  /** How many strips an example has. */
  private final int strips;

  FloatStrips(
      FloatColumnLoops loops, FloatRunLoops runLoops, Norm norm, float[] x, float[] statistics) {
    this.loops = loops;
    this.runLoops = runLoops;
    this.norm = norm;
    this.x = x;
    this.statistics = statistics;
    rows = norm.channels();
    columns = norm.b();
    int wanted = Math.ceilDiv(columns, Math.max(NARROW, ELEMENTS / rows));
    width = Math.ceilDiv(Math.ceilDiv(columns, wanted), LANES) * LANES;
    strips = Math.ceilDiv(columns, width);
  }

  void forward(float[] affine, float[] h) {
    float[] ofRows = ofRows(affine);
    forEach(strip -> {
      strip.measure();
      strip.forEach(
          0, rows, (tile, r) -> loops.applyRows(x, tile, strip.table, ofRows, strip.row + r, h));
    });
  }

  void pullback(float[] dh, float[] affine, float @Nullable [] dx, double @Nullable [] sums) {
    float[] ofRows = ofRows(affine);
    int units = norm.a() * strips;
    float[] added = Buffers.scratchFloats(2L * units * rows);
    forEach(strip -> {
      strip.addUp(dh, ofRows, added);
      if (dx != null) {
        strip.forEach(
            0,
            rows,
            (tile, r) -> loops.pullbackRows(dh, x, tile, strip.table, ofRows, strip.row + r, dx));
      }
    });
    for (int unit = 0; sums != null && unit < units; unit++) {
      for (int r = 0; r < rows; r++) {
        int f = feature(unit / strips * rows + r);
        sums[f] += added[2 * (unit * rows + r)];
        sums[norm.features() + f] += added[2 * (unit * rows + r) + 1];
      }
    }
    Buffers.give(added);
  }

  /** Returns the gain of each row of all examples, and then the biases. */
  private float[] ofRows(float[] affine) {
    int n = norm.a() * rows;
    float[] ofRows = Buffers.uninitializedFloats(2 * n);
    for (int row = 0; row < n; row++) {
      int f = feature(row);
      ofRows[row] = affine[f];
      ofRows[n + row] = affine[norm.features() + f];
    }
    return ofRows;
  }

  /** Returns the number of the gain and bias of a row. */
  private int feature(int row) {
    return norm.feature(row * columns);
  }

  private void forEach(Consumer<Strip> body) {
    Parallel.runRanges(
        norm.a() * strips,
        (long) rows * width,
        1 << 15,
        (long) norm.a() * rows * columns / 2,
        (first, last) -> {
          Strip strip = new Strip();
          for (int unit = first; unit < last; unit++) {
            strip.moveTo(unit);
            body.accept(strip);
          }
          strip.give();
        });
  }

  /** A strip, with what is known of its columns, as far apart as rows are. */
  private final class Strip {
    final FloatSets sets = new FloatSets(runLoops, norm, x, statistics);
    final float[] table = Buffers.scratchFloats((long) NUMBERS * columns);
    final float[] sums = Buffers.scratchFloats(2L * columns);
    final double[] totals = Buffers.scratchDoubles(2L * columns);
    final float[] lanes = Buffers.scratchFloats(2 * ROWS * LANES);

    /** The number of the strip, of its first row and of its first set. */
    int unit;

    int row;
    int first;

    /** Where it starts, and how many columns it has. */
    int at;

    int n;

    void moveTo(int unit) {
      this.unit = unit;
      int example = unit / strips;
      int from = unit % strips * width;
      n = Math.min(width, columns - from);
      first = example * columns + from;
      at = example * rows * columns + from;
      row = example * rows;
    }

    void measure() {
      Tile top = new Tile(at, columns, Math.min(LANES, rows), 0, n);
      Body moments = (tile, r) -> loops.moments(x, tile, table, sums);
      sets.measureColumns(first, top, loops, table, () -> totals(moments));
      takeStatistics();
    }

    private void takeStatistics() {
      for (int number = 0; number < 4; number++) {
        System.arraycopy(statistics, number * norm.sets() + first, table, number * columns, n);
      }
    }

    /** Adds up what dx needs of each column, and what the gain and bias of each row do. */
    void addUp(float[] dh, float[] ofRows, float[] added) {
      takeStatistics();
      totals((tile, r) -> {
        Arrays.fill(lanes, 0);
        loops.sumsRows(dh, x, tile, table, ofRows, row + r, sums, lanes);
        for (int i = 0; i < 2 * tile.rows(); i++) {
          added[2 * (unit * rows + r) + i] = (float) FloatSets.total(lanes, i * LANES);
        }
      });
      for (int c = 0; c < n; c++) {
        double inverse = table[2 * columns + c];
        double shift = table[3 * columns + c];
        double sum = totals[columns + c];
        double product = totals[c] * inverse + sum * shift;
        double along = product / rows * statistics[4 * norm.sets() + first + c];
        double mean = norm.centered() ? sum / rows : 0;
        table[5 * columns + c] = (float) (-along * inverse);
        table[6 * columns + c] = (float) -(along * shift + mean);
      }
    }

    /** Adds up two numbers of each column: in the arrays' precision, and then in double. */
    private double[] totals(Body adder) {
      Arrays.fill(totals, 0, n, 0);
      Arrays.fill(totals, columns, columns + n, 0);
      for (int r = 0; r < rows; r += ADDED) {
        Arrays.fill(sums, 0, n, 0);
        Arrays.fill(sums, columns, columns + n, 0);
        forEach(r, Math.min(rows, r + ADDED), adder);
        for (int c = 0; c < n; c++) {
          totals[c] += sums[c];
          totals[columns + c] += sums[columns + c];
        }
      }
      return totals;
    }

    void forEach(int from, int to, Body body) {
      for (int r = from; r < to; r += ROWS) {
        body.run(new Tile(at + r * columns, columns, Math.min(ROWS, to - r), 0, n), r);
      }
    }

    void give() {
      Buffers.give(table);
      Buffers.give(sums);
      Buffers.give(totals);
      Buffers.give(lanes);
    }
  }
}
