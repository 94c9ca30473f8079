package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Norm;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes sets of elements: reads x and writes h; on the way back reads x and dh and writes dx.
 *
 * <p>A set's statistics and features are laid out as {@link FloatNormLoops} say. Where b is 1, sets
 * are columns and go side by side; else one goes after another, run by run.
 */
final class FloatNormalize {

  /** So many sets or rows are added up in the arrays' precision before they are added in double. */
  static final int ADDED = 256;

  /** So many elements are added up in the arrays' precision before they are added in double. */
  static final int PIECE = 4096;

  private static final int LANES = FloatNormLoops.LANES;
  private static final float[] NO_AFFINE = Buffers.zeroedFloats(2 * LANES);

  static {
    Arrays.fill(NO_AFFINE, 0, LANES, 1);
  }

  private final FloatNormLoops loops;
  private final FloatMoments moments;

  FloatNormalize(FloatKernels kernels) {
    loops = kernels.normLoops();
    moments = new FloatMoments(loops);
  }

  // ---- forward ---------------------------------------------------------------------------------

  void forward(
      Norm norm,
      int cFrom,
      int cTo,
      float[] x,
      float[] affine,
      float[] h,
      float[] statistics,
      float[] mean,
      float[] variance) {
    moments.measure(norm, cFrom, cTo, x, statistics, mean, variance);
    FloatRuns runs = new FloatRuns(norm, affine);
    int channels = norm.channels();
    if (norm.b() == 1) {
      runs.ofColumns(
          cFrom,
          cTo,
          (at, s, n) ->
              loops.apply(
                  x,
                  at,
                  statistics,
                  cFrom + s,
                  channels,
                  1,
                  runs.affine,
                  runs.column,
                  runs.stride,
                  runs.step,
                  h,
                  n));
      return;
    }
    float[] set = Buffers.uninitializedFloats(4 * LANES);
    FloatRuns.Body apply =
        (at, s, n) ->
            loops.apply(
                x, at, set, 0, LANES, 0, runs.affine, runs.column, runs.stride, runs.step, h, n);
    for (int c = cFrom; c < cTo; c++) {
      repeat(statistics, c, channels, set);
      runs.ofSet(c, Integer.MAX_VALUE, apply);
    }
  }

  private static void repeat(float[] statistics, int c, int channels, float[] set) {
    for (int row = 0; row < 4; row++) {
      Arrays.fill(set, row * LANES, (row + 1) * LANES, statistics[row * channels + c]);
    }
  }

  // ---- backward --------------------------------------------------------------------------------

  /**
   * Computes dx, and adds {@code sum(dh y)} and {@code sum(dh)} of each feature to the sums, unless
   * they are null: first those of the gains, then those of the biases.
   */
  void pullback(
      Norm norm,
      int cFrom,
      int cTo,
      float[] dh,
      float[] x,
      float[] affine,
      float[] statistics,
      float[] dx,
      double @Nullable [] sums) {
    if (norm.size() == 0) {
      return;
    }
    FloatRuns runs = new FloatRuns(norm, affine);
    if (norm.b() == 1) {
      pullbackColumns(norm, cFrom, cTo, dh, x, runs, statistics, dx, sums);
    } else {
      new Sets(norm, dh, x, runs, dx, sums).pullback(cFrom, cTo, statistics);
    }
  }

  /** Here all elements of a set have one feature. */
  private void pullbackColumns(
      Norm norm,
      int cFrom,
      int cTo,
      float[] dh,
      float[] x,
      FloatRuns runs,
      float[] statistics,
      float[] dx,
      double @Nullable [] sums) {
    int channels = norm.channels();
    int n = cTo - cFrom;
    float[] set = Buffers.uninitializedFloats(6 * n);
    for (int row = 0; row < 4; row++) {
      System.arraycopy(statistics, row * channels + cFrom, set, row * n, n);
    }
    double[] totals = Buffers.zeroedDoubles(2 * n);
    addUpColumns(norm, cFrom, n, dh, x, set, totals);
    for (int j = 0; j < n; j++) {
      runs.moveTo(cFrom + j);
      if (sums != null) {
        sums[runs.feature] += totals[j];
        sums[norm.features() + runs.feature] += totals[n + j];
      }
      double share = (double) runs.gain() / norm.a();
      set[4 * n + j] = norm.centred() ? (float) (share * totals[n + j]) : 0;
      set[5 * n + j] = (float) -(share * totals[j] * statistics[4 * channels + cFrom + j]);
    }
    runs.ofColumns(
        cFrom,
        cTo,
        (at, s, run) ->
            loops.pullback(dh, x, at, set, s, n, 1, runs.affine, runs.column, runs.step, dx, run));
  }

