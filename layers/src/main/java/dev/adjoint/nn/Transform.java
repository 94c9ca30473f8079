package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/** A function of one tensor: a layer with one input, or such as {@code Tensor::tanh}. */
@FunctionalInterface
public interface Transform {

  /** Returns the output for an input. */
  Tensor forward(Tensor x);
}
