package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Lets the channels of an image compete: {@code x + g * x * n + b}, where n is the length of the
 * channel over all positions, divided by the mean length of the channels plus epsilon (Woo et al.
 * 2023, arXiv:2301.00808).
 *
 * <p>Inputs have the shape (N, C, L), (N, C, H, W) or (N, C, D, H, W). Each channel has its g and
 * b, both 0 at first: then the layer changes nothing. epsilon defaults to 1e-6. Both modes compute
 * the same.
 */
public final class GlobalResponseNorm extends Layer implements Transform {

  private final Setting<Integer> channels = size("channels");
  private final Setting<Double> epsilon = decimal("epsilon", 1e-6);
  private final Weight weight = parameter("weight", Shape.of(channels.get()), 0);
  private final Weight bias = parameter("bias", Shape.of(channels.get()), 0);

  /** Creates a norm of some channels. */
  public GlobalResponseNorm(int channels) {
    this(Description.of(GlobalResponseNorm::new).set("channels", channels));
  }

  /** Creates a layer from its description. */
  public GlobalResponseNorm(Description from) {
    super(from);
  }

  /** Sets what is added to the mean length; the default is 1e-6. */
  public GlobalResponseNorm epsilon(double added) {
    epsilon.set(added);
    return this;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor g = perChannel(weight, x);
    if (x.rank() == 2) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected (N, %d, ...), with positions to measure lengths over"
              .formatted(this, x.shape(), channels.get()));
    }
    Tensor length = Reductions.length(x, 0, true, IntStream.range(2, x.rank()).toArray());
    Tensor relative = length.div(length.mean(Keep.AXES, 1).plus(epsilon.get()));
    return observed(x.plus(g.times(x).times(relative)).plus(perChannel(bias, x)));
  }
}
