package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes groups of channels of each example (Wu and He 2018, arXiv:1803.08494).
 *
 * <p>Inputs have the shape (N, C) or (N, C, ...). Channels are grouped in contiguous blocks of C /
 * groups, as in PyTorch; each channel has its own g and b. With one group this is layer norm over
 * channels and positions, with C groups {@link InstanceNorm}. Both modes compute the same.
 */
public final class GroupNorm extends ChannelNorm<GroupNorm> {

  private final int groups = integer("groups").get();

  /**
   * Creates a norm.
   *
   * @param groups divides the number of channels
   */
  public GroupNorm(int groups, int channels) {
    this(Description.of(GroupNorm::new).set("features", channels).set("groups", groups));
  }

  /** Creates a layer from its description. */
  public GroupNorm(Description from) {
    super(from);
    requireGroups(groups);
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    Tensor grouped = grouped(x, groups);
    requireVariance(grouped.size(2) * grouped.size(3), x);
    Tensor known = mask == null ? null : grouped(mask.expand(x.shape()), groups);
    int[] placement = {groups, channels() / groups, 1};
    return normalize(grouped, known, placement, 2, 3).y().reshape(x.shape());
  }
}
