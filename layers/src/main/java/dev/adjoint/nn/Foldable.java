package dev.adjoint.nn;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Marks a layer whose output channels can be scaled and shifted by other weights of its own. */
interface Foldable<L extends Layer & Transform> {

  /** Returns the number of output channels. */
  int outputs();

  /** Returns a constant layer that does what this one does and then the affine function. */
  L foldedInto(PerChannelAffine.Affine affine);

  /** Returns {@code scale * weight}, where axis 0 of the weight is the channel. */
  static Weight scaled(Weight weight, PerChannelAffine.Affine affine) {
    Tensor w = weight.value().untracked();
    int[] sizes = new int[w.rank()];
    Arrays.fill(sizes, 1);
    sizes[0] = -1;
    Tensor scale = affine.scale().to(DType.FLOAT64).reshape(sizes);
    return Weight.constant(w.to(DType.FLOAT64).times(scale).to(w.dtype()));
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
