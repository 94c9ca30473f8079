package dev.adjoint.explain;

import dev.adjoint.autodiff.Node;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Arranges a recording in boxes.
 *
 * <p>A layer is a stretch of steps that follow one another: so a call is a box, a second call is
 * another, and boxes depend on one another without cycles, however they are folded.
 */
final class Outline {

  private final Recording recording;
  private final Map<Node, Box> ofNodes = new HashMap<>();
  private final Map<String, Box> ofConstants = new HashMap<>();
  private final List<Box> operations = new ArrayList<>();

  private Outline(Recording recording) {
    this.recording = recording;
  }

  /** Returns a box with all that was recorded. */
  static Box of(Recording recording, Map<Node, Tensor> gradients) {
    Outline outline = new Outline(recording);
    outline.addSteps();
    gradients.forEach((node, gradient) -> outline.box(node).gradient = gradient);
    return outline.arranged();
  }

  private void addSteps() {
    for (int i = 0; i < recording.steps().size(); i++) {
      Recording.Step step = recording.steps().get(i);
      Node node = step.node();
      Box box =
          new Box(
              !node.isLeaf()
                  ? Box.Kind.OPERATION
                  : node.isParameter() ? Box.Kind.PARAMETER : Box.Kind.INPUT,
              node.isLeaf() ? step.label() : node.toString(),
              i,
              step.label(),
              step.value());
      box.line = step.line();
      box.isData = box.kind == Box.Kind.INPUT;
      ofNodes.put(node, box);
      for (int k = 0; k < step.inputs().size(); k++) {
        Tensor input = node.inputs().get(k);
        Node from = input.node();
        Box source = from == null ? constant(step.inputs().get(k), input) : box(from);
        box.sources.add(source);
        box.isData |= source.isData;
      }
      if (!node.isLeaf()) {
        operations.add(box);
      }
    }
  }

  private Box box(Node node) {
    return Objects.requireNonNull(ofNodes.get(node));
  }

  private Box constant(String label, Tensor value) {
    boolean shared = recording.constants().get(label) == value && value.size() > 1;
    Box known = shared ? ofConstants.get(label) : null;
    if (known == null) {
      known = new Box(Box.Kind.CONSTANT, label, -1, label, value);
      known.isData = value.size() > 1;
      ofConstants.put(label, known);
    }
    return known;
  }

  /** Puts what was given before what needs it first, where all that need it are. */
  private Box arranged() {
    Box top = new Box(Box.Kind.LAYER, "", -1, null, null);
    Map<Box, Box> homes = new HashMap<>(); // of operations: the boxes around them
    List<Box> open = new ArrayList<>(List.of(top));
    List<String> path = List.of();
    for (Box operation : operations) {
      List<String> layers = recording.steps().get(operation.step).layers();
      int common = 0;
      while (common < Math.min(path.size(), layers.size())
          && path.get(common).equals(layers.get(common))) {
        common++;
      }
      open.subList(common + 1, open.size()).clear();
      for (int depth = common; depth < layers.size(); depth++) {
        Box layer = new Box(Box.Kind.LAYER, title(layers.subList(0, depth + 1)), -1, null, null);
        layer.parent = open.getLast();
        open.add(layer);
      }
      path = layers;
      homes.put(operation, open.getLast());
    }
    Map<Box, Box> given = new LinkedHashMap<>();
    for (Box operation : operations) {
      Box home = Objects.requireNonNull(homes.get(operation));
      for (Box source : operation.sources) {
        if (source.kind != Box.Kind.OPERATION) {
          given.merge(source, home, Outline::common);
        }
      }
    }
    for (Box operation : operations) {
      Box home = Objects.requireNonNull(homes.get(operation));
      for (Box source : operation.sources) {
        Box where = given.remove(source);
        if (where != null) {
          place(source, where);
        }
      }
      place(operation, home);
    }
    if (operations.isEmpty()) { // the root is a parameter
      ofNodes.values().forEach(top::add);
    }
    unwrap(top);
    return top;
  }

  /** Draws layers that are nothing but one operation, such as an activation, as this operation. */
  private static void unwrap(Box box) {
    for (Box inner : List.copyOf(box.inside)) {
      unwrap(inner);
      if (inner.kind == Box.Kind.LAYER && inner.inside.size() == 1) {
        Box only = inner.inside.getFirst();
        if (only.kind == Box.Kind.OPERATION) {
          box.inside.set(box.inside.indexOf(inner), only);
          only.parent = box;
        }
      }
    }
  }

  /** Adds a box to another one, which is added to the one around it if it has not been. */
  private static void place(Box box, Box home) {
    if (home.inside.isEmpty() && home.parent != null) {
      place(home, home.parent);
    }
    home.add(box);
  }

  private static Box common(Box one, Box other) {
    List<Box> path = one.path();
    return path.get(Box.common(path, other.path()) - 1);
  }

  private String title(List<String> layers) {
    String headline = recording.headline(layers);
    String name = layers.getLast();
    return headline == null ? name : name + ": " + headline;
  }
}
