package dev.adjoint.onnx;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.adjoint.onnx.Proto.Attribute;
import dev.adjoint.onnx.Proto.Function;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.onnx.Proto.ValueInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The nodes of a graph or a function, made ready to run many times. */
final class Block {

  private final List<String> inputs;
  private final List<Node> nodes;
  private final List<String> outputs;
  private final Map<String, Value> constants;
  private final Map<String, Attribute> defaults;
  private final Supplier<Map<String, Value>> widened;
  private final List<List<String>> unread;

  private Block(
      List<String> inputs,
      List<Node> nodes,
      List<String> outputs,
      Map<String, Value> constants,
      Map<String, Attribute> defaults) {
    this.inputs = inputs;
    this.nodes = nodes;
    this.outputs = outputs;
    this.constants = constants;
    this.defaults = defaults;
    widened =
        Suppliers.memoize(
            () -> ImmutableMap.copyOf(Maps.transformValues(constants, Value::widened)));
    unread = unread();
  }

  /** Returns a graph with what it knows from the file. */
  static Block of(Graph graph, Map<String, Value> constants) {
    return new Block(
        names(graph.inputs()), graph.nodes(), names(graph.outputs()), constants, Map.of());
  }

  static Block of(Function function) {
    return new Block(
        function.inputs(), function.nodes(), function.outputs(), Map.of(), function.defaults());
  }

  static List<String> names(List<ValueInfo> values) {
    return values.stream().map(ValueInfo::name).toList();
  }

  List<String> inputs() {
    return inputs;
  }

  List<Node> nodes() {
    return nodes;
  }

  List<String> outputs() {
    return outputs;
  }

  /** Returns the attributes of a function that its callers need not give. */
  Map<String, Attribute> defaults() {
    return defaults;
  }

  /** Returns the tensors of the file, in float64 if the model computes in it. */
  Map<String, Value> constants(boolean wide) {
    return wide ? widened.get() : constants;
  }

  /** Returns the results of nodes that no node after the given one reads. */
  List<String> unreadAfter(int node) {
    return unread.get(node);
  }

  private List<List<String>> unread() {
    Set<String> results = new HashSet<>();
    nodes.forEach(node -> results.addAll(node.outputs()));
    outputs.forEach(results::remove);
    List<List<String>> after = new ArrayList<>();
    for (Node node : nodes.reversed()) { // what is met first from the end is read there last
      Set<String> names = new HashSet<>(node.outputs());
      names.addAll(read(node));
      after.addFirst(names.stream().filter(results::remove).toList());
    }
    return after;
  }

  /** Returns the names that a node and the graphs inside of it read. */
  static Set<String> read(Node node) {
    Set<String> names = new HashSet<>(node.inputs());
    for (Attribute attribute : node.attributes().values()) {
      if (attribute.value() instanceof Graph graph) {
        graph.nodes().forEach(inside -> names.addAll(read(inside)));
        names.addAll(names(graph.outputs()));
      }
    }
    return names;
  }
}
