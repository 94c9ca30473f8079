package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Tensor;

/**
 * Normalizes each example by itself over its positions: what norms of inputs of shape (N, C, L),
 * (N, C, H, W) or (N, C, D, H, W) share. Both modes compute the same.
 *
 * @param <N> the norm itself, which its options return
 */
public abstract class SpatialNorm<N extends SpatialNorm<N>> extends ChannelNorm<N> {

  /** Creates a norm from its description that subtracts the mean or not, and its usual epsilon. */
  SpatialNorm(Description from, boolean centered, double usualEpsilon) {
    super(from, centered, usualEpsilon);
  }

  @Override
  protected final int[] reductionAxes(Tensor x) {
    return positions(x);
  }

  @Override
  protected final String expected() {
    return "(N, %d, ...)".formatted(channels());
  }
}
