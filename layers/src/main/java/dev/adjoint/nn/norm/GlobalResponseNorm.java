package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * Lets the channels of an image compete: {@code x + g * x * n + b}, where n is the length of the
 * channel over all positions, divided by the mean length of the channels plus epsilon (Woo et al.
 * 2023, arXiv:2301.00808).
 *
 * <p>Inputs have the shape (N, C, L), (N, C, H, W) or (N, C, D, H, W). Each channel has its g and
 * b, both 0 at first: then the layer changes nothing. epsilon defaults to 1e-6. Both modes compute
 * the same.
 */
public final class GlobalResponseNorm extends SpatialNorm<GlobalResponseNorm> {

  /** Creates a norm of some channels. */
  public GlobalResponseNorm(int channels) {
    this(
        Description.of(GlobalResponseNorm::new)
            .set("features", channels)
            .with("weight", Tensors.zeros(channels)));
  }

  /** Creates a layer from its description. */
  public GlobalResponseNorm(Description from) {
    super(from, false, 1e-6);
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    Tensor length = Reductions.length(x, 0, true, reductionAxes(x));
    Tensor relative = length.div(length.mean(Keep.AXES, 1).plus(epsilon(x.dtype())));
    return x.plus(affine(x.times(relative)));
  }
}
