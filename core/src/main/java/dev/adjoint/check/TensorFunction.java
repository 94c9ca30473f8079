package dev.adjoint.check;

import dev.adjoint.tensor.Tensor;

/** A function of tensors whose gradients a {@link GradientCheck} checks. */
@FunctionalInterface
public interface TensorFunction {

  /** Computes the output, of any shape. */
  Tensor apply(Tensor... x);
}
