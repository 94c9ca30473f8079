package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Norm;
import java.util.Arrays;

/** Finds the gains and biases of a run of elements, as {@link FloatNormLoops} take them. */
final class FloatAffine {

  private static final int LANES = FloatNormLoops.LANES;

  private final Norm norm;
  private final float[] values;

  /** The gains, and after a stride the biases. */
  final float[] table;

  final int stride;
  final int step;
  int column;

  /** The feature of the run's first element. */
  int feature = -1;

  FloatAffine(Norm norm, float[] values) {
    this.norm = norm;
    this.values = values;
    step = norm.featureStep();
    table = step == 1 ? values : Buffers.uninitializedFloats(2 * LANES);
    stride = step == 1 ? norm.features() : LANES;
  }

  /** Moves to the run that starts at p. */
  void moveTo(int p) {
    int f = norm.feature(p);
    if (step == 1) {
      column = f;
    } else if (f != feature) {
      Arrays.fill(table, 0, LANES, values[f]);
      Arrays.fill(table, LANES, 2 * LANES, values[norm.features() + f]);
    }
    feature = f;
  }

  /** Returns the gain of the run's first element. */
  float gain() {
    return values[feature];
  }
}
