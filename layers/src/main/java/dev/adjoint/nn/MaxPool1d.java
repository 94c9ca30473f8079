package dev.adjoint.nn;

import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;
import java.util.function.Function;

/**
 * Takes the maximum of each window, see {@link Pooling#maxPool1d(Tensor, PoolOptions)}: from (N, C,
 * L) to (N, C, OL).
 *
 * @param options how windows lie
 */
public record MaxPool1d(PoolOptions options) implements WindowPool {

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
    this(WindowPool.options(from));
  }

  @Override
  public Function<Description, ?> constructor() {
    return MaxPool1d::new;
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.maxPool1d(x, options);
  }

  @Override
  public String toString() {
    return text();
  }
}
