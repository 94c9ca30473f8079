package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.FloatColumnLoops;
import dev.adjoint.kernel.FloatRunLoops;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Norm;
import dev.adjoint.kernel.Parallel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes sets of elements: reads x and writes h; on the way back reads x and dh and writes dx.
 * Where b is 1, sets are columns and go side by side, and so they do across channels; else one goes
 * after another.
 */
final class FloatNormalize implements Kernels.Normalizer {

  private final FloatRunLoops runLoops;

  private final FloatColumnLoops columnLoops;

  FloatNormalize(FloatKernels kernels) {
    runLoops = kernels.runLoops();
    columnLoops = kernels.columnLoops();
  }

  @Override
  public void forward(Norm norm, Object in, Object gains, Object out, Object kept) {
    float[] x = (float[]) in;
    float[] affine = (float[]) gains;
    float[] h = (float[]) out;
    float[] statistics = (float[]) kept;
    if (norm.size() == 0) {
      Arrays.fill(statistics, Float.NaN);
    } else if (norm.across()) {
      new FloatStrips(columnLoops, runLoops, norm, x, statistics).forward(affine, h);
    } else if (norm.b() == 1) {
      FloatSets sets = new FloatSets(runLoops, norm, x, statistics);
      new FloatColumns(columnLoops, norm, x, statistics).forward(affine, h, sets);
    } else {
      inChunks(
          norm,
          (chunk, from, to) ->
              new FloatSets(runLoops, norm, x, statistics).forward(from, to, affine, h));
    }
  }

  @Override
  public void pullback(
      Norm norm,
      Object cotangent,
      Object in,
      Object gains,
      Object kept,
      @Nullable Object out,
      double @Nullable [] sums) {
    float[] dh = (float[]) cotangent;
    float[] x = (float[]) in;
    float[] affine = (float[]) gains;
    float[] statistics = (float[]) kept;
    if (norm.size() == 0) {
      return;
    }
    if (norm.across()) {
      new FloatStrips(columnLoops, runLoops, norm, x, statistics)
          .pullback(dh, affine, (float @Nullable []) out, sums);
      return;
    }
    if (norm.b() == 1) {
      new FloatColumns(columnLoops, norm, x, statistics)
          .pullback(dh, affine, (float @Nullable []) out, sums);
      return;
    }
    // The sums of features are made where dx is written.
    float @Nullable [] dx =
        out == null && norm.inner() == 1
            ? Buffers.uninitializedFloats(x.length)
            : (float @Nullable []) out;
    int chunks = Math.ceilDiv(norm.channels(), chunk(norm));
    double[][] parts = new double[chunks][];
    inChunks(
        norm,
        (chunk, from, to) -> {
          if (sums != null) {
            parts[chunk] = Buffers.scratchDoubles(sums.length);
            Arrays.fill(parts[chunk], 0);
          }
          new FloatSets(runLoops, norm, x, statistics)
              .pullback(from, to, dh, affine, dx, parts[chunk]);
        });
    for (double[] part : parts) {
      for (int i = 0; sums != null && i < sums.length; i++) {
        sums[i] += part[i];
      }
      if (sums != null) {
        Buffers.give(part);
      }
    }
  }

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

  /**
   * Returns how many sets are a chunk, which has sums of its own for gains and biases, in the
   * arrays' precision: few, and as many in the last as in the others, for which threads wait.
   */
  private static int chunk(Norm norm) {
    int sets = Math.max(1, norm.channels());
    int most = Math.clamp(Math.max((1 << 15) / norm.size(), Math.ceilDiv(sets, 64)), 1, 256);
    return Math.ceilDiv(sets, Math.ceilDiv(sets, most));
  }
}
