package dev.adjoint.onnx;

import dev.adjoint.autodiff.AnomalyException;
import dev.adjoint.io.Quoted;
import dev.adjoint.onnx.Proto.Attribute;
import dev.adjoint.onnx.Proto.Function;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Model;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.onnx.Proto.TensorData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs the nodes of a model. What is known before it runs is found once, by {@link #of}. */
final class GraphRun {

  /** Nodes and turns of loops in a run: more than any model needs that ends. */
  static final int MOST_STEPS = 10_000_000;

  private final long opset;
  private final Map<String, Block> functions;
  private final Map<Graph, Block> inner;
  private final boolean wide;
  private final int mostSteps;
  private int steps;

  private GraphRun(
      long opset,
      Map<String, Block> functions,
      Map<Graph, Block> inner,
      boolean wide,
      int mostSteps) {
    this.opset = opset;
    this.functions = functions;
    this.inner = inner;
    this.wide = wide;
    this.mostSteps = mostSteps;
  }

  /**
   * Prepares the functions of a model, and the graphs inside of nodes.
   *
   * @throws UnsupportedOnnxException with each of the operators that are not supported, and the
   *     first node of each
   */
  static GraphRun of(Model model, ExternalData files) throws IOException {
    Map<String, Block> functions = new HashMap<>();
    for (Function function : model.functions()) {
      functions.put(function.domain() + ":" + function.name(), Block.of(function));
    }
    long opset = model.opsets().getOrDefault("", 1L);
    GraphRun run = new GraphRun(opset, functions, new IdentityHashMap<>(), false, MOST_STEPS);
    Map<String, Call> missing = new LinkedHashMap<>();
    run.prepare(model.graph().nodes(), files, missing, new LinkedHashSet<>(), new HashSet<>());
    if (!missing.isEmpty()) {
      throw new UnsupportedOnnxException(
          "the model needs operators that are not supported: "
              + String.join(", ", missing.values().stream().map(Call::toString).toList()));
    }
    return run;
  }

  private void prepare(
      List<Node> nodes,
      ExternalData files,
      Map<String, Call> missing,
      Set<String> callers,
      Set<String> prepared)
      throws IOException {
    for (Node node : nodes) {
      String key = node.domain() + ":" + node.op();
      Block function = functions.get(key);
      if (function != null) {
        if (!callers.add(key)) {
          throw new IOException(
              "the function %s calls itself; expected one that ends"
                  .formatted(Quoted.text(node.op())));
        }
        if (prepared.add(key)) {
          prepare(function.nodes(), files, missing, callers, prepared);
        }
        callers.remove(key);
      } else if (Operators.named(node.domain(), node.op()) == null) {
        missing.putIfAbsent(key, named(node));
      }
      for (Attribute attribute : node.attributes().values()) {
        if (attribute.value() instanceof Graph graph) {
          inner.put(graph, Block.of(graph, constants(graph, files)));
          prepare(graph.nodes(), files, missing, callers, prepared);
        }
      }
    }
  }

  private static Map<String, Value> constants(Graph graph, ExternalData files) throws IOException {
    Map<String, Value> constants = new HashMap<>();
    for (TensorData data : graph.initializers()) {
      constants.put(data.name(), Value.read(data, files));
    }
    return constants;
  }

  /** Returns what one run of the whole model counts and computes in. */
  GraphRun begin(boolean inFloat64, int steps) {
    return new GraphRun(opset, functions, inner, inFloat64, steps);
  }

  long opset() {
    return opset;
  }

  /** Returns the graph inside of a node as a block. */
  @Nullable Block inner(Graph graph) {
    return inner.get(graph);
  }

  /** Returns an item as this run computes with it. */
  Item fitted(Item item) {
    return wide && item instanceof Value value ? value.widened() : item;
  }

  /** Counts a node or a turn of a loop. */
  void step(Call call) {
    if (++steps > mostSteps) {
      throw call.refuse(
          "the model takes more than %d nodes and turns of loops; expected one that ends"
              .formatted(mostSteps));
    }
  }

  private Call named(Node node) {
    return new Call(node, List.of(), this, null);
  }

  /** Computes the outputs of a block in its scope, which holds its inputs. */
  List<Item> run(Scope scope) {
    Block block = scope.block();
    scope.items().putAll(block.constants(wide));
    for (int i = 0; i < block.nodes().size(); i++) {
      run(block.nodes().get(i), scope);
      block.unreadAfter(i).forEach(scope.items()::remove);
    }
    List<Item> outputs = new ArrayList<>();
    for (String name : block.outputs()) {
      Item output = scope.get(name);
      if (output == null) {
        throw new IllegalArgumentException(
            "forward: no node computes the output " + Quoted.text(name));
      }
      outputs.add(output);
    }
    return outputs;
  }

  /** Computes the outputs of a node and adds them to its scope. */
  void run(Node node, Scope scope) {
    Node bound = bound(node, scope.given());
    List<@Nullable Item> inputs = new ArrayList<>();
    for (String name : node.inputs()) {
      Item item = scope.get(name);
      if (item == null && !name.isEmpty()) {
        throw new IllegalArgumentException(
            "%s: input %s; expected an input of the model or an output of a node before it"
                .formatted(named(node), Quoted.text(name)));
      }
      inputs.add(item);
    }
    Call call = new Call(bound, inputs, this, scope);
    step(call);
    List<? extends Item> outputs = outputs(call);
    for (int i = 0; i < Math.min(outputs.size(), node.outputs().size()); i++) {
      scope.items().put(node.outputs().get(i), fitted(outputs.get(i)));
    }
    if (node.outputs().size() > outputs.size()
        && !node.outputs().subList(outputs.size(), node.outputs().size()).stream()
            .allMatch(String::isEmpty)) {
      throw call.unsupported(
          "output %d; expected at most %d".formatted(outputs.size(), outputs.size()));
    }
  }

  private List<? extends Item> outputs(Call call) {
    Node node = call.node();
    Block function = functions.get(node.domain() + ":" + node.op());
    if (function != null) {
      Map<String, Attribute> given = new HashMap<>(function.defaults());
      given.putAll(node.attributes());
      return run(Scope.of(function, given).with(call.inputs()));
    }
    Operator operator = Operators.named(node.domain(), node.op());
    if (operator == null) {
      throw call.unsupported("not supported");
    }
    try {
      return operator.apply(call);
    } catch (AnomalyException e) {
      throw e;
    } catch (IllegalArgumentException
        | IndexOutOfBoundsException
        | ArithmeticException // as of windows that are 0 apart
        | NegativeArraySizeException e) {
      if (String.valueOf(e.getMessage()).startsWith(call.toString())) {
        throw e;
      }
      throw new IllegalArgumentException(
          Quoted.message("%s: %s".formatted(call, e.getMessage())), e);
    }
  }

  /** Returns a node of a function with the attributes of the caller where it refers to them. */
  private static Node bound(Node node, Map<String, Attribute> given) {
    if (node.attributes().values().stream().allMatch(each -> each.reference().isEmpty())) {
      return node;
    }
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
