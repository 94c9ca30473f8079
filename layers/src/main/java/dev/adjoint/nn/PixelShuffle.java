package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/**
 * Makes each group of r^2 channels a block of r x r pixels: from (N, C r^2, H, W) to (N, C, H r, W
 * r), as PyTorch's PixelShuffle (Shi et al. 2016, arXiv:1609.05158).
 *
 * @param factor r, by which images become larger; at least 1
 */
public record PixelShuffle(int factor) implements Transform, Describable {

  /** Creates a layer from its description. */
  public PixelShuffle(Description from) {
    this(from.integer("factor"));
  }

  @Override
  public Tensor forward(Tensor x) {
    int r = factor;
    Layer.requireInput(
        this,
        r >= 1 && x.rank() == 4 && x.size(1) % ((long) r * r) == 0,
        x,
        () -> "(N, C factor^2, H, W), and a factor of at least 1");
    int channels = x.size(1) / (r * r);
    return x.reshape(x.size(0), channels, r, r, x.size(2), x.size(3))
        .permute(0, 1, 4, 2, 5, 3)
        .reshape(x.size(0), channels, x.size(2) * r, x.size(3) * r);
  }

  @Override
  public Description description() {
    return Description.of(PixelShuffle::new).set("factor", factor);
  }

  @Override
  public String toString() {
    return "PixelShuffle(%s)".formatted(factor);
  }
}
