package dev.adjoint.explain;

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
import org.jspecify.annotations.Nullable;

/**
 * What was computed to get a tensor, step by step, with all that a reader wants to know of each.
 *
 * @param root the tensor
 * @param steps what it was computed from, itself last: each after its inputs
 * @param constants the inputs of steps through which no gradient flows, by their labels
 */
record Recording(Tensor root, List<Step> steps, Map<String, Tensor> constants) {

  /**
   * One node of the graph.
   *
   * @param value as it was computed, tracked: to be copied if it is to outlive an update
   * @param label by which texts and pictures call it, like no other: its name, or "t1", "t2" for
   *     results in their order, "x1" for tracked tensors without a name, "L" for the root
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

    private Step labeled(String newLabel, @Nullable String newName, List<String> newInputs) {
      return new Step(node, value, newLabel, newName, newInputs, layers, line);
    }
  }

  /** Returns what is known of a tensor that has been computed already. */
  static Recording of(Tensor root) {
    return of(root, new HashMap<>());
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
    List<Step> steps = new ArrayList<>();
    Node.ancestors(root, node -> true).entrySet().stream()
        .sorted(Comparator.comparingLong(entry -> entry.getKey().birth()))
        .forEach(entry -> {
          Node node = entry.getKey();
          String name =
              node.isLeaf() && !node.toString().equals("tracked tensor") ? node.toString() : null;
          Watch.Place place = places.getOrDefault(node, new Watch.Place(List.of(), node.site()));
          steps.add(
              new Step(node, entry.getValue(), "", name, List.of(), place.layers(), place.line()));
        });
    return new Labels(new HashMap<>()).of(new Recording(root, steps, Map.of()));
  }

  /** Names the parameters of a model by their paths. */
  Recording named(Layer model) {
    Map<Object, String> names = new HashMap<>();
    model.namedParameters().forEach((path, parameter) -> name(path, parameter.value(), names));
    return new Labels(names).of(this);
  }

  /**
   * Names a tensor: a step or a constant, or the constants that are views of it.
   *
   * @throws IllegalArgumentException if it is neither
   */
  Recording named(String name, Tensor tensor) {
    Map<Object, String> names = new HashMap<>();
    if (!name(name, tensor, names)) {
      throw new IllegalArgumentException(
          "named: '%s', a tensor of shape %s, took no part in this computation; expected the very tensor that an operation was given, or returned"
              .formatted(name, tensor.shape()));
    }
    return new Labels(names).of(this);
  }

  /** Adds a name of what a tensor is here; tells whether it is anything. */
  private boolean name(String name, Tensor tensor, Map<Object, String> names) {
    Object key = Labels.key(tensor);
    if (steps.stream().anyMatch(step -> step.node() == key)) {
      names.put(key, name);
      return true;
    }
    List<Tensor> views =
        constants.values().stream().filter(constant -> constant.sharesElements(tensor)).toList();
    for (Tensor view : views) { // a frozen parameter is another tensor each time it is read
      names.put(view, view.size() == tensor.size() ? name : name + "[..]");
    }
    return !views.isEmpty();
  }

  /** Returns this recording with other tensors for the values of some nodes, such as copies. */
  Recording withValues(Map<Node, Tensor> values) {
    List<Step> replaced =
        steps.stream()
            .map(step ->
                new Step(
                    step.node,
                    values.getOrDefault(step.node, step.value),
                    step.label,
                    step.name,
                    step.inputs,
                    step.layers,
                    step.line))
            .toList();
    return new Recording(root, replaced, constants);
  }

  /** Gives labels, which are unique, to all steps and constants of a recording. */
  private static final class Labels {
    private final Map<Object, String> names;
    private final Map<Object, String> labels = new HashMap<>();
    private final Map<String, Object> taken = new HashMap<>();
    private final Map<String, Integer> counts = new HashMap<>();

    /** Knows names of tensors, by their {@link #key}, that go before the names they have. */
    Labels(Map<Object, String> names) {
      this.names = names;
    }

    /** Returns what stays the same where a tensor is read twice: its node, if it has one. */
    static Object key(Tensor tensor) {
      Node node = tensor.node();
      return node != null ? node : tensor;
    }

    Recording of(Recording old) {
      for (Step step : old.steps) {
        String name = name(step);
        if (name != null) {
          label(step.node(), name);
        }
      }
      old.constants.forEach((label, constant) -> {
        boolean hasName = !label.matches("c\\d+|-?\\d.*|NaN|-?Infinity");
        String name = names.getOrDefault(constant, hasName ? label : null);
        if (name != null) {
          label(constant, name);
        }
      });
      if (!labels.containsKey(key(old.root))) {
        label(key(old.root), "L");
      }
      Map<String, Tensor> constants = new LinkedHashMap<>();
      List<Step> steps = new ArrayList<>();
      for (Step step : old.steps) {
        List<String> inputs = new ArrayList<>();
        for (Tensor input : step.node().inputs()) {
          String label = label(input);
          inputs.add(label);
          if (!input.isTracked()) {
            constants.putIfAbsent(label, input);
          }
        }
        String label = labels.get(step.node());
        if (label == null) {
          label = numbered(step.node(), step.node().isLeaf() ? "x" : "t");
        }
        steps.add(step.labeled(label, name(step), List.copyOf(inputs)));
      }
      return new Recording(old.root, List.copyOf(steps), Collections.unmodifiableMap(constants));
    }

    private @Nullable String name(Step step) {
      return names.getOrDefault(step.node(), step.name());
    }

    private String label(Tensor input) {
      String known = labels.get(key(input));
      if (known != null) {
        return known;
      }
      return input.size() == 1 && input.examples() == null
          ? Numbers.text(input.item())
          : numbered(input, "c");
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
