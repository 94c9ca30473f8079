package dev.adjoint.nn;

import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.tensor.Generator;
import org.jspecify.annotations.Nullable;

/** Convolves volumes, from (N, in, D, H, W) to (N, out, OD, OH, OW): {@link Convolution#conv3d}. */
public final class Conv3d extends Convolutional<Conv3d> {

  /** Creates a layer with a cubic kernel that moves by 1, without padding. */
  public Conv3d(int in, int out, int kernel, Generator generator) {
    this(in, out, kernel, ConvOptions.DEFAULT, generator);
  }

  /** Creates a layer with a cubic kernel. */
  public Conv3d(int in, int out, int kernel, ConvOptions options, Generator generator) {
    this(in, out, kernel, kernel, kernel, options, generator);
  }

  /** Creates a layer with a kernel of this depth, height and width. */
  public Conv3d(
      int in, int out, int depth, int height, int width, ConvOptions options, Generator generator) {
    this(initial(Conv3d::new, in, out, options, depth, height, width).with(generator));
  }

  /**
   * Creates a layer of existing weights, shared with all other layers that hold them.
   *
   * @param weight of shape (out, in / groups, depth, height, width)
   * @param bias of shape (out), or null
   */
  public Conv3d(Weight weight, @Nullable Weight bias, ConvOptions options) {
    this(ofWeights(Conv3d::new, 5, false, weight, bias, options));
  }

  /** Creates a layer from its description. */
  public Conv3d(Description from) {
    super(from, 3, false, Convolution::conv3d);
  }
}
