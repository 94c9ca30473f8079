package dev.adjoint.nn;

import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;

/**
 * Takes the mean of each window, see {@link Pooling#avgPool2d}: from (N, C, H, W) to (N, C, OH,
 * OW).
 *
 * @param kernel the size of a window, a square
 * @param stride by how much windows are apart
 * @param padding how much is added on both sides
 */
public record AvgPool2d(int kernel, int stride, int padding) implements Transform, Describable {

  /** Takes windows side by side, without padding. */
  public AvgPool2d(int kernel) {
    this(kernel, kernel, 0);
  }

  /** Creates a layer from its description. */
  public AvgPool2d(Description from) {
    this(from.integer("kernel"), from.integer("stride"), from.integer("padding"));
  }

  @Override
  public Description description() {
    return Description.of(AvgPool2d::new)
        .set("kernel", kernel)
        .set("stride", stride)
        .set("padding", padding);
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.avgPool2d(x, kernel, stride, padding);
  }

  @Override
  public String toString() {
    return kernel == stride && padding == 0
        ? "AvgPool2d(%d)".formatted(kernel)
        : "AvgPool2d(%d, stride %d, padding %d)".formatted(kernel, stride, padding);
  }
}
