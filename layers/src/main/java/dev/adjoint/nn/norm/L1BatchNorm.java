package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Batch norm by the mean absolute deviation, {@code sigma = sqrt(pi / 2) * mean|x - mu|}, which is
 * the deviation of what is normally distributed (Hoffer et al. 2018, arXiv:1803.01814).
 *
 * <p>{@code g * (x - mu) / sqrt(sigma^2 + epsilon) + b}; the running variance averages sigma^2,
 * corrected as that of {@link BatchNorm}, whose inputs and eval mode it has.
 */
public final class L1BatchNorm extends MomentNorm<L1BatchNorm> {

  /** Creates a norm of some channels. */
  public L1BatchNorm(int channels) {
    this(Description.of(L1BatchNorm::new).set("features", channels));
  }

  /** Creates a layer from its description. */
  public L1BatchNorm(Description from) {
    super(from);
  }

  @Override
  Tensor ofBatch(Tensor x, @Nullable Tensor mask) {
    double count = requireCount(x, mask);
    int[] axes = reductionAxes(x);
    Tensor known = mask == null ? Tensor.scalar(1, x.dtype()) : mask;
    Tensor mean = Shards.total(x.sum(Keep.AXES, axes)).div(count);
    Tensor deviation = x.minus(mean).times(known);
    Tensor distance = Shards.total(deviation.abs().sum(Keep.AXES, axes)).div(count);
    Tensor sigma = distance.times(Math.sqrt(Math.PI / 2));
    Tensor variance = sigma.square();
    move(count, mean.untracked().reshape(features()), variance.untracked().reshape(features()));
    return affine(deviation.times(inverse(variance)));
  }
}
