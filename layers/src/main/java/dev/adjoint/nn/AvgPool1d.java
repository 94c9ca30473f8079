package dev.adjoint.nn;

import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;
import java.util.function.Function;

/**
 * Takes the mean of each window, see {@link Pooling#avgPool1d(Tensor, PoolOptions)}: from (N, C, L)
 * to (N, C, OL).
 *
 * @param options how windows lie
 */
public record AvgPool1d(PoolOptions options) implements WindowPool {

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
    this(WindowPool.options(from));
  }

  @Override
  public Function<Description, ?> constructor() {
    return AvgPool1d::new;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.avgPool1d(x, options);
  }

  @Override
  public String toString() {
    return text();
  }
}
