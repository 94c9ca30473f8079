package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.Tensor;

/**
 * Whitens channels over the batch by the eigenvectors of their covariance (Huang et al. 2018,
 * arXiv:1804.08450).
 *
 * <p>{@link WhiteningNorm} says what is computed. The whitening is ZCA, which turns the activations
 * as little as possible; PCA's axes may swap from one batch to the next. Gradients are right for
 * equal eigenvalues, too.
 */
public final class DecorrelatedBatchNorm extends WhiteningNorm<DecorrelatedBatchNorm> {

  /** Creates a norm of some channels, in as few groups as make blocks of at most 16 channels. */
  public DecorrelatedBatchNorm(int channels) {
    this(groupsFor(channels), channels);
  }

  /**
   * Creates a norm.
   *
   * @param groups divides the number of channels
   */
  public DecorrelatedBatchNorm(int groups, int channels) {
    this(
        Description.of(DecorrelatedBatchNorm::new).set("features", channels).set("groups", groups));
  }

  /** Creates a layer from its description. */
  public DecorrelatedBatchNorm(Description from) {
    super(from);
  }

  @Override
  Tensor inverseRoot(Tensor covariance) {
    try {
      return Linalg.inverseSqrt(covariance);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: a covariance of channels that has no inverse root; expected channels that do not follow from one another, or a larger epsilon"
              .formatted(this),
          e);
    }
  }
}
