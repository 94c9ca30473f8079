package dev.adjoint.autodiff;

import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * A function's value and its gradients.
 *
 * @param value what the function returned
 * @param gradients one for each input, in order, of its shape
 */
public record ValueAndGradient(Tensor value, List<Tensor> gradients) {

  /** Copies the list of gradients. */
  public ValueAndGradient {
    gradients = List.copyOf(gradients);
  }

  /**
   * Returns the gradient with respect to the only input.
   *
   * @throws IllegalStateException if there are several inputs
   */
  public Tensor gradient() {
    if (gradients.size() != 1) {
      throw new IllegalStateException(
          "gradient: the function has %d inputs; expected 1, or gradients()"
              .formatted(gradients.size()));
    }
    return gradients.get(0);
  }
}
