package dev.adjoint.nn;

import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;

/** Averages windows, from (N, C, D, H, W) to (N, C, OD, OH, OW): {@link Pooling#avgPool3d}. */
public final class AvgPool3d extends WindowPool {

  /** Takes windows that lie as the options say. */
  public AvgPool3d(PoolOptions options) {
    super(AvgPool3d::new, Pooling::avgPool3d, options);
  }

  /** Takes windows side by side, without padding, as large along every axis. */
  public AvgPool3d(int kernel) {
    this(new PoolOptions(kernel));
  }

  /** Takes windows {@code stride} apart, with so much padding on both sides. */
  public AvgPool3d(int kernel, int stride, int padding) {
    this(new PoolOptions(kernel).stride(stride).padding(padding));
  }

  /** Creates a layer from its description. */
  public AvgPool3d(Description from) {
    this(options(from));
  }
}
