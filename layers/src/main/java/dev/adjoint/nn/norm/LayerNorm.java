package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Setting;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Normalizes the features of each example (Ba, Kiros and Hinton 2016, arXiv:1607.06450).
 *
 * <p>The features are the last axes: {@code new LayerNorm(512)} for (..., 512), {@code new
 * LayerNorm(3, 8, 8)} for images (N, 3, 8, 8). Each has its own g and b. Both modes compute the
 * same.
 *
 * <p>On images two norms bear this name. Over channels and positions, with a g and b a channel, it
 * is {@code new GroupNorm(1, C)}; over the channels at each position it is {@code new
 * LayerNorm(C).channelsFirst()}.
 */
public final class LayerNorm extends Normalization<LayerNorm> {

  private final Setting<Boolean> channelsFirst = flag("channels_first");

  /** Creates a norm over the last axes, which have these sizes. */
  public LayerNorm(int... features) {
    this(Description.of(LayerNorm::new).set("features", Shape.of(features)));
    if (features.length == 0) {
      throw new IllegalArgumentException(
          "LayerNorm: no features; expected the sizes of the last axes");
    }
  }

  /** Creates a layer from its description. */
  public LayerNorm(Description from) {
    super(from, true);
    if (channelsFirst.get()) {
      channelsFirst();
    }
  }

  /**
   * Takes axis 1 for the features instead of the last: (N, C, ...).
   *
   * @throws IllegalStateException if the features have several axes
   */
  public LayerNorm channelsFirst() {
    requireOneAxis("channelsFirst");
    channelsFirst.set(true);
    return this;
  }

  @Override
  protected int featureAxis(Tensor x) {
    return channelsFirst.get() ? 1 : super.featureAxis(x);
  }

  @Override
  protected String expected() {
    return channelsFirst.get() ? "(N, %d, ...)".formatted(features().size(0)) : super.expected();
  }
}
