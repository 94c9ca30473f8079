package dev.adjoint.nn;

import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.tensor.Generator;
import org.jspecify.annotations.Nullable;

/**
 * Spreads images: from (N, in, H, W) to (N, out, OH, OW), see {@link Convolution#convTranspose2d}.
 *
 * <pre>{@code
 * new ConvTranspose2d(16, 3, 4, ConvOptions.DEFAULT.stride(2).padding(1), generator) // twice as large
 * }</pre>
 */
public final class ConvTranspose2d extends Convolutional<ConvTranspose2d> {

  /** Creates a layer with a square kernel that moves by 1, without padding. */
  public ConvTranspose2d(int in, int out, int kernel, Generator generator) {
    this(in, out, kernel, ConvOptions.DEFAULT, generator);
  }

  /** Creates a layer with a square kernel. */
  public ConvTranspose2d(int in, int out, int kernel, ConvOptions options, Generator generator) {
    this(in, out, kernel, kernel, options, generator);
  }

  /** Creates a layer with a kernel of this height and width. */
  public ConvTranspose2d(
      int in, int out, int height, int width, ConvOptions options, Generator generator) {
    this(initial(ConvTranspose2d::new, in, out, options, height, width).with(generator));
  }

  /**
   * Creates a layer of existing weights, shared with all other layers that hold them.
   *
   * @param weight of shape (in, out / groups, height, width)
   * @param bias of shape (out), or null
   */
  public ConvTranspose2d(Weight weight, @Nullable Weight bias, ConvOptions options) {
    this(ofWeights(ConvTranspose2d::new, 4, true, weight, bias, options));
  }

  /** Creates a layer from its description. */
  public ConvTranspose2d(Description from) {
    super(from, 2, true, Convolution::convTranspose2d);
  }
}
