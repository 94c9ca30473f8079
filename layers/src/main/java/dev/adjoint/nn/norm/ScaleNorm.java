package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Setting;
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

  private final Setting<Integer> size = size("size");

  /** Creates a norm of (..., size). */
  public ScaleNorm(int size) {
    this(Description.of(ScaleNorm::new).set("features", Shape.of()).set("size", size));
    weight("weight").assign(Tensors.full(Shape.of(), Math.sqrt(size), weight("weight").dtype()));
  }

  /** Creates a layer from its description. */
  public ScaleNorm(Description from) {
    super(from, false);
  }

  /** Returns g x / |x|, whose length is g: where sigma is 1, it is sqrt(size). */
  @Override
  protected Tensor normalized(Tensor x) {
    requireLastAxis("input", x, size.get());
    Tensor g = gain(x.dtype()).times(1 / Math.sqrt(size.get()));
    return Standardize.normalize(x, g, null, rule(x.dtype()), -1).y();
  }
}
