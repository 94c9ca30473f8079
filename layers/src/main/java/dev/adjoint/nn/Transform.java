package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/**
 * Turns one tensor into another: a layer with one input, or a function such as {@code
 * Tensor::tanh}.
 */
@FunctionalInterface
public interface Transform {

  /** Returns the output for an input. */
  Tensor forward(Tensor x);
}
