package dev.adjoint.training;

import dev.adjoint.tensor.Tensor;
import java.util.Map;

/** Reads what listeners have saved. */
final class States {

  private States() {}

  /** Returns the numbers of an entry. */
  static double[] numbers(
      TrainingListener reader, Map<String, Tensor> state, String name, int count) {
    Tensor saved = state.get(name);
    if (saved == null || saved.shape().size() != count) {
      throw new IllegalArgumentException(
          "%s: a state with %s; expected '%s' of %d numbers"
              .formatted(reader.getClass().getSimpleName(), state.keySet(), name, count));
    }
    return saved.toDoubleArray();
  }
}
