package dev.adjoint.nn;

import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Computes {@code max(x, tau)}, with a learned threshold for each channel, 0 at first: the
 * thresholded linear unit, which stands behind a {@link dev.adjoint.nn.norm.FilterResponseNorm}
 * (Singh and Krishnan 2020, arXiv:1911.09737).
 *
 * <p>Inputs have the shape (N, C, ...).
 */
public final class TLU extends Layer implements Transform {

  private final Weight tau = parameter("tau", Shape.of(size("channels").get()), 0);

  /** Creates a layer with a threshold for each channel. */
  public TLU(int channels) {
    this(Description.of(TLU::new).set("channels", channels));
  }

  /** Creates a layer from its description. */
  public TLU(Description from) {
    super(from);
  }

  @Override
  public Tensor forward(Tensor x) {
    return observed(x.max(perChannel(tau, x)));
  }
}
