package dev.adjoint.nn;

import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;

/** Averages windows, from (N, C, H, W) to (N, C, OH, OW): {@link Pooling#avgPool2d}. */
public final class AvgPool2d extends WindowPool {

  /** Takes windows that lie as the options say. */
  public AvgPool2d(PoolOptions options) {
    super(AvgPool2d::new, Pooling::avgPool2d, options);
  }

  /** Takes windows side by side, without padding, as large along every axis. */
  public AvgPool2d(int kernel) {
    this(new PoolOptions(kernel));
  }

  /** Takes windows {@code stride} apart, with so much padding on both sides. */
  public AvgPool2d(int kernel, int stride, int padding) {
    this(new PoolOptions(kernel).stride(stride).padding(padding));
  }

  /** Creates a layer from its description. */
  public AvgPool2d(Description from) {
    this(options(from));
  }
}
