package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Normalizes and activates at once: {@code g * x * sigmoid(v x) / sigma + b}, sigma the deviation
 * of a group of channels of the example (Liu et al. 2020, arXiv:2004.02967, EvoNorm-S0). Nothing is
 * subtracted.
 *
 * <p>Inputs have the shape (N, C, ...); groups are contiguous blocks of C / groups channels. Each
 * channel has its g, v and b, 1, 1 and 0 at first. epsilon, under the root, defaults to 1e-5. No
 * activation belongs behind it. Both modes compute the same.
 */
public final class EvoNormS0 extends Layer implements Transform {

  private final Setting<Integer> groups = size("groups");
  private final Setting<Integer> channels = size("channels");
  private final Setting<Double> epsilon = decimal("epsilon", 1e-5);
  private final Weight weight = parameter("weight", Shape.of(channels.get()), 1);
  private final Weight bias = parameter("bias", Shape.of(channels.get()), 0);
  private final Weight v = parameter("v", Shape.of(channels.get()), 1);

  /**
   * Creates a norm.
   *
   * @param groups divides the number of channels; the paper has 32
   */
  public EvoNormS0(int groups, int channels) {
    this(Description.of(EvoNormS0::new).set("groups", groups).set("channels", channels));
  }

  /** Creates a layer from its description. */
  public EvoNormS0(Description from) {
    super(from);
    if (channels.get() % groups.get() != 0) {
      throw new IllegalArgumentException(
          "EvoNormS0: %d groups of %d channels; expected groups of equal size"
              .formatted(groups.get(), channels.get()));
    }
  }

  /** Sets what is added to the variance, under the root; the default is 1e-5. */
  public EvoNormS0 epsilon(double added) {
    epsilon.set(added);
    return this;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor gate = x.times(perChannel(v, x)).sigmoid();
    Tensor sets =
        x.reshape(x.size(0), groups.get(), x.size() / Math.max(1, x.size(0) * groups.get()));
    Tensor inverse = sets.biasedVariance(Keep.AXES, 2).plus(epsilon.get()).rsqrt();
    Tensor y = sets.times(inverse).reshape(x.shape()).times(gate);
    return observed(y.times(perChannel(weight, x)).plus(perChannel(bias, x)));
  }
}
