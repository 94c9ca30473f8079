package dev.adjoint.nn;

import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;

/**
 * Takes the maximum of each window, see {@link Pooling#maxPool1d}: from (N, C, L) to (N, C, OL).
 *
 * @param kernel the size of a window
 * @param stride by how much windows are apart
 * @param padding how much is added on both sides
 */
public record MaxPool1d(int kernel, int stride, int padding) implements Transform {

  /** Takes windows side by side, without padding. */
  public MaxPool1d(int kernel) {
    this(kernel, kernel, 0);
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.maxPool1d(x, kernel, stride, padding);
  }

  @Override
  public String toString() {
    return "MaxPool1d(%d)".formatted(kernel);
  }
}
