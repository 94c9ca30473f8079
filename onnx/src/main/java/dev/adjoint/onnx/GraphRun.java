package dev.adjoint.onnx;

import dev.adjoint.io.Quoted;
import dev.adjoint.onnx.Proto.Attribute;
import dev.adjoint.onnx.Proto.Function;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Model;
import dev.adjoint.onnx.Proto.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One run of the nodes of a model, which computes values by name.
 *
 * @param opset the version of the default set of operators
 * @param functions of the model, by domain and name
 * @param wide whether floats are computed in float64
 */
record GraphRun(long opset, Map<String, Function> functions, boolean wide) {

  private static final String IF = "If";

  static GraphRun of(Model model) {
    Map<String, Function> functions = new HashMap<>();
    model.functions().forEach(f -> functions.put(f.domain() + ":" + f.name(), f));
    return new GraphRun(model.opsets().getOrDefault("", 1L), functions, false);
  }

  GraphRun wide(boolean on) {
    return new GraphRun(opset, functions, on);
  }

  /** Returns a value as this run computes with it. */
  Value fitted(Value value) {
    return wide ? value.widened() : value;
  }

  /**
   * Throws unless all operators are supported.
   *
   * @throws UnsupportedOnnxException with each of those that are not, and the first node of each
   */
  void check(List<Node> nodes) {
    Map<String, Call> missing = new LinkedHashMap<>();
    collect(nodes, missing, new LinkedHashSet<>());
    if (!missing.isEmpty()) {
      throw new UnsupportedOnnxException(
          "the model needs operators that are not supported: "
              + String.join(", ", missing.values().stream().map(Call::toString).toList()));
    }
  }

  private void collect(List<Node> nodes, Map<String, Call> missing, Set<String> visited) {
    for (Node node : nodes) {
      String key = node.domain() + ":" + node.op();
      Function function = functions.get(key);
      if (function != null) {
        if (visited.add(key)) {
          collect(function.nodes(), missing, visited);
        }
      } else if (node.op().equals(IF) && node.domain().isEmpty()) {
        for (Attribute branch : node.attributes().values()) {
          if (branch.value() instanceof Graph graph) {
            collect(graph.nodes(), missing, visited);
          }
        }
      } else if (Operators.named(node.domain(), node.op()) == null) {
        missing.putIfAbsent(key, new Call(node, opset, List.of()));
      }
    }
  }

  /** Computes the outputs of nodes, and adds them to the values; drops what no node needs again. */
  void run(List<Node> nodes, Map<String, Value> values, Set<String> kept) {
    Map<String, Integer> lastUse = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      int at = i;
      used(nodes.get(i)).forEach(name -> lastUse.put(name, at));
    }
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      run(node, values);
      for (String name : used(node)) {
        if (lastUse.getOrDefault(name, -1) == i && !kept.contains(name)) {
          values.remove(name);
        }
      }
    }
  }

  /** Returns the names that a node and the graphs inside of it read. */
  private static List<String> used(Node node) {
    List<String> names = new ArrayList<>(node.inputs());
    for (Attribute attribute : node.attributes().values()) {
      if (attribute.value() instanceof Graph graph) {
        graph.nodes().forEach(inside -> names.addAll(used(inside)));
        graph.outputs().forEach(output -> names.add(output.name()));
      }
    }
    return names;
  }

  private void run(Node node, Map<String, Value> values) {
    List<@Nullable Value> inputs = new ArrayList<>();
    for (String name : node.inputs()) {
      Value value = values.get(name);
      if (value == null && !name.isEmpty()) {
        throw new IllegalArgumentException(
            "%s: input %s; expected an input of the model or an output of a node before it"
                .formatted(new Call(node, opset, List.of()), Quoted.text(name)));
      }
      inputs.add(value);
    }
    Call call = new Call(node, opset, inputs);
    List<Value> outputs = outputs(call, values);
    for (int i = 0; i < Math.min(outputs.size(), node.outputs().size()); i++) {
      values.put(node.outputs().get(i), fitted(outputs.get(i)));
    }
    if (node.outputs().size() > outputs.size()
        && !node.outputs().subList(outputs.size(), node.outputs().size()).stream()
            .allMatch(String::isEmpty)) {
      throw call.unsupported(
          "output %d; expected at most %d".formatted(outputs.size(), outputs.size()));
    }
  }

  private List<Value> outputs(Call call, Map<String, Value> values) {
    Node node = call.node();
    Function function = functions.get(node.domain() + ":" + node.op());
    if (function != null) {
      return outputs(function, call);
    }
    if (node.op().equals(IF) && node.domain().isEmpty()) {
      String branch = call.number(0, 0) != 0 ? "then_branch" : "else_branch";
      if (node.attributes().get(branch) instanceof Attribute(_, Graph graph, _)) {
        Map<String, Value> inside = new HashMap<>(values); // a branch sees what is outside
        inside.putAll(OnnxModel.constants(graph));
        List<String> names = graph.outputs().stream().map(Proto.ValueInfo::name).toList();
        Set<String> outside = new HashSet<>(inside.keySet());
        outside.addAll(names);
        run(graph.nodes(), inside, outside);
        return names.stream().map(name -> required(inside, name, call)).toList();
      }
      throw call.refuse("has no " + branch);
    }
    Operator operator = Operators.named(node.domain(), node.op());
    if (operator == null) {
      throw call.unsupported("not supported");
    }
    try {
      return operator.apply(call);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      if (String.valueOf(e.getMessage()).startsWith(call.toString())) {
        throw e;
      }
      throw new IllegalArgumentException(
          Quoted.message("%s: %s".formatted(call, e.getMessage())), e);
    }
  }

  private static Value required(Map<String, Value> values, String name, Call call) {
    Value value = values.get(name);
    if (value == null) {
      throw call.refuse("computes no " + Quoted.text(name));
    }
    return value;
  }

  private List<Value> outputs(Function function, Call call) {
    Map<String, Value> values = new HashMap<>();
    for (int i = 0; i < function.inputs().size(); i++) {
      Value value = call.optional(i);
      if (value != null) {
        values.put(function.inputs().get(i), value);
      }
    }
    Map<String, Attribute> given = new HashMap<>(function.defaults());
    given.putAll(call.node().attributes());
    List<Node> nodes = function.nodes().stream().map(node -> bound(node, given)).toList();
    run(nodes, values, Set.copyOf(function.outputs()));
    return function.outputs().stream().map(name -> required(values, name, call)).toList();
  }

  /** Returns a node of a function with the attributes of the caller where it refers to them. */
  private static Node bound(Node node, Map<String, Attribute> given) {
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    node.attributes()
        .forEach((name, attribute) -> {
          Attribute bound =
              attribute.reference().isEmpty() ? attribute : given.get(attribute.reference());
          if (bound != null) {
            attributes.put(name, bound);
          }
        });
    return new Node(
        node.name(), node.op(), node.domain(), node.inputs(), node.outputs(), attributes);
  }
}
