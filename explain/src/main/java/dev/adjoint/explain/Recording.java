package dev.adjoint.explain;

import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.joining;

import dev.adjoint.autodiff.Node;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What was computed to get a tensor, step by step, with all that a reader wants to know of each.
 */
final class Recording {

  /**
   * One node of the graph.
   *
   * @param value as it was computed, tracked: to be copied if it is to outlive an update
   * @param label by which texts and pictures call it, like no other: its name, or "t1", "t2" for
   *     results in their order, "x1" for tracked tensors without a name, "L" for the root, "output"
   *     if it is more than one number
   * @param name of a parameter (its path in the model) or a tensor that the user named; else null
   * @param inputs the labels of its inputs, in order: of steps or of constants
   * @param layers the path of the layer that computed it, outermost first, as in ["encoder", "0",
   *     "norm"], "norm#2" in the second call; empty outside of all
   * @param line of the user's code that computed it, as in "Spiral.java:31"; null if unknown
   */
  record Step(
      Node node,
      Tensor value,
      String label,
      @Nullable String name,
      List<String> inputs,
      List<String> layers,
      @Nullable String line) {

    /** Returns the layer and the line that computed it, as far as they are known. */
    String place() {
      String layer = layers.isEmpty() ? "" : "layer " + String.join(".", layers);
      return Stream.of(layer, line == null ? "" : line)
          .filter(not(String::isEmpty))
          .collect(joining(", "));
    }
  }

  private final Tensor root;
  private final Map<Node, Tensor> values;
  private final Map<Node, Watch.Place> places;
  private final Map<Object, String> names;
  private final Map<String, String> headlines;
  private final List<Step> steps;
  private final Map<String, Tensor> constants;

  /**
   * Gives labels to all that took part.
   *
   * @param values of the nodes, each after its inputs
   * @param names of tensors, by their {@link #key}
   * @param headlines of layers, by their paths
   */
  private Recording(
      Tensor root,
      Map<Node, Tensor> values,
      Map<Node, Watch.Place> places,
      Map<Object, String> names,
      Map<String, String> headlines) {
    this.root = root;
    this.values = values;
    this.places = places;
    this.names = names;
    this.headlines = headlines;
    Labels labels = new Labels();
    steps = labels.steps();
    constants = Collections.unmodifiableMap(labels.constants);
  }

  /** Returns what is known of a tensor that has been computed already. */
  static Recording of(Tensor root) {
    return of(root, Map.of());
  }

  /**
   * Computes a tensor and watches: knows the layers, and the lines of code.
   *
   * @param model that gives layers and parameters their names; null for none
   */
  static Recording of(@Nullable Layer model, Supplier<Tensor> computation) {
    Watch watch = new Watch();
    Tensor root = watch.watch(computation);
    Recording recording = of(root, watch.places(model));
    return model == null ? recording : recording.named(model);
  }

  private static Recording of(Tensor root, Map<Node, Watch.Place> places) {
    Map<Node, Tensor> values = new LinkedHashMap<>();
    Map<Object, String> names = new HashMap<>();
    Node.ancestors(root, node -> true).entrySet().stream()
        .sorted(Comparator.comparingLong(entry -> entry.getKey().birth()))
        .forEach(entry -> {
          Node node = entry.getKey();
          values.put(node, entry.getValue());
          if (node.isLeaf() && !node.toString().equals("tracked tensor")) {
            names.put(node, node.toString());
          }
        });
    return new Recording(root, values, places, names, Map.of());
  }

  /** Returns the tensor. */
  Tensor root() {
    return root;
  }

  /** Returns what it was computed from, itself last: each after its inputs. */
  List<Step> steps() {
    return steps;
  }

  /** Returns the inputs of steps through which no gradient flows, by their labels. */
  Map<String, Tensor> constants() {
    return constants;
  }

  /** Returns what a layer is, as in "Linear, 3 to 4", from its path; null if it is unknown. */
  @Nullable String headline(List<String> layers) {
    return headlines.get(String.join(".", layers).replaceAll("#\\d+", ""));
  }

