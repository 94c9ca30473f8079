package dev.adjoint.nn.norm;

import dev.adjoint.nn.Copies;
import dev.adjoint.nn.Description;
import dev.adjoint.op.Standardize;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Scales the features of each example to one learned length: {@code g * x / |x|} (Nguyen and
 * Salazar 2019, arXiv:1910.05895).
 *
 * <p>The features are the last axis. The weight g is one number, sqrt(size) at first: an {@link
 * RMSNorm} whose gains are tied. Epsilon is added to the mean square.
 */
public final class ScaleNorm extends Normalization<ScaleNorm> {

  private final int size;

  /** Creates a norm of (..., size). */
  public ScaleNorm(int size) {
    super(Shape.of(), false);
    if (size < 1) {
      throw new IllegalArgumentException(
          "ScaleNorm: %d features; expected at least 1".formatted(size));
    }
    this.size = size;
    weight("weight").assign(Tensors.full(Shape.of(), Math.sqrt(size), weight("weight").dtype()));
  }

  /** Creates what was described. */
  public ScaleNorm(Description from) {
    super(from, false);
    size = from.integer("size");
  }

  private ScaleNorm(ScaleNorm original, Copies copies) {
    super(original, copies);
    size = original.size;
  }

  /** Returns g x / |x|, whose length is g: where sigma is 1, it is sqrt(size). */
  @Override
  protected Tensor normalized(Tensor x) {
    if (x.rank() == 0 || x.size(-1) != size) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected %s".formatted(this, x.shape(), expected()));
    }
    Tensor g = gain(x.dtype()).times(1 / Math.sqrt(size));
    return Standardize.normalize(x, g, null, rule(x.dtype()), reductionAxes(x)).y();
  }

  @Override
  protected int[] reductionAxes(Tensor x) {
    return new int[] {x.rank() - 1};
  }

  @Override
  protected int featureAxis(Tensor x) {
    return x.rank();
  }

  @Override
  protected String expected() {
    return "(..., %d)".formatted(size);
  }

  @Override
  public Description description() {
    return super.description().set("size", size);
  }

  @Override
  protected ScaleNorm copy(Copies copies) {
    return new ScaleNorm(this, copies);
  }

  @Override
  public String toString() {
    return line(Integer.toString(size), settings());
  }
}
