package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.FloatNormLoops.LANES;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.FloatNormLoops;
import dev.adjoint.kernel.Norm;
import dev.adjoint.kernel.Parallel;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes sets of elements: reads x and writes h; on the way back reads x and dh and writes dx.
 *
 * <p>Where b is 1, sets are columns and go side by side; else one goes after another, by lanes. The
 * numbers of a set are laid out as {@link FloatNormLoops} say.
 */
final class FloatNormalize {

  /** So many sets or rows are added up in the arrays' precision before they are added in double. */
  static final int ADDED = 256;

  /** At most so many chunks of sets, each of which has sums of its own for gains and biases. */
  private static final int CHUNKS = 64;

  private final FloatNormLoops loops;

  /** The same loops, compiled for tiles that are wide and low. */
  private final FloatNormLoops columnLoops;

  FloatNormalize(FloatKernels kernels) {
    loops = kernels.normLoops();
    columnLoops = kernels.normLoops();
  }

  // ---- forward ---------------------------------------------------------------------------------

  void forward(
      Norm norm,
      float[] x,
      float[] affine,
      float[] h,
      float[] statistics,
      float[] mean,
      float[] variance) {
    if (norm.size() == 0) {
      Arrays.fill(mean, Float.NaN);
      Arrays.fill(variance, Float.NaN);
      return;
    }
    FloatMoments moments =
        new FloatMoments(norm.b() > 1 ? loops : columnLoops, norm, x, statistics, mean, variance);
    if (norm.b() > 1) {
      inChunks(
          norm,
          (chunk, from, to) -> {
            Sets sets = new Sets(norm, x, affine, statistics);
            sets.inGroups(from, to, c -> moments.measure(sets.set, c), c -> sets.apply(c, h));
          });
      return;
    }
    FloatColumns columns = new FloatColumns(norm);
    moments.measureColumns(columns);
    int n = norm.channels();
    float[] table = table(norm, statistics, affine, 6);
    columns.forEach(
        false, (at, rows, from, to, s) -> columnLoops.apply(x, at, n, rows, table, n, from, to, h));
  }

  // ---- backward --------------------------------------------------------------------------------

  /**
   * Computes dx, unless it is null, and adds {@code sum(dh y)} and {@code sum(dh)} of each feature
   * to the sums, unless they are null: first those of the gains, then those of the biases.
   */
  void pullback(
      Norm norm,
      float[] dh,
      float[] x,
      float[] affine,
      float[] statistics,
      float @Nullable [] dx,
      double @Nullable [] sums) {
    if (norm.size() == 0) {
      return;
    }
    if (norm.b() == 1) {
      pullbackColumns(norm, dh, x, affine, statistics, dx, sums);
      return;
    }
    // The sums of features are made where dx is written.
    float @Nullable [] out =
        dx == null && norm.featureStep() == 1 ? Buffers.uninitializedFloats(x.length) : dx;
    int chunks = sums == null ? 0 : Math.ceilDiv(norm.channels(), chunk(norm));
    double[][] parts = new double[chunks][];
    inChunks(
        norm,
        (chunk, from, to) -> {
          double @Nullable [] part = sums == null ? null : Buffers.zeroedDoubles(sums.length);
          new Sets(norm, x, affine, statistics).pullback(from, to, dh, out, part);
          if (part != null) {
            parts[chunk] = part;
          }
        });
    for (double[] part : parts) {
      for (int i = 0; sums != null && i < part.length; i++) {
        sums[i] += part[i];
      }
    }
  }

  // ---- sets that are columns -------------------------------------------------------------------

  /** Returns what is known of each column, and its gain and bias, with room for more. */
  private static float[] table(Norm norm, float[] statistics, float[] affine, int rows) {
    int n = norm.channels();
    float[] table = Buffers.uninitializedFloats(rows * n);
    System.arraycopy(statistics, 0, table, 0, 4 * n);
    for (int c = 0, run; c < n; c += run) {
      run = norm.run(c, n);
      int f = norm.feature(c);
      for (int i = 0; i < 2; i++) {
        int from = i * norm.features() + f;
        int to = (4 + i) * n + c;
        if (norm.featureStep() == 1) {
          System.arraycopy(affine, from, table, to, run);
        } else {
          Arrays.fill(table, to, to + run, affine[from]);
        }
      }
    }
    return table;
  }

  private void pullbackColumns(
      Norm norm,
      float[] dh,
      float[] x,
      float[] affine,
      float[] statistics,
      float @Nullable [] dx,
      double @Nullable [] sums) {
    int n = norm.channels();
    float[] table = table(norm, statistics, affine, 7);
    FloatColumns columns = new FloatColumns(norm);
    double[] totals =
        columns.sums((at, rows, from, to, added, s) ->
            columnLoops.sums(dh, x, at, n, rows, table, n, from, to, added, s));
    for (int c = 0; c < n; c++) {
      double inverse = statistics[2 * n + c];
      double shift = statistics[3 * n + c];
      double sum = totals[n + c];
      double product = totals[c] * inverse + sum * shift;
      if (sums != null) {
        int f = norm.feature(c);
        sums[f] += product;
        sums[norm.features() + f] += sum;
      }
      double share = (double) table[4 * n + c] / norm.a();
      double along = share * product * statistics[4 * n + c];
      table[5 * n + c] = (float) (-along * inverse);
      table[6 * n + c] = (float) -(along * shift + (norm.centred() ? share * sum : 0));
    }
    if (dx != null) {
      columns.forEach(
          false,
          (at, rows, from, to, s) ->
              columnLoops.pullback(dh, x, at, n, rows, table, n, from, to, dx));
    }
  }

