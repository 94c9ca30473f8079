package dev.adjoint.nn;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;

/** A function of whole numbers, such as the tokens of texts: a layer with one such input. */
@FunctionalInterface
public interface TokenTransform {

  /** Returns the output for tokens. */
  Tensor forward(IntTensor tokens);
}
