package dev.adjoint.nn;

import dev.adjoint.op.Binary;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/**
 * Computes x where it is positive, else a learned slope times x (He et al. 2015, arXiv:1502.01852).
 *
 * <p>Inputs have the shape (N, C, ...). The weight holds one slope for all channels, or one a
 * channel; 0.25 at first. At 0 the gradient is that of below it, the slope, as in PyTorch.
 */
public final class PReLU extends Layer implements Transform, Describable {

  private final Weight weight;

  /** Creates a layer with one slope. */
  public PReLU() {
    this(1);
  }

  /** Creates a layer with a slope for each channel. */
  public PReLU(int channels) {
    if (channels < 1) {
      throw new IllegalArgumentException(
          "PReLU: %d channels; expected at least 1".formatted(channels));
    }
    weight = parameter("weight", Tensors.ones(channels).times(0.25));
  }

  /** Creates what was described. */
  public PReLU(Description from) {
    this(from.weight("weight", Shape.of(from.integer("channels"))));
  }

  private PReLU(Weight weight) {
    this.weight = weight("weight", weight);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor slopes = weight.value();
    int channels = slopes.size();
    if (channels != 1 && (x.rank() < 2 || x.size(1) != channels)) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected (N, %d, ...)".formatted(this, x.shape(), channels));
    }
    int[] sizes = new int[channels == 1 ? 0 : x.rank() - 1];
    Arrays.fill(sizes, 1);
    if (channels != 1) {
      sizes[0] = channels;
    }
    return observed(Binary.LEAKY_RELU.apply(x, slopes.reshape(sizes)));
  }

  @Override
  public Description description() {
    return Description.of(this).set("channels", weight.shape().size());
  }

  @Override
  protected PReLU copy(Copies copies) {
    return new PReLU(copies.of(weight));
  }

  @Override
  public String toString() {
    return "PReLU(%d)".formatted(weight.shape().size());
  }
}
