package dev.adjoint.kernel.vector;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.ConvLayout;
import dev.adjoint.kernel.Matrix;
import dev.adjoint.kernel.Span;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Convolution of one channel by itself on the Vector API: rows are vectors, and what lies past the
 * last of them is masked.
 */
final class FloatVectorStencil {

  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();

  /** Zeros that sums start from: from one shared vector, C2 would box all of them. */
  private static final float[] ZEROS = Buffers.zeroedFloats(8 * LANES);

  private FloatVectorStencil() {}

  /** Computes y, as {@code Kernels.correlate} says. */
  static void correlate(ConvLayout layout, Matrix x, Span w, Matrix y) {
    for (int j = 0; j < y.columns(); j += LANES) {
      for (int i = 0; i < y.rows(); i += 4) {
        int last = Math.min(4, y.rows() - i) - 1;
        rows4(layout, x, x.at(i, j), w, y, y.at(i, j), last, y.columns() - j);
      }
    }
  }

  /** Up to four rows, the last of them several times where there are fewer. */
  private static void rows4(
      ConvLayout layout,
      Matrix xs,
      int xFrom,
      Span w,
      Matrix ys,
      int yFrom,
      int last,
      int columns) {
    float[] x = (float[]) xs.data();
    float[] weights = (float[]) w.data();
    float[] y = (float[]) ys.data();
    int[] shifts = layout.shifts();
    int[] taps = layout.stencil().tap();
    int wFrom = w.from();
    int xNext = xs.rowStride();
    int yNext = ys.rowStride();
    VectorMask<Float> mask = S.indexInRange(0, columns);
    int i1 = Math.min(1, last);
    int i2 = Math.min(2, last);
    int i3 = Math.min(3, last);
    int p1 = i1 * xNext;
    int p2 = i2 * xNext;
    int p3 = i3 * xNext;
    FloatVector y0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector y1 = FloatVector.fromArray(S, ZEROS, 1 * LANES);
    FloatVector y2 = FloatVector.fromArray(S, ZEROS, 2 * LANES);
    FloatVector y3 = FloatVector.fromArray(S, ZEROS, 3 * LANES);
    for (int t = 0; t < shifts.length; t++) {
      int p = xFrom + shifts[t];
      FloatVector weight = FloatVector.broadcast(S, weights[wFrom + taps[t]]);
      y0 = weight.fma(FloatVector.fromArray(S, x, p), y0);
      y1 = weight.fma(FloatVector.fromArray(S, x, p + p1), y1);
      y2 = weight.fma(FloatVector.fromArray(S, x, p + p2), y2);
      y3 = weight.fma(FloatVector.fromArray(S, x, p + p3), y3);
    }
    y0.intoArray(y, yFrom, mask);
    y1.intoArray(y, yFrom + i1 * yNext, mask);
    y2.intoArray(y, yFrom + i2 * yNext, mask);
    y3.intoArray(y, yFrom + i3 * yNext, mask);
  }

  /** Adds to sums, as {@code Kernels.correlateRows} says. */
  static void correlateRows(ConvLayout layout, Matrix x, Matrix g, Matrix sums) {
    for (int j = 0; j < g.columns(); j += LANES) {
      for (int t = 0; t < layout.shifts().length; t += 5) {
        taps5(layout.shifts(), t, x, g, sums, j);
      }
    }
  }

  /** Up to five taps, the last of them several times where there are fewer. */
  private static void taps5(int[] shifts, int tap, Matrix xs, Matrix gs, Matrix sums, int j) {
    float[] x = (float[]) xs.data();
    float[] g = (float[]) gs.data();
    float[] out = (float[]) sums.data();
    int xNext = xs.rowStride();
    int gNext = gs.rowStride();
    int rows = gs.rows();
    VectorMask<Float> mask = S.indexInRange(0, gs.columns() - j);
    int last = shifts.length - 1;
    int t1 = Math.min(tap + 1, last);
    int t2 = Math.min(tap + 2, last);
    int t3 = Math.min(tap + 3, last);
    int t4 = Math.min(tap + 4, last);
    int p0 = shifts[tap];
    int p1 = shifts[t1];
    int p2 = shifts[t2];
    int p3 = shifts[t3];
    int p4 = shifts[t4];
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector c1 = FloatVector.fromArray(S, ZEROS, 1 * LANES);
    FloatVector c2 = FloatVector.fromArray(S, ZEROS, 2 * LANES);
    FloatVector c3 = FloatVector.fromArray(S, ZEROS, 3 * LANES);
    FloatVector c4 = FloatVector.fromArray(S, ZEROS, 4 * LANES);
    for (int i = 0, p = xs.at(0, j), q = gs.at(0, j); i < rows; i++, p += xNext, q += gNext) {
      FloatVector u = FloatVector.fromArray(S, g, q, mask);
      c0 = u.fma(FloatVector.fromArray(S, x, p + p0), c0);
      c1 = u.fma(FloatVector.fromArray(S, x, p + p1), c1);
      c2 = u.fma(FloatVector.fromArray(S, x, p + p2), c2);
      c3 = u.fma(FloatVector.fromArray(S, x, p + p3), c3);
      c4 = u.fma(FloatVector.fromArray(S, x, p + p4), c4);
    }
    int to0 = sums.at(tap, j);
    int to1 = sums.at(t1, j);
    int to2 = sums.at(t2, j);
    int to3 = sums.at(t3, j);
    int to4 = sums.at(t4, j);
    c0 = c0.add(FloatVector.fromArray(S, out, to0));
    c1 = c1.add(FloatVector.fromArray(S, out, to1));
    c2 = c2.add(FloatVector.fromArray(S, out, to2));
    c3 = c3.add(FloatVector.fromArray(S, out, to3));
    c4 = c4.add(FloatVector.fromArray(S, out, to4));
    c0.intoArray(out, to0);
    c1.intoArray(out, to1);
    c2.intoArray(out, to2);
    c3.intoArray(out, to3);
    c4.intoArray(out, to4);
  }
}
