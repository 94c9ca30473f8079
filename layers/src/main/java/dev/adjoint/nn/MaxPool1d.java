package dev.adjoint.nn;

import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;

/** Takes maxima of windows, from (N, C, L) to (N, C, OL): {@link Pooling#maxPool1d}. */
public final class MaxPool1d extends WindowPool {

  /** Takes windows that lie as the options say. */
  public MaxPool1d(PoolOptions options) {
    super(MaxPool1d::new, Pooling::maxPool1d, options);
  }

  /** Takes windows side by side, without padding. */
  public MaxPool1d(int kernel) {
    this(new PoolOptions(kernel));
  }

  /** Takes windows {@code stride} apart, with so much padding on both sides. */
  public MaxPool1d(int kernel, int stride, int padding) {
    this(new PoolOptions(kernel).stride(stride).padding(padding));
  }

  /** Creates a layer from its description. */
  public MaxPool1d(Description from) {
    this(options(from));
  }
}
