package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/**
 * Makes each block of r x r pixels r^2 channels: from (N, C, H r, W r) to (N, C r^2, H, W), as
 * PyTorch's PixelUnshuffle; the inverse of {@link PixelShuffle}.
 *
 * @param factor r, by which images become smaller; at least 1
 */
public record PixelUnshuffle(int factor) implements Transform, Describable {

  /** Creates a layer from its description. */
  public PixelUnshuffle(Description from) {
    this(from.integer("factor"));
  }

  @Override
  public Tensor forward(Tensor x) {
    int r = factor;
    Layer.requireInput(
        this,
        r >= 1 && x.rank() == 4 && x.size(2) % r == 0 && x.size(3) % r == 0,
        x,
        () -> "(N, C, H factor, W factor), and a factor of at least 1");
    int h = x.size(2) / r;
    int w = x.size(3) / r;
    return x.reshape(x.size(0), x.size(1), h, r, w, r)
        .permute(0, 1, 3, 5, 2, 4)
        .reshape(x.size(0), x.size(1) * r * r, h, w);
  }

  @Override
  public Description description() {
    return Description.of(PixelUnshuffle::new).set("factor", factor);
  }

  @Override
  public String toString() {
    return "PixelUnshuffle(%s)".formatted(factor);
  }
}
