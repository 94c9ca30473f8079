package dev.adjoint.training;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.optim.Clipping;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
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
}
