package dev.adjoint.nn;

import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;

/** Averages windows, from (N, C, L) to (N, C, OL): {@link Pooling#avgPool1d}. */
public final class AvgPool1d extends WindowPool {

  /** Takes windows that lie as the options say. */
  public AvgPool1d(PoolOptions options) {
    super(AvgPool1d::new, Pooling::avgPool1d, options);
  }

  /** Takes windows side by side, without padding. */
  public AvgPool1d(int kernel) {
    this(new PoolOptions(kernel));
  }

  /** Takes windows {@code stride} apart, with so much padding on both sides. */
  public AvgPool1d(int kernel, int stride, int padding) {
    this(new PoolOptions(kernel).stride(stride).padding(padding));
  }

  /** Creates a layer from its description. */
  public AvgPool1d(Description from) {
    this(options(from));
  }
}
