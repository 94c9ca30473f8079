package dev.adjoint.nn;

import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.tensor.Generator;
import org.jspecify.annotations.Nullable;

/**
 * Convolves images: from (N, in, H, W) to (N, out, OH, OW), see {@link Convolution#conv2d}.
 *
 * <pre>{@code
 * new Conv2d(3, 16, 3, ConvOptions.DEFAULT.padding(1), generator)
 * }</pre>
 */
public final class Conv2d extends Convolutional<Conv2d> {

  /** Creates a layer with a square kernel that moves by 1, without padding. */
  public Conv2d(int in, int out, int kernel, Generator generator) {
    this(in, out, kernel, ConvOptions.DEFAULT, generator);
  }

  /** Creates a layer with a square kernel. */
  public Conv2d(int in, int out, int kernel, ConvOptions options, Generator generator) {
    this(in, out, kernel, kernel, options, generator);
  }

  /** Creates a layer with a kernel of this height and width. */
  public Conv2d(int in, int out, int height, int width, ConvOptions options, Generator generator) {
    this(initial(Conv2d::new, in, out, options, height, width).with(generator));
  }

  /**
   * Creates a layer of existing weights, shared with all other layers that hold them.
   *
   * @param weight of shape (out, in / groups, height, width)
   * @param bias of shape (out), or null
   */
  public Conv2d(Weight weight, @Nullable Weight bias, ConvOptions options) {
    this(ofWeights(Conv2d::new, 4, false, weight, bias, options));
  }

  /** Creates a layer from its description. */
  public Conv2d(Description from) {
    super(from, 2, false, Convolution::conv2d);
  }
}
