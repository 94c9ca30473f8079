package dev.adjoint.nn.norm;

import dev.adjoint.nn.Copies;
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

  private final int groups;

  /**
   * Creates a norm.
   *
   * @param groups divides the number of channels
   */
  public GroupNorm(int groups, int channels) {
    super(channels);
    requireGroups(groups);
    this.groups = groups;
  }

  /** Creates what was described. */
  public GroupNorm(Description from) {
    super(from);
    groups = from.integer("groups");
    requireGroups(groups);
  }

  private GroupNorm(GroupNorm original, Copies copies) {
    super(original, copies);
    groups = original.groups;
  }

  @Override
  Tensor standardized(Tensor x, @Nullable Tensor mask) {
    Tensor known = mask == null ? null : grouped(mask.expand(x.shape()));
    return standardizeExample(grouped(x), known, x.shape()).y().reshape(x.shape());
  }

  /** Returns the elements of each group in a row: shape (N, groups, elements). */
  private Tensor grouped(Tensor x) {
    return x.reshape(x.size(0), groups, x.size() / Math.max(1, x.size(0) * groups));
  }

  @Override
  protected int[] reductionAxes(Tensor grouped) {
    return new int[] {2};
  }

  @Override
  public Description description() {
    return super.description().set("groups", groups);
  }

  @Override
  protected GroupNorm copy(Copies copies) {
    return new GroupNorm(this, copies);
  }

  @Override
  public String toString() {
    return line(Integer.toString(groups), Integer.toString(channels()), settings());
  }
}
