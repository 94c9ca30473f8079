package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Takes the mean of each channel over all positions: from (N, C, ...) to (N, C), as PyTorch's
 * AdaptiveAvgPool with output size 1 and a flatten.
 */
public record GlobalAvgPool() implements Transform, Describable {

  @Override
  public Tensor forward(Tensor x) {
    int[] axes = IntStream.range(2, x.rank()).toArray();
    if (axes.length == 0 || Arrays.stream(axes).anyMatch(axis -> x.size(axis) == 0)) {
      throw new IllegalArgumentException(
          "GlobalAvgPool: input of shape %s; expected (N, C, ...), at least one position"
              .formatted(x.shape()));
    }
    return x.mean(axes);
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
