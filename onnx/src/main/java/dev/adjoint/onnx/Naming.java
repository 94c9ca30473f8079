package dev.adjoint.onnx;

import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.onnx.Proto.TensorData;
import dev.adjoint.onnx.Proto.ValueInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Leaves out the nodes that nothing needs, and calls values by the layers that return them. */
final class Naming {

  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, String> renamed = new HashMap<>();

  Naming(Recorded run, List<Node> all, Map<Integer, String> values) {
    Set<String> needed = new HashSet<>();
    for (Node node : all.reversed()) {
      if (isOutput(node) || node.outputs().stream().anyMatch(needed::contains)) {
        nodes.addFirst(node);
        needed.addAll(node.inputs());
      }
    }
    Set<String> taken = new HashSet<>(needed);
    values.forEach((step, value) -> {
      String layer = run.layerOf(run.steps.get(step).output());
      if (layer != null && taken.add(layer)) {
        renamed.put(value, layer);
      }
    });
    Set<String> computed = new HashSet<>();
    nodes.forEach(node -> computed.addAll(node.outputs()));
    Set<String> outputs = new HashSet<>();
    for (Node node : List.copyOf(nodes)) { // an output is the value itself, where it can be
      String value = node.inputs().isEmpty() ? "" : node.inputs().getFirst();
      if (isOutput(node) && computed.contains(value) && outputs.add(value)) {
        renamed.put(value, node.name());
        nodes.remove(node);
      }
    }
  }

  private static boolean isOutput(Node node) {
    return node.op().equals("Identity") && node.outputs().contains(node.name());
  }

  Graph graph(
      String name,
      Collection<TensorData> initializers,
      List<ValueInfo> inputs,
      List<ValueInfo> outputs) {
    List<Node> written = nodes.stream().map(this::renamed).toList();
    Set<String> used = new HashSet<>();
    written.forEach(node -> used.addAll(node.inputs()));
    return new Graph(
        name,
        written,
        initializers.stream().filter(data -> used.contains(data.name())).toList(),
        inputs,
        outputs);
  }

  private Node renamed(Node node) {
    List<String> outputs = names(node.outputs());
    return new Node(
        outputs.getFirst(),
        node.op(),
        node.domain(),
        names(node.inputs()),
        outputs,
        node.attributes());
  }

  private List<String> names(List<String> values) {
    return values.stream().map(value -> renamed.getOrDefault(value, value)).toList();
  }
}
