package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.ElementwiseFunction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Computes {@code g * erf(alpha x + s) + b} in place of a norm (Chen et al. 2025,
 * arXiv:2512.10938).
 *
 * <p>The features are the last axis; each has its g and b, 1 and 0 at first. alpha and s are one
 * number each, 0.5 and 0 at first. Nothing is measured: it has none of the invariances of a norm.
 */
public final class Derf extends PointwiseNorm {

  private static final ElementwiseFunction FUNCTION =
      new ElementwiseFunction(
          "Derf", 5, v -> v[0].times(v[1]).plus(v[4]).erf().times(v[2]).plus(v[3]));

  private final Weight shift = parameter("shift", Shape.of(), 0);

  /** Creates a layer for inputs of shape (..., features), with an alpha of 0.5 at first. */
  public Derf(int features) {
    this(features, 0.5);
  }

  /** Creates a layer for inputs of shape (..., features), with this alpha at first. */
  public Derf(int features, double alpha) {
    this(Description.of(Derf::new).set("features", features));
    weight("alpha").assign(Tensor.scalar(alpha, DType.FLOAT32));
  }

  /** Creates a layer from its description. */
  public Derf(Description from) {
    super(from);
  }

  @Override
  Tensor bounded(Tensor x, Tensor alpha, Tensor g, Tensor b) {
    return FUNCTION.apply(x, alpha, g, b, shift.value());
  }
}
