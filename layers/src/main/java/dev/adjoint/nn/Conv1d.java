package dev.adjoint.nn;

import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.tensor.Generator;
import org.jspecify.annotations.Nullable;

/** Convolves signals: from (N, in, L) to (N, out, OL), see {@link Convolution#conv1d}. */
public final class Conv1d extends Convolutional<Conv1d> {

  /** Creates a layer with a kernel that moves by 1, without padding. */
  public Conv1d(int in, int out, int kernel, Generator generator) {
    this(in, out, kernel, ConvOptions.DEFAULT, generator);
  }

  /** Creates a layer. */
  public Conv1d(int in, int out, int kernel, ConvOptions options, Generator generator) {
    this(initial(Conv1d::new, in, out, options, kernel).with(generator));
  }

  /**
   * Creates a layer of existing weights, shared with all other layers that hold them.
   *
   * @param weight of shape (out, in / groups, kernel)
   * @param bias of shape (out), or null
   */
  public Conv1d(Weight weight, @Nullable Weight bias, ConvOptions options) {
    this(ofWeights(Conv1d::new, 3, false, weight, bias, options));
  }

  /** Creates a layer from its description. */
  public Conv1d(Description from) {
    super(from, 1, false, Convolution::conv1d);
  }
}
