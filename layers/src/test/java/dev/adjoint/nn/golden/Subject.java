package dev.adjoint.nn.golden;

import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Says what of ours computes the outputs of a golden case.
 *
 * @param layer whose parameters and buffers the case gives; null for a function
 * @param nameOf our name of a tensor in PyTorch's state_dict
 * @param forward returns the outputs by name, of the inputs by name
 */
record Subject(
    @Nullable Layer layer,
    UnaryOperator<String> nameOf,
    Function<Map<String, Tensor>, Map<String, Tensor>> forward) {

  /** Returns the subject of a layer whose outputs are those for each input. */
  static <L extends Layer & Transform> Subject of(L layer) {
    return new Subject(layer, name -> name, inputs -> outputs(layer, inputs));
  }

  /** Returns the subject of a function of one tensor. */
  static Subject of(Transform function) {
    return new Subject(null, name -> name, inputs -> outputs(function, inputs));
  }

  /** Returns the subject with other names. */
  Subject named(UnaryOperator<String> names) {
    return new Subject(layer, names, forward);
  }

  /** Returns output1 for input1, and so on; output for input. */
  private static Map<String, Tensor> outputs(Transform f, Map<String, Tensor> inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    inputs.forEach((name, x) -> outputs.put(name.replace("input", "output"), f.forward(x)));
    return outputs;
  }
}
