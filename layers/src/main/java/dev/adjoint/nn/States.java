package dev.adjoint.nn;

import com.google.common.base.Strings;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.io.Quoted;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Assigns saved values to parameters and buffers: all of them, or none. */
final class States {

  private static final int MOST_FAULTS = 20;

  private States() {}

  static void load(Layer layer, Map<String, Tensor> state, Predicate<String> optional) {
    Map<String, Parameter> parameters = layer.namedParameters();
    Map<String, Buffer> buffers = layer.namedBuffers();
    Map<String, Shape> expected = new LinkedHashMap<>();
    parameters.forEach((name, parameter) -> expected.put(name, parameter.shape()));
    buffers.forEach((name, buffer) -> expected.put(name, buffer.current().shape()));
    List<String> faults = new ArrayList<>();
    expected.forEach((name, shape) -> {
      Tensor value = state.get(name);
      if (value == null && !optional.test(name)) {
        faults.add("'%s' of shape %s is missing".formatted(name, shape));
      } else if (value != null && !value.shape().equals(shape)) {
        faults.add("'%s' has shape %s, expected %s".formatted(name, value.shape(), shape));
      }
    });
    state.keySet().stream()
        .filter(name -> !expected.containsKey(name))
        .forEach(name -> faults.add("%s is unknown".formatted(Quoted.text(name))));
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          "load: this state does not fit %s: %s%s%s"
              .formatted(
                  layer.headline(),
                  String.join("; ", faults.subList(0, Math.min(MOST_FAULTS, faults.size()))),
                  faults.size() > MOST_FAULTS
                      ? "; and %d more".formatted(faults.size() - MOST_FAULTS)
                      : "",
                  prefix(expected, state)));
    }
    Map<Parameter, Tensor> values = new LinkedHashMap<>();
    state.forEach((name, value) -> {
      if (parameters.get(name) instanceof Parameter parameter) {
        values.put(parameter, value);
      }
    });
    Parameter.assign(values);
    buffers.forEach((name, buffer) -> buffer.assign(state.getOrDefault(name, buffer.current())));
  }

  /** Says what all names of a state begin with that the expected ones do not, or nothing. */
  private static String prefix(Map<String, Shape> expected, Map<String, Tensor> state) {
    String common = state.keySet().stream().reduce((a, b) -> Strings.commonPrefix(a, b)).orElse("");
    for (int dot = common.indexOf('.'); dot >= 0; dot = common.indexOf('.', dot + 1)) {
      int length = dot + 1;
      if (state.keySet().stream().anyMatch(name -> expected.containsKey(name.substring(length)))) {
        return "; every name begins with %s: load a state without it"
            .formatted(Quoted.text(common.substring(0, length)));
      }
    }
    return "";
  }
}
