package dev.adjoint.nn;

import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.tensor.Generator;
import org.jspecify.annotations.Nullable;

/** Spreads signals: from (N, in, L) to (N, out, OL), see {@link Convolution#convTranspose1d}. */
public final class ConvTranspose1d extends Convolutional<ConvTranspose1d> {

  /** Creates a layer with a kernel that moves by 1, without padding. */
  public ConvTranspose1d(int in, int out, int kernel, Generator generator) {
    this(in, out, kernel, ConvOptions.DEFAULT, generator);
  }

  /** Creates a layer. */
  public ConvTranspose1d(int in, int out, int kernel, ConvOptions options, Generator generator) {
    this(initial(ConvTranspose1d::new, in, out, options, kernel).with(generator));
  }

  /**
   * Creates a layer of existing weights, shared with all other layers that hold them.
   *
   * @param weight of shape (in, out / groups, kernel)
   * @param bias of shape (out), or null
   */
  public ConvTranspose1d(Weight weight, @Nullable Weight bias, ConvOptions options) {
    this(ofWeights(ConvTranspose1d::new, 3, true, weight, bias, options));
  }

  /** Creates a layer from its description. */
  public ConvTranspose1d(Description from) {
    super(from, 1, true, Convolution::convTranspose1d);
  }
}
