package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes and activates at once: {@code g * x * sigmoid(v x) / sigma + b}, sigma the deviation
 * of a group of channels of the example (Liu et al. 2020, arXiv:2004.02967, EvoNorm-S0). Nothing is
 * subtracted.
 *
 * <p>Inputs and groups are those of {@link GroupNorm}. Each channel has its g, v and b, 1, 1 and 0
 * at first. No activation belongs behind it. Both modes compute the same.
 */
public final class EvoNormS0 extends ChannelNorm<EvoNormS0> {

  private final int groups = integer("groups").get();
  private final Weight v = parameter("v", features(), 1);

  /**
   * Creates a norm.
   *
   * @param groups divides the number of channels; the paper has 32
   */
  public EvoNormS0(int groups, int channels) {
    this(Description.of(EvoNormS0::new).set("features", channels).set("groups", groups));
  }

  /** Creates a layer from its description. */
  public EvoNormS0(Description from) {
    super(from);
    requireGroups(groups);
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    Tensor sets = grouped(x, groups);
    Tensor known = mask == null ? null : grouped(mask.expand(x.shape()), groups);
    Tensor y = sets.times(inverse(moments(sets, known, 2, 3).variance())).reshape(x.shape());
    return affine(y.times(x.times(perChannel(v, x)).sigmoid()));
  }
}
