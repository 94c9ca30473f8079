package dev.adjoint.nn;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Assigns saved values to parameters and buffers: all of them, or none. */
final class States {

  private States() {}

  static void load(
      String layer,
      Map<String, Parameter> parameters,
      Map<String, Buffer> buffers,
      Map<String, Tensor> state) {
    Map<String, Shape> expected = new LinkedHashMap<>();
    parameters.forEach((name, parameter) -> expected.put(name, parameter.shape()));
    buffers.forEach((name, buffer) -> expected.put(name, buffer.current().shape()));
    List<String> faults = new ArrayList<>();
    expected.forEach((name, shape) -> {
      Tensor value = state.get(name);
      if (value == null) {
        faults.add("'%s' of shape %s is missing".formatted(name, shape));
      } else if (!value.shape().equals(shape)) {
        faults.add("'%s' has shape %s, expected %s".formatted(name, value.shape(), shape));
      }
    });
    state.keySet().stream()
        .filter(name -> !expected.containsKey(name))
        .forEach(name -> faults.add("'%s' is unknown".formatted(name)));
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          "load: this state does not fit %s: %s".formatted(layer, String.join("; ", faults)));
    }
    // A missing value was refused above.
    parameters.forEach((name, parameter) -> parameter.assign(at(state, name)));
    buffers.forEach((name, buffer) -> buffer.assign(at(state, name)));
  }

  private static Tensor at(Map<String, Tensor> state, String name) {
    return Objects.requireNonNull(state.get(name));
  }
}
