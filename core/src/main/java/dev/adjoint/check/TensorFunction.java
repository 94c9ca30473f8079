package dev.adjoint.check;

import dev.adjoint.tensor.Tensor;

/** Computes a tensor from tensors: what a {@link GradientCheck} is about. */
@FunctionalInterface
public interface TensorFunction {

  /** Computes the output, of any shape. */
  Tensor apply(Tensor... x);
}
