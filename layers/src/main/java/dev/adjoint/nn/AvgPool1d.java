package dev.adjoint.nn;

import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;

/**
 * Takes the mean of each window, see {@link Pooling#avgPool1d}: from (N, C, L) to (N, C, OL).
 *
 * @param kernel the size of a window
 * @param stride by how much windows are apart
 * @param padding how much is added on both sides
 */
public record AvgPool1d(int kernel, int stride, int padding) implements Transform {

  /** Takes windows side by side, without padding. */
  public AvgPool1d(int kernel) {
    this(kernel, kernel, 0);
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.avgPool1d(x, kernel, stride, padding);
  }

  @Override
  public String toString() {
    return "AvgPool1d(%d)".formatted(kernel);
  }
}
