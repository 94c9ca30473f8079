package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.norm.ChannelNorm.Moments;
import dev.adjoint.tensor.Tensor;

/**
 * Gives each channel of an image the mean and deviation that it has in another: {@code sigma(s) *
 * (x - mu(x)) / sigma(x) + mu(s)}, adaptive instance norm (Huang and Belongie 2017,
 * arXiv:1703.06868).
 *
 * <p>Where g and b are learned functions of a condition, it is {@code new ConditionalNorm(new
 * InstanceNorm(C), ...)}. Here is nothing to learn. Both modes compute the same.
 */
public final class AdaIN extends Layer {

  private final InstanceNorm norm = child("norm", InstanceNorm.class);

  /** Creates a norm of some channels, with an epsilon of 1e-5 under both roots. */
  public AdaIN(int channels) {
    this(new InstanceNorm(channels));
  }

  /** Creates a norm on top of an instance norm, whose epsilon is that of both. */
  public AdaIN(InstanceNorm norm) {
    this(Description.of(AdaIN::new).with("norm", norm));
  }

  /** Creates a layer from its description. */
  public AdaIN(Description from) {
    super(from);
  }

  /**
   * Returns content in the style of another image, of the shape of the content.
   *
   * @param content of shape (N, C, ...)
   * @param style of shape (N, C, ...), with as many axes, of any lengths after the channels
   */
  public Tensor forward(Tensor content, Tensor style) {
    Tensor y = norm.forward(content);
    norm.requireFeatures(style);
    if (style.rank() != content.rank() || style.size(0) != content.size(0)) {
      throw new IllegalArgumentException(
          "%s: content of shape %s and style of shape %s; expected as many examples and axes"
              .formatted(headline(), content.shape(), style.shape()));
    }
    Moments of = ChannelNorm.moments(style, null, norm.positions(style));
    return observed(y.div(norm.inverse(of.variance())).plus(of.mean()));
  }
}
