package dev.adjoint.onnx;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.onnx.Proto.Attribute;
import dev.adjoint.onnx.Proto.Function;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Model;
import dev.adjoint.onnx.Proto.Node;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The values of a model that no gradient is to change: running statistics, and numbers that say
 * what an operator does, such as bounds, scales and thresholds. ONNX does not tell them from
 * weights; what reads them does.
 */
final class Untrained {

  /** The text of a file that lists others, one a line: buffers of the model that was exported. */
  static final String METADATA = "buffers";

  /** The inputs of operators that are not trained, by number. */
  private static final ImmutableMap<String, Set<Integer>> INPUTS =
      ImmutableMap.<String, Set<Integer>>builder()
          .put("BatchNormalization", Set.of(3, 4)) // mean and variance
          .put("Clip", Set.of(1, 2)) // bounds
          .put("DequantizeLinear", Set.of(1)) // scale
          .put("Dropout", Set.of(1)) // ratio
          .put("MelWeightMatrix", Set.of(3, 4)) // edges in Hz
          .put("NonMaxSuppression", Set.of(3, 4)) // thresholds
          .put("OneHot", Set.of(2)) // off and on
          .put("Pad", Set.of(2)) // what is padded with
          .put("QLinearConv", Set.of(1, 4, 6)) // scales
          .put("QLinearMatMul", Set.of(1, 4, 6))
          .put("QuantizeLinear", Set.of(1))
          .put("Range", Set.of(0, 1, 2)) // start, limit and step
          .put("Resize", Set.of(1, 2)) // region and scales
          .put("Upsample", Set.of(1))
          .buildOrThrow();

  /** Operators whose result is their first input, in another shape or type. */
  private static final Set<String> VIEWS =
      Set.of(
          "Cast",
          "CastLike",
          "Expand",
          "Flatten",
          "Identity",
          "Reshape",
          "Squeeze",
          "Transpose",
          "Unsqueeze");

  private final Map<String, Function> functions = new HashMap<>();
  private final Map<String, Set<Integer>> inputs = new HashMap<>(); // of functions

  private Untrained(List<Function> functions) {
    functions.forEach(each -> this.functions.put(each.domain() + ":" + each.name(), each));
  }

  /** Returns the names of such values. No function of the model may call itself. */
  static Set<String> of(Model model) {
    Set<String> names = new HashSet<>();
    model.metadata().getOrDefault(METADATA, "").lines().forEach(names::add);
    new Untrained(model.functions()).collect(model.graph().nodes(), names);
    return names;
  }

  /** Adds the names that nodes read in such places, from the last node on. */
  private void collect(List<Node> nodes, Set<String> names) {
    for (Node node : nodes.reversed()) {
      for (Attribute attribute : node.attributes().values()) {
        if (attribute.value() instanceof Graph inside) { // which reads what is around it
          collect(inside.nodes(), names);
        }
      }
      inputs(node).stream()
          .filter(input -> input < node.inputs().size())
          .forEach(input -> names.add(node.inputs().get(input)));
      if (node.domain().isEmpty()
          && VIEWS.contains(node.op())
          && !node.inputs().isEmpty()
          && node.outputs().stream().anyMatch(names::contains)) {
        names.add(node.inputs().getFirst());
      }
    }
  }

  private Set<Integer> inputs(Node node) {
    String key = node.domain() + ":" + node.op();
    Function function = functions.get(key);
    if (function == null) {
      return node.domain().isEmpty() ? INPUTS.getOrDefault(node.op(), Set.of()) : Set.of();
    }
    Set<Integer> known = inputs.get(key);
    if (known == null) {
      Set<String> names = new HashSet<>();
      collect(function.nodes(), names);
      known = new HashSet<>();
      for (int i = 0; i < function.inputs().size(); i++) {
        if (names.contains(function.inputs().get(i))) {
          known.add(i);
        }
      }
      inputs.put(key, known);
    }
    return known;
  }
}
