package dev.adjoint.training;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Clipping;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells what is infinite or not a number. */
final class Finite {

  private Finite() {}

  static boolean isFinite(Tensor tensor) {
    return tensor.shape().size() == 0 || tensor.untracked().isFinite().min().item() == 1;
  }

  /** Returns the names of tensors that are not finite. */
  static List<String> spoiled(Map<String, Tensor> tensors) {
    return tensors.entrySet().stream()
        .filter(entry -> !isFinite(entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /**
   * Returns the Euclidean norm of all gradients together: not finite if an element is not, and only
   * then.
   */
  static double norm(Gradients gradients) {
    double norm = Clipping.totalNorm(gradients);
    if (Double.isFinite(norm)) {
      return norm;
    }
    double squares = 0; // the norm of a float32 gradient may be beyond float32
    for (Parameter parameter : gradients.parameters()) {
      Tensor gradient = gradients.of(parameter).untracked();
      if (!isFinite(gradient)) {
        return norm;
      }
      double part = gradient.to(DType.FLOAT64).norm(2).item();
      squares += part * part;
    }
    return Math.min(Math.sqrt(squares), Double.MAX_VALUE);
  }

  /**
   * Requires that the parameters that learn are finite, and, if it is to be saved, what the
   * optimizer remembers.
   */
  static void requireState(Layer model, Optimizer optimizer, boolean saved, Training training) {
    Map<String, Tensor> parameters = new LinkedHashMap<>();
    model
        .namedParameters()
        .forEach((path, parameter) -> {
          if (!parameter.isFrozen()) {
            parameters.put(path, parameter.value());
          }
        });
    List<String> spoiled = spoiled(parameters);
    List<String> remembered = saved ? spoiled(optimizer.state()) : List.of();
    if (!spoiled.isEmpty() || !remembered.isEmpty()) {
      throw NonFiniteException.ofState(
          training.position(), spoiled, remembered, training.resumption());
    }
  }
}
