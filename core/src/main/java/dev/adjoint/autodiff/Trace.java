package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;

/** Engine only: sees every step of a function that is run once, on samples, to learn its steps. */
public interface Trace {

  /** Returns what messages call the function. */
  String name();

  /** Receives a step, recorded or not. */
  void step(Tensor output, Primitive primitive, Tensor[] inputs);

  /** Tells whether a tensor depends on the samples. */
  boolean isVariable(Tensor tensor);
}
