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

  private static final int LANES = FloatNormLoops.LANES;

  /** So many elements are added up in the arrays' precision before they are added in double. */
  static final int PIECE = 4096;

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
    FloatAffine features = new FloatAffine(norm, affine);
    int channels = norm.channels();
    if (norm.b() == 1) {
      for (int r = 0; r < norm.a(); r++) {
        int from = r * channels;
        for (int at = from + cFrom, n; at < from + cTo; at += n) {
          n = norm.run(at, from + cTo);
          features.moveTo(at);
          apply(x, at, statistics, at - from, channels, 1, features, h, n);
        }
      }
      return;
    }
    float[] set = Buffers.uninitializedFloats(4 * LANES);
    for (int c = cFrom; c < cTo; c++) {
      repeat(statistics, c, channels, set);
      for (int i = 0; i < norm.a(); i++) {
        int end = norm.at(i, c) + norm.b();
        for (int at = norm.at(i, c), n; at < end; at += n) {
          n = norm.run(at, end);
          features.moveTo(at);
          apply(x, at, set, 0, LANES, 0, features, h, n);
        }
      }
    }
  }

  private void apply(
      float[] x,
      int at,
      float[] set,
      int s,
      int setStride,
      int setStep,
      FloatAffine features,
      float[] h,
      int n) {
    loops.apply(
        x,
        at,
        set,
        s,
        setStride,
        setStep,
        features.table,
        features.column,
        features.stride,
        features.step,
        h,
        n);
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
    FloatAffine features = new FloatAffine(norm, affine);
    if (norm.size() == 0) {
      return;
    }
    if (norm.b() == 1) {
      pullbackColumns(norm, cFrom, cTo, dh, x, features, statistics, dx, sums);
    } else {
      pullbackRuns(norm, cFrom, cTo, dh, x, features, statistics, dx, sums);
    }
  }

  /** Here all elements of a set have one feature. */
  private void pullbackColumns(
      Norm norm,
      int cFrom,
      int cTo,
      float[] dh,
      float[] x,
      FloatAffine features,
      float[] statistics,
      float[] dx,
      double @Nullable [] sums) {
    int channels = norm.channels();
    int n = cTo - cFrom;
    int rows = norm.a();
    float[] set = Buffers.uninitializedFloats(6 * n);
    for (int row = 0; row < 4; row++) {
      System.arraycopy(statistics, row * channels + cFrom, set, row * n, n);
    }
    double[] totals = Buffers.zeroedDoubles(2 * n);
    float[] added = Buffers.zeroedFloats(2 * n);
    for (int r = 0; r < rows; r++) {
      loops.addSums(dh, x, r * channels + cFrom, set, n, added);
      if (r % ADDED == ADDED - 1 || r == rows - 1) {
        move(added, totals);
      }
    }
    for (int c = cFrom; c < cTo; c++) {
      features.moveTo(c);
      double sumOfDhY = totals[c - cFrom];
      double sumOfDh = totals[n + c - cFrom];
      if (sums != null) {
        sums[features.feature] += sumOfDhY;
        sums[norm.features() + features.feature] += sumOfDh;
      }
      double share = (double) features.gain() / rows;
      set[4 * n + c - cFrom] = norm.centred() ? (float) (share * sumOfDh) : 0;
      set[5 * n + c - cFrom] = (float) -(share * sumOfDhY * statistics[4 * channels + c]);
    }
    for (int r = 0; r < rows; r++) {
      int from = r * channels + cFrom;
      for (int at = from, run; at < from + n; at += run) {
        run = norm.run(at, from + n);
        features.moveTo(at);
        loops.pullback(
            dh,
            x,
            at,
            set,
            at - from,
            n,
            1,
            features.table,
            features.column,
            features.step,
            dx,
            run);
      }
    }
  }

  private void pullbackRuns(
      Norm norm,
      int cFrom,
      int cTo,
      float[] dh,
      float[] x,
      FloatAffine features,
      float[] statistics,
      float[] dx,
      double @Nullable [] sums) {
    boolean own = features.step == 1;
    float[] set = Buffers.uninitializedFloats(6 * LANES);
    float[] added = Buffers.zeroedFloats(own ? 2 * norm.features() : 0);
    float[] part = Buffers.uninitializedFloats(2 * LANES);
    for (int c = cFrom; c < cTo; c++) {
      repeat(statistics, c, norm.channels(), set);
      double sumOfQ = 0;
      double sumOfQy = 0;
      for (int i = 0; i < norm.a(); i++) {
        int end = norm.at(i, c) + norm.b();
        for (int at = norm.at(i, c), n; at < end; at += n) {
          n = Math.min(PIECE, norm.run(at, end));
          features.moveTo(at);
          if (own) {
            loops.sums(dh, x, at, set, features.table, features.column, 1, n, part);
            sumOfQ += part[0];
            sumOfQy += part[1];
          } else {
            loops.sums(dh, x, at, set, NO_AFFINE, 0, 0, n, part);
            sumOfQ += (double) features.gain() * part[0];
            sumOfQy += (double) features.gain() * part[1];
            if (sums != null) {
              sums[features.feature] += part[1];
              sums[norm.features() + features.feature] += part[0];
            }
          }
        }
      }
      double along = statistics[4 * norm.channels() + c] / (double) norm.size();
      Arrays.fill(set, 4 * LANES, 5 * LANES, norm.centred() ? (float) (sumOfQ / norm.size()) : 0);
      Arrays.fill(set, 5 * LANES, 6 * LANES, (float) -(sumOfQy * along));
      for (int i = 0; i < norm.a(); i++) {
        int end = norm.at(i, c) + norm.b();
        for (int at = norm.at(i, c), n; at < end; at += n) {
          n = norm.run(at, end);
          features.moveTo(at);
          if (own) {
            loops.pullback(
                dh, x, at, set, features.table, features.column, features.stride, added, dx, n);
          } else {
            loops.pullback(dh, x, at, set, 0, LANES, 0, features.table, 0, 0, dx, n);
          }
        }
      }
      if (sums != null && ((c - cFrom) % ADDED == ADDED - 1 || c == cTo - 1)) {
        move(added, sums);
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
}
