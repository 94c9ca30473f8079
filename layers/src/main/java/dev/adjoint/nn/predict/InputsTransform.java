package dev.adjoint.nn.predict;

import dev.adjoint.tensor.Tensor;

/**
 * A function of several inputs, for a {@link Predictor} to hold: a layer that reads by name what it
 * needs.
 *
 * <pre>{@code
 * public Tensor forward(Inputs inputs) { // of a layer that reads padded sequences
 *   IntTensor lengths = inputs.integers("lengths");
 *   return head.forward(gru.forward(inputs.tensor("signal"), lengths).state().select(0, -1));
 * }
 * }</pre>
 */
@FunctionalInterface
public interface InputsTransform {

  /** Returns the output for inputs. */
  Tensor forward(Inputs inputs);
}
