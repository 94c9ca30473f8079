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
public record MaxPool1d(int kernel, int stride, int padding) implements Transform, Describable {

  /** Takes windows side by side, without padding. */
  public MaxPool1d(int kernel) {
    this(kernel, kernel, 0);
  }

  /** Creates a layer from its description. */
  public MaxPool1d(Description from) {
    this(from.integer("kernel"), from.integer("stride"), from.integer("padding"));
  }

  @Override
  public Description description() {
    return Description.of(MaxPool1d::new)
        .set("kernel", kernel)
        .set("stride", stride)
        .set("padding", padding);
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.maxPool1d(x, kernel, stride, padding);
  }

  @Override
  public String toString() {
    return kernel == stride && padding == 0
        ? "MaxPool1d(%d)".formatted(kernel)
        : "MaxPool1d(%d, stride %d, padding %d)".formatted(kernel, stride, padding);
  }
}
