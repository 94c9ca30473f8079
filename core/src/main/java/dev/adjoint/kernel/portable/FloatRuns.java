package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Norm;
import java.util.Arrays;

/**
 * Walks over runs of elements, with their gains and biases as {@link FloatNormLoops} take them.
 *
 * <p>What is done with runs comes as a body, to keep loops apart: put into one method, C2 inlines
 * their vectors up to some number and makes objects of the others.
 */
final class FloatRuns {

  private static final int LANES = FloatNormLoops.LANES;

  /** Receives a run of n elements from {@code at} on; s counts them from the first column on. */
  interface Body {
    void run(int at, int s, int n);
  }

  private final Norm norm;
  private final float[] values;

  /** The gains, and after a stride the biases. */
  final float[] affine;

  final int stride;
  final int step;
  int column;

  /** The feature of the run's first element. */
  int feature = -1;

  FloatRuns(Norm norm, float[] values) {
    this.norm = norm;
    this.values = values;
    step = norm.featureStep();
    affine = step == 1 ? values : Buffers.uninitializedFloats(2 * LANES);
    stride = step == 1 ? norm.features() : LANES;
  }

  /** Walks over a set, with runs of at most so many elements. */
  void ofSet(int c, int most, Body body) {
    for (int i = 0; i < norm.a(); i++) {
      int from = norm.at(i, c);
      walk(from, from + norm.b(), most, body);
    }
  }

  /** Walks over sets that are columns, row by row. */
  void ofColumns(int cFrom, int cTo, Body body) {
    for (int r = 0; r < norm.a(); r++) {
      int row = r * norm.channels();
      walk(row + cFrom, row + cTo, Integer.MAX_VALUE, body);
    }
  }

  private void walk(int from, int to, int most, Body body) {
    for (int at = from, n; at < to; at += n) {
      n = Math.min(most, norm.run(at, to));
      moveTo(at);
      body.run(at, at - from, n);
    }
  }

  /** Finds gain and bias of the element at p. */
  void moveTo(int p) {
    int f = norm.feature(p);
    if (step == 1) {
      column = f;
    } else if (f != feature) {
      Arrays.fill(affine, 0, LANES, values[f]);
      Arrays.fill(affine, LANES, 2 * LANES, values[norm.features() + f]);
    }
    feature = f;
  }

  /** Returns the gain of the run's first element. */
  float gain() {
    return values[feature];
  }
}
