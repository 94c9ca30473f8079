package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Computes {@code g * f(alpha x + s) + b}, with a bounded function f, in place of a norm: what
 * {@link DyT} and {@link Derf} share. Nothing is measured, so there is none of the invariances of a
 * norm.
 */
abstract sealed class PointwiseNorm extends Layer implements Transform permits DyT, Derf {

  private final Setting<Integer> features = size("features");
  private final Weight alpha = parameter("alpha", Shape.of(), 0.5);
  private final Weight weight = parameter("weight", Shape.of(features.get()), 1);
  private final Weight bias = parameter("bias", Shape.of(features.get()), 0);

  PointwiseNorm(Description from) {
    super(from);
  }

  /** Returns {@code g * f(alpha x + s) + b}, of the shape of x. */
  @Override
  public Tensor forward(Tensor x) {
    requireLastAxis("input", x, features.get());
    return observed(bounded(x, alpha.value(), weight.value(), bias.value()));
  }

  abstract Tensor bounded(Tensor x, Tensor alpha, Tensor g, Tensor b);
}
