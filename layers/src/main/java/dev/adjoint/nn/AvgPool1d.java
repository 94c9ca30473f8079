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
public record AvgPool1d(int kernel, int stride, int padding) implements Transform, Describable {

  /** Takes windows side by side, without padding. */
  public AvgPool1d(int kernel) {
    this(kernel, kernel, 0);
  }

  /** Creates a layer from its description. */
  public AvgPool1d(Description from) {
    this(from.integer("kernel"), from.integer("stride"), from.integer("padding"));
  }

  @Override
  public Description description() {
    return Description.of(AvgPool1d::new)
        .set("kernel", kernel)
        .set("stride", stride)
        .set("padding", padding);
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.avgPool1d(x, kernel, stride, padding);
  }

  @Override
  public String toString() {
    return kernel == stride && padding == 0
        ? "AvgPool1d(%d)".formatted(kernel)
        : "AvgPool1d(%d, stride %d, padding %d)".formatted(kernel, stride, padding);
  }
}
