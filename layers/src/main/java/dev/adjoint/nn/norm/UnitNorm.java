package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Tensor;

/**
 * Divides by the length: {@code x / max(|x|, epsilon)}, so that what lies along an axis has length
 * 1 (torch.nn.functional.normalize, UnitNormalization of Keras). There is nothing to learn.
 *
 * <p>Inputs have any shape; the axis is the last by default. epsilon defaults to 1e-12, which
 * leaves zeros as they are.
 */
public final class UnitNorm extends Layer implements Transform {

  private final Setting<Double> epsilon = decimal("epsilon", 1e-12);
  private final Setting<Boolean> channels = flag("channels_first");

  /** Creates a norm along the last axis. */
  public UnitNorm() {
    this(Description.of(UnitNorm::new));
  }

  /** Creates a layer from its description. */
  public UnitNorm(Description from) {
    super(from);
  }

  /** Sets the least number to divide by; the default is 1e-12. */
  public UnitNorm epsilon(double least) {
    epsilon.set(least);
    return this;
  }

  /** Normalizes along axis 1 instead of the last: (N, C, ...). */
  public UnitNorm channelsFirst() {
    channels.set(true);
    return this;
  }

  @Override
  public Tensor forward(Tensor x) {
    boolean first = channels.get();
    requireInput(x.rank() >= (first ? 2 : 1), x, () -> first ? "(N, C, ...)" : "(..., features)");
    Tensor length = Reductions.length(x, 0, true, first ? 1 : -1);
    return observed(x.div(length.clamp(epsilon.get(), Double.POSITIVE_INFINITY)));
  }
}