  /** Names the parameters of a model by their paths, and says what its layers are. */
  Recording named(Layer model) {
    Map<Object, String> added = new HashMap<>(names);
    model.namedParameters().forEach((path, parameter) -> name(path, parameter.value(), added));
    Map<String, String> known = new HashMap<>();
    model.namedLayers().forEach((path, layer) -> known.put(path, layer.headline()));
    return new Recording(root, values, places, added, known);
  }

  /**
   * Names a tensor: a step or a constant, or the constants that are views of it.
   *
   * @throws IllegalArgumentException if it is neither
   */
  Recording named(String name, Tensor tensor) {
    Map<Object, String> added = new HashMap<>(names);
    if (!name(name, tensor, added)) {
      throw new IllegalArgumentException(
          "named: '%s', a tensor of shape %s, took no part in this computation; expected the very tensor that an operation was given, or returned"
              .formatted(name, tensor.shape()));
    }
    return new Recording(root, values, places, added, headlines);
  }

  /** Adds a name of what a tensor is here; tells whether it is anything. */
  private boolean name(String name, Tensor tensor, Map<Object, String> added) {
    Object key = key(tensor);
    if (key instanceof Node && values.containsKey(key)) {
      added.put(key, name);
      return true;
    }
    List<Tensor> views =
        constants.values().stream().filter(constant -> constant.sharesElements(tensor)).toList();
    for (Tensor view : views) { // a frozen parameter is another tensor each time it is read
      added.put(view, view.size() == tensor.size() ? name : name + "[..]");
    }
    return !views.isEmpty();
  }

  /** Returns this recording with other tensors for the values of some nodes, such as copies. */
  Recording withValues(Map<Node, Tensor> others) {
    Map<Node, Tensor> replaced = new LinkedHashMap<>(values);
    replaced.putAll(others);
    return new Recording(root, replaced, places, names, headlines);
  }

  /** Returns what stays the same where a tensor is read twice: its node, if it has one. */
  private static Object key(Tensor tensor) {
    Node node = tensor.node();
    return node != null ? node : tensor;
  }

  /** Gives labels, which are unique, to all nodes and constants. */
  private final class Labels {
    final Map<String, Tensor> constants = new LinkedHashMap<>();
    private final Map<Object, String> labels = new HashMap<>();
    private final Map<String, Object> taken = new HashMap<>();
    private final Map<String, Integer> counts = new HashMap<>();

    List<Step> steps() {
      values.keySet().forEach(this::labelByName);
      for (Node node : values.keySet()) {
        node.inputs().stream().filter(input -> !input.isTracked()).forEach(this::labelByName);
      }
      if (!labels.containsKey(key(root))) {
        label(key(root), root.size() == 1 ? "L" : "output");
      }
      List<Step> steps = new ArrayList<>();
      values.forEach((node, value) -> {
        List<String> inputs = node.inputs().stream().map(this::label).toList();
        String known = labels.get(node);
        String label = known != null ? known : numbered(node, node.isLeaf() ? "x" : "t");
        Watch.Place place = places.getOrDefault(node, new Watch.Place(List.of(), node.site()));
        steps.add(
            new Step(node, value, label, names.get(node), inputs, place.layers(), place.line()));
      });
      return List.copyOf(steps);
    }

    private void labelByName(Object key) {
      String name = names.get(key);
      if (name != null && !labels.containsKey(key)) {
        label(key, name);
      }
    }

    private String label(Tensor input) {
      String known = labels.get(key(input));
      String label =
          known != null
              ? known
              : input.size() == 1 && input.examples() == null
                  ? Numbers.text(input.item())
                  : numbered(input, "c");
      if (!input.isTracked()) {
        constants.putIfAbsent(label, input);
      }
      return label;
    }

    private String numbered(Object key, String letter) {
      String label;
      do {
        label = letter + counts.merge(letter, 1, Integer::sum);
      } while (taken.containsKey(label));
      return label(key, label);
    }

    private String label(Object key, String name) {
      String label = name;
      for (int i = 2; taken.putIfAbsent(label, key) != null; i++) {
        label = name + "#" + i;
      }
      labels.put(key, label);
      return label;
    }
  }
}
