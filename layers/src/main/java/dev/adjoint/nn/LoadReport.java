package dev.adjoint.nn;

import com.google.common.base.Strings;
import dev.adjoint.io.Quoted;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The differences between a state and what a layer expects: {@link Layer#loadFitting}.
 *
 * @param missing the shapes of the paths that the state lacks
 * @param leftOver the shapes of tensors whose names are no path of the layer
 * @param otherShape the tensors whose shapes differ from those of the layer
 * @param names all names of the state
 */
public record LoadReport(
    Map<String, Shape> missing,
    Map<String, Shape> leftOver,
    Map<String, Difference> otherShape,
    Set<String> names) {

  private static final int MOST_FAULTS = 20;

  /** Two shapes that differ. */
  public record Difference(Shape found, Shape expected) {}

  /** Compares a state with the shapes of a layer. */
  static LoadReport of(Map<String, Shape> expected, Map<String, Tensor> state) {
    Map<String, Shape> missing = new LinkedHashMap<>(expected);
    Map<String, Shape> leftOver = new LinkedHashMap<>();
    Map<String, Difference> otherShape = new LinkedHashMap<>();
    state.forEach((name, value) -> {
      Shape shape = missing.remove(name);
      if (shape == null) {
        leftOver.put(name, value.shape());
      } else if (!shape.equals(value.shape())) {
        otherShape.put(name, new Difference(value.shape(), shape));
      }
    });
    return new LoadReport(
        Collections.unmodifiableMap(missing),
        Collections.unmodifiableMap(leftOver),
        Collections.unmodifiableMap(otherShape),
        Set.copyOf(state.keySet()));
  }

  /** Tells whether everything fits and nothing is missing. */
  public boolean isComplete() {
    return missing.isEmpty() && leftOver.isEmpty() && otherShape.isEmpty();
  }

  /** Tells whether the state has a tensor that fits this path. */
  boolean fits(String name) {
    return names.contains(name) && !leftOver.containsKey(name) && !otherShape.containsKey(name);
  }

  /** Says what does not fit, or that all does. */
  @Override
  public String toString() {
    String faults = faults(_ -> false);
    return faults.isEmpty() ? "all %s tensors fit".formatted(names.size()) : faults;
  }

  /** Says what does not fit, the first faults of it; nothing if all does. */
  String faults(Predicate<String> optional) {
    List<String> faults = new ArrayList<>();
    missing.forEach((name, shape) -> {
      if (!optional.test(name)) {
        faults.add("'%s' of shape %s is missing".formatted(name, shape));
      }
    });
    otherShape.forEach((name, shape) ->
        faults.add("'%s' has shape %s, expected %s".formatted(name, shape.found, shape.expected)));
    leftOver.keySet().forEach(name -> faults.add("%s is unknown".formatted(Quoted.text(name))));
    return faults.isEmpty()
        ? ""
        : String.join("; ", faults.subList(0, Math.min(MOST_FAULTS, faults.size())))
            + (faults.size() > MOST_FAULTS
                ? "; and %s more".formatted(faults.size() - MOST_FAULTS)
                : "")
            + prefix();
  }

  /** Says what all names of a state begin with that the missing ones do not, or nothing. */
  private String prefix() {
    String common = names.stream().reduce((a, b) -> Strings.commonPrefix(a, b)).orElse("");
    for (int dot = common.indexOf('.'); dot >= 0; dot = common.indexOf('.', dot + 1)) {
      int length = dot + 1;
      if (names.stream().anyMatch(name -> missing.containsKey(name.substring(length)))) {
        return "; every name begins with %s: load a state without it"
            .formatted(Quoted.text(common.substring(0, length)));
      }
    }
    return "";
  }
}