  private void addUpColumns(
      Norm norm, int cFrom, int n, float[] dh, float[] x, float[] set, double[] totals) {
    float[] added = Buffers.zeroedFloats(2 * n);
    for (int r = 0; r < norm.a(); r++) {
      loops.addSums(dh, x, r * norm.channels() + cFrom, set, n, added);
      if (r % ADDED == ADDED - 1 || r == norm.a() - 1) {
        move(added, totals);
      }
    }
  }

  /** Adds to sums in double precision, and begins anew. */
  static void move(float[] added, double[] sums) {
    for (int i = 0; i < added.length; i++) {
      sums[i] += added[i];
      added[i] = 0;
    }
  }

  /** The way back of sets that go one after another. */
  private final class Sets {
    final Norm norm;
    final float[] dh;
    final float[] x;
    final FloatRuns runs;
    final float[] dx;
    final double @Nullable [] sums;

    final float[] set = Buffers.uninitializedFloats(6 * LANES);
    final float[] part = Buffers.uninitializedFloats(2 * LANES);
    final float[] added;
    double sumOfQ;
    double sumOfQy;

    Sets(Norm norm, float[] dh, float[] x, FloatRuns runs, float[] dx, double @Nullable [] sums) {
      this.norm = norm;
      this.dh = dh;
      this.x = x;
      this.runs = runs;
      this.dx = dx;
      this.sums = sums;
      added = Buffers.zeroedFloats(runs.step == 1 ? 2 * norm.features() : 0);
    }

    void pullback(int cFrom, int cTo, float[] statistics) {
      FloatRuns.Body addUp = runs.step == 1 ? this::addUpFeatures : this::addUpFeature;
      FloatRuns.Body write = runs.step == 1 ? this::writeFeatures : this::writeFeature;
      double count = norm.size();
      for (int c = cFrom; c < cTo; c++) {
        repeat(statistics, c, norm.channels(), set);
        sumOfQ = 0;
        sumOfQy = 0;
        runs.ofSet(c, PIECE, addUp);
        double slope = sumOfQy / count * statistics[4 * norm.channels() + c];
        Arrays.fill(set, 4 * LANES, 5 * LANES, norm.centred() ? (float) (sumOfQ / count) : 0);
        Arrays.fill(set, 5 * LANES, 6 * LANES, (float) -slope);
        runs.ofSet(c, Integer.MAX_VALUE, write);
        if (sums != null && ((c - cFrom) % ADDED == ADDED - 1 || c == cTo - 1)) {
          move(added, sums);
        }
      }
    }

    /** Neighbors have gains of their own. */
    private void addUpFeatures(int at, int s, int n) {
      loops.sums(dh, x, at, set, runs.affine, runs.column, 1, n, part);
      sumOfQ += part[0];
      sumOfQy += part[1];
    }

    private void writeFeatures(int at, int s, int n) {
      loops.pullback(dh, x, at, set, runs.affine, runs.column, runs.stride, added, dx, n);
    }

    /** All have one gain. */
    private void addUpFeature(int at, int s, int n) {
      loops.sums(dh, x, at, set, NO_AFFINE, 0, 0, n, part);
      sumOfQ += (double) runs.gain() * part[0];
      sumOfQy += (double) runs.gain() * part[1];
      if (sums != null) {
        sums[runs.feature] += part[1];
        sums[norm.features() + runs.feature] += part[0];
      }
    }

    private void writeFeature(int at, int s, int n) {
      loops.pullback(dh, x, at, set, 0, LANES, 0, runs.affine, 0, 0, dx, n);
    }
  }
}
