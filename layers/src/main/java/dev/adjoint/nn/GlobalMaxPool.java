package dev.adjoint.nn;

import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;

/**
 * Takes the maximum of each channel over all positions: from (N, C, ...) to (N, C), as PyTorch's
 * AdaptiveMaxPool with output size 1 and a flatten. Its gradient goes to the first of equal maxima.
 */
public record GlobalMaxPool() implements Transform, Describable {

  @Override
  public Tensor forward(Tensor x) {
    WindowPool.requirePositions(this, x);
    return Pooling.adaptiveMaxPool(x.flatten(2, -1), 1).squeeze(2);
  }

  @Override
  public Description description() {
    return Description.of(from -> new GlobalMaxPool());
  }

  @Override
  public String toString() {
    return "GlobalMaxPool";
  }
}
