package dev.adjoint.training;

import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads the parts of a checkpoint. */
final class States {

  private States() {}

  /** Returns the numbers of an entry. */
  static double[] numbers(Object reader, Map<String, Tensor> state, String name, int count) {
    Tensor saved = state.get(name);
    if (saved == null || saved.shape().size() != count) {
      throw new IllegalArgumentException(
          "%s: a state with %s; expected '%s' of %d numbers"
              .formatted(reader.getClass().getSimpleName(), state.keySet(), name, count));
    }
    return saved.toDoubleArray();
  }

  /** Returns the entries whose names begin with a prefix, by the rest of their names. */
  static <V> Map<String, V> under(String prefix, Map<String, V> all) {
    Map<String, V> found = new LinkedHashMap<>();
    all.forEach((name, value) -> {
      if (name.startsWith(prefix)) {
        found.put(name.substring(prefix.length()), value);
      }
    });
    return found;
  }
}
