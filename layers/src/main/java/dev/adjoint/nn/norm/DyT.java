package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.op.ElementwiseFunction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;

/**
 * Computes {@code g * tanh(alpha x) + b} in place of a norm: Dynamic Tanh (Zhu et al. 2025,
 * arXiv:2503.10622).
 *
 * <p>The features are the last axis; each has its g and b, 1 and 0 at first. alpha is one number
 * for all, 0.5 at first. Nothing is measured: it has none of the invariances of a norm.
 */
public final class DyT extends PointwiseNorm {

  private static final ElementwiseFunction FUNCTION =
      new ElementwiseFunction("DyT", 4, v -> v[0].times(v[1]).tanh().times(v[2]).plus(v[3]));

  /** Creates a layer for inputs of shape (..., features), with an alpha of 0.5 at first. */
  public DyT(int features) {
    this(features, 0.5);
  }

  /** Creates a layer for inputs of shape (..., features), with this alpha at first. */
  public DyT(int features, double alpha) {
    this(Description.of(DyT::new).set("features", features));
    weight("alpha").assign(Tensor.scalar(alpha, DType.FLOAT32));
  }

  /** Creates a layer from its description. */
  public DyT(Description from) {
    super(from);
  }

  @Override
  Tensor bounded(Tensor x, Tensor alpha, Tensor g, Tensor b) {
    return FUNCTION.apply(x, alpha, g, b);
  }
}
