package dev.adjoint.nn;

import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;

/** Takes maxima of windows, from (N, C, H, W) to (N, C, OH, OW): {@link Pooling#maxPool2d}. */
public final class MaxPool2d extends WindowPool {

  /** Takes windows that lie as the options say. */
  public MaxPool2d(PoolOptions options) {
    super(MaxPool2d::new, Pooling::maxPool2d, options);
  }

  /** Takes windows side by side, without padding, as large along every axis. */
  public MaxPool2d(int kernel) {
    this(new PoolOptions(kernel));
  }

  /** Takes windows {@code stride} apart, with so much padding on both sides. */
  public MaxPool2d(int kernel, int stride, int padding) {
    this(new PoolOptions(kernel).stride(stride).padding(padding));
  }

  /** Creates a layer from its description. */
  public MaxPool2d(Description from) {
    this(options(from));
  }
}
