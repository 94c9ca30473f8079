package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Moves the channels behind all other axes: from (N, C, ...) to (N, ..., C). Behind a convolution
 * that scores each pixel, the classes are where {@linkplain dev.adjoint.op.Losses losses}, metrics
 * and predictors take them.
 */
public record ChannelsLast() implements Transform, Describable {

  @Override
  public Tensor forward(Tensor x) {
    Layer.requireInput(this, x.rank() >= 2, x, () -> "(N, C, ...) of at least 2 axes");
    int[] order = IntStream.range(0, x.rank()).map(axis -> axis == 0 ? 0 : axis + 1).toArray();
    order[x.rank() - 1] = 1;
    return x.permute(order);
  }

  @Override
  public Description description() {
    return Description.of(from -> new ChannelsLast());
  }

  @Override
  public String toString() {
    return "ChannelsLast";
  }
}
