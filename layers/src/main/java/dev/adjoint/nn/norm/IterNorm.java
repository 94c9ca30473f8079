package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Setting;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Whitens channels over the batch by a few steps of Newton's method, which are matrix products only
 * (Huang et al. 2019, arXiv:1904.03441).
 *
 * <p>{@link WhiteningNorm} says what is computed; {@link DecorrelatedBatchNorm} is what this
 * approaches with many steps. The few steps of the default, 5, leave directions of little variance
 * below variance 1, rather than blow up noise.
 */
public final class IterNorm extends WhiteningNorm<IterNorm> {

  private final Setting<Integer> iterations = integer("iterations", 5);

  /** Creates a norm of some channels, in as few groups as make blocks of at most 16 channels. */
  public IterNorm(int channels) {
    this(groupsFor(channels), channels);
  }

  /**
   * Creates a norm.
   *
   * @param groups divides the number of channels
   */
  public IterNorm(int groups, int channels) {
    this(Description.of(IterNorm::new).set("features", channels).set("groups", groups));
  }

  /** Creates a layer from its description. */
  public IterNorm(Description from) {
    super(from);
  }

  /** Sets the number of steps; the default is 5. */
  public IterNorm iterations(int steps) {
    iterations.set(steps);
    return this;
  }

  /**
   * The paper's {@code P <- (3 P - P^3 S) / 2}, with S of trace 1. In that form rounding errors
   * that do not commute with S grow: with more than about 12 steps, without limit. Carrying {@code
   * S P} along keeps them as small as they are (Higham 2008, "Functions of Matrices", chapter 6).
   */
  @Override
  Tensor inverseRoot(Tensor covariance) {
    Tensor trace = Linalg.diagonal(covariance).sum(-1).reshape(-1, 1, 1);
    Tensor eye = Tensors.eye(covariance.size(-1), DType.FLOAT64);
    Tensor sp = covariance.div(trace);
    Tensor p = eye;
    for (int step = 0; step < iterations.get(); step++) {
      Tensor correction = eye.times(3).minus(p.matmul(sp)).times(0.5);
      sp = sp.matmul(correction);
      p = correction.matmul(p);
    }
    return p.div(trace.sqrt());
  }
}
