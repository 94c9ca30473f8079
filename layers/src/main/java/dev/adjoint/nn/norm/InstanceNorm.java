package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes each channel of each example by itself, over the axes after the channels (Ulyanov,
 * Vedaldi and Lempitsky 2016, arXiv:1607.08022).
 *
 * <p>Inputs have the shape (N, C, L), (N, C, H, W) or (N, C, D, H, W). Both modes compute the same.
 * As in PyTorch there is no g and b unless {@link #withAffine} is called; at least two values a
 * channel are needed.
 */
public final class InstanceNorm extends SpatialNorm<InstanceNorm> {

  /** Creates a norm of some channels, without g and b. */
  public InstanceNorm(int channels) {
    this(
        Description.of(InstanceNorm::new)
            .set("features", channels)
            .with("weight", null)
            .with("bias", null));
  }

  /** Creates a layer from its description. */
  public InstanceNorm(Description from) {
    super(from, true, 1e-5);
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    int[] axes = reductionAxes(x);
    requireVariance(x.shape().reduced(new int[] {0, 1}, false).size(), x);
    return normalize(x, mask, placement(x), axes).y();
  }
}