  // ---- sets that go one after another ----------------------------------------------------------

  /** Receives a range of sets, and the number of the chunk that they are. */
  private interface Body {
    void run(int chunk, int from, int to);
  }

  private static void inChunks(Norm norm, Body body) {
    int chunk = chunk(norm);
    int sets = norm.channels();
    Parallel.run(
        Math.ceilDiv(sets, chunk),
        norm.size() * sets / 2,
        i -> body.run(i, i * chunk, i * chunk + Math.min(chunk, sets - i * chunk)));
  }

  private static int chunk(Norm norm) {
    int few = Math.max(1, (int) ((1 << 14) / norm.size()));
    return Math.max(few, Math.ceilDiv(norm.channels(), CHUNKS));
  }

  /** Computes set after set. */
  private final class Sets {
    final Norm norm;
    final float[] x;
    final float[] affine;
    final float[] statistics;
    final FloatSet set;
    final float[] numbers;

    /** Whether neighbors have gains of their own. */
    final boolean features;

    /** Of which feature the gain and bias are in the table. */
    int known = -1;

    double products;
    double sum;

    Sets(Norm norm, float[] x, float[] affine, float[] statistics) {
      this.norm = norm;
      this.x = x;
      this.affine = affine;
      this.statistics = statistics;
      set = new FloatSet(norm);
      numbers = set.numbers;
      features = norm.featureStep() == 1;
    }

    /**
     * Does two things with each of some sets that stay in cache, one after the other: memory is
     * fastest where it is read in long stretches.
     */
    void inGroups(int from, int to, IntConsumer first, IntConsumer second) {
      int group = Math.max(1, (int) ((1 << 14) / norm.size()));
      for (int c = from; c < to; c += group) {
        int end = Math.min(to, c + group);
        for (int i = c; i < end; i++) {
          first.accept(i);
        }
        for (int i = c; i < end; i++) {
          second.accept(i);
        }
      }
    }

    void apply(int c, float[] h) {
      set.putStatistics(statistics, c);
      int count = norm.features();
      set.forEach(
          c,
          (at, rows, to, f) -> {
            if (features) {
              int n = (rows - 1) * LANES + to;
              loops.applyFeatures(x, at, numbers, affine, f, count, 0, n, h);
              return;
            }
            if (f != known) {
              set.put(4, affine[f]);
              set.put(5, affine[count + f]);
              known = f;
            }
            loops.apply(x, at, LANES, rows, numbers, LANES, 0, to, h);
          });
    }

    void pullback(int cFrom, int cTo, float[] dh, float @Nullable [] dx, double @Nullable [] sums) {
      float[] added = Buffers.zeroedFloats(features ? 2 * norm.features() : 0);
      float[] slopes = Buffers.uninitializedFloats(2 * (cTo - cFrom));
      inGroups(
          cFrom,
          cTo,
          c -> {
            set.putStatistics(statistics, c);
            addUp(c, dh, sums);
            double along = products / norm.size() * statistics[4 * norm.channels() + c];
            double mean = norm.centred() ? sum / norm.size() : 0;
            slopes[2 * (c - cFrom)] = (float) (-along * numbers[2 * LANES]);
            slopes[2 * (c - cFrom) + 1] = (float) -(along * numbers[3 * LANES] + mean);
          },
          c -> {
            int k = c - cFrom;
            if (dx != null) {
              set.putStatistics(statistics, c);
              set.put(5, slopes[2 * k]);
              set.put(6, slopes[2 * k + 1]);
              write(c, dh, added, dx);
            }
            if (sums != null && (k % ADDED == ADDED - 1 || c == cTo - 1)) {
              for (int i = 0; i < added.length; i++) {
                sums[i] += added[i];
                added[i] = 0;
              }
            }
          });
    }

    private void addUp(int c, float[] dh, double @Nullable [] sums) {
      products = 0;
      sum = 0;
      double inverse = numbers[2 * LANES];
      double shift = numbers[3 * LANES];
      set.forEach(
          c,
          (at, rows, to, f) -> {
            float[] lanes = set.clearedLanes();
            if (features) {
              loops.sumsFeatures(dh, x, at, numbers, affine, f, 0, (rows - 1) * LANES + to, lanes);
            } else {
              loops.sums(dh, x, at, LANES, rows, numbers, LANES, 0, to, lanes, 0);
            }
            double s = FloatSet.total(lanes, LANES);
            double product = FloatSet.total(lanes, 0) * inverse + s * shift;
            double gain = features ? 1 : affine[f];
            products += gain * product;
            sum += gain * s;
            if (sums != null && !features) {
              sums[f] += product;
              sums[norm.features() + f] += s;
            }
          });
    }

    private void write(int c, float[] dh, float[] added, float[] dx) {
      int count = norm.features();
      set.forEach(
          c,
          (at, rows, to, f) -> {
            if (features) {
              int n = (rows - 1) * LANES + to;
              loops.pullbackFeatures(dh, x, at, numbers, affine, f, count, 0, n, added, dx);
              return;
            }
            if (f != known) {
              set.put(4, affine[f]);
              known = f;
            }
            loops.pullback(dh, x, at, LANES, rows, numbers, LANES, 0, to, dx);
          });
    }
  }
}
