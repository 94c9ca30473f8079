package dev.adjoint.nn;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A layer whose output channels can be scaled and shifted by changing its weights. */
interface Foldable<L extends Layer & Transform> {

  int outputs();

  /** Returns a constant layer that does what this one does and then the affine function. */
  L foldedInto(PerChannelAffine.Affine affine);

  /** Returns {@code scale * weight}, of a scale that broadcasts to the weight. */
  static Weight scaled(Weight weight, Tensor scale) {
    Tensor w = weight.value().untracked();
    return Weight.constant(w.to(DType.FLOAT64).times(scale.to(DType.FLOAT64)).to(w.dtype()));
  }

  /** Returns {@code scale * bias + shift}. */
  static Weight shifted(@Nullable Weight bias, PerChannelAffine.Affine affine) {
    Tensor shift = affine.shift().untracked();
    if (bias == null) {
      return Weight.constant(shift);
    }
    Tensor b = bias.value().untracked();
    Tensor scaled = b.to(DType.FLOAT64).times(affine.scale().to(DType.FLOAT64));
    return Weight.constant(scaled.plus(shift.to(DType.FLOAT64)).to(b.dtype()));
  }
}
