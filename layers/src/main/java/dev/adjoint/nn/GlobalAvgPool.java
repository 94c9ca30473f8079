package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Takes the mean of each channel over all positions: from (N, C, ...) to (N, C), as PyTorch's
 * AdaptiveAvgPool with output size 1 and a flatten.
 */
public record GlobalAvgPool() implements Transform, Describable {

  @Override
  public Tensor forward(Tensor x) {
    WindowPool.requirePositions(this, x);
    return x.mean(IntStream.range(2, x.rank()).toArray());
  }

  @Override
  public Description description() {
    return Description.of(from -> new GlobalAvgPool());
  }

  @Override
  public String toString() {
    return "GlobalAvgPool";
  }
}
