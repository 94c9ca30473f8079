package dev.adjoint.nn;

import dev.adjoint.op.Binary;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Computes x where it is positive, else a learned slope times x (He et al. 2015, arXiv:1502.01852).
 *
 * <p>Inputs have the shape (N, C, ...). The weight holds one slope for all channels, or one a
 * channel; 0.25 at first. At 0 the gradient is the slope, as in PyTorch.
 */
public final class PReLU extends Layer implements Transform {

  private final Weight weight = parameter("weight", Shape.of(size("channels").get()), 0.25);

  /** Creates a layer with one slope. */
  public PReLU() {
    this(1);
  }

  /** Creates a layer with a slope for each channel. */
  public PReLU(int channels) {
    this(Description.of(PReLU::new).set("channels", channels));
  }

  /** Creates a layer from its description. */
  public PReLU(Description from) {
    super(from);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor slopes = weight.shape().size() == 1 ? weight.value().reshape() : perChannel(weight, x);
    return observed(Binary.LEAKY_RELU.apply(x, slopes));
  }
}
