package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/** An observer of layers' outputs for statistics, summaries, drawings: {@link Layer#observe}. */
@FunctionalInterface
public interface LayerObserver {

  /**
   * Receives the output of a layer.
   *
   * @return what the computation goes on with: the output itself, or one with the same elements and
   *     a hook on its gradient; or, from an observer that changes the layer, what that gives now
   */
  Tensor onOutput(Layer layer, Tensor output);
}
