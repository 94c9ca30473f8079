package dev.adjoint.nn;

import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;
import java.util.function.Function;

/**
 * Takes the maximum of each window, see {@link Pooling#maxPool2d(Tensor, PoolOptions)}: from (N, C,
 * H, W) to (N, C, OH, OW).
 *
 * @param options how windows lie
 */
public record MaxPool2d(PoolOptions options) implements WindowPool {

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
    this(WindowPool.options(from));
  }

  @Override
  public Function<Description, ?> constructor() {
    return MaxPool2d::new;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.maxPool2d(x, options);
  }

  @Override
  public String toString() {
    return text();
  }
}
