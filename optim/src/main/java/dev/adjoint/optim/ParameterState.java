package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.io.Quoted;
import dev.adjoint.kernel.Storage;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What an optimizer remembers of one parameter from step to step: the number of steps, and tensors
 * ("slots") under PyTorch's names. And the groups the parameter is in.
 */
final class ParameterState {

  /** As the first value of a slot: the parameter's own. */
  static final double VALUE = Double.NaN;

  private final String path;
  private final Parameter parameter;
  private final List<ParameterGroup> groups = new ArrayList<>();
  private final Map<String, Tensor> slots = new HashMap<>();
  private int steps;

  private ParameterState(String path, Parameter parameter) {
    this.path = path;
    this.parameter = parameter;
  }

  /** Returns states by the names of parameters, which may be equal as long as none is saved. */
  static ImmutableList<ParameterState> of(List<Parameter> parameters) {
    return parameters.stream()
        .map(p -> new ParameterState(p.name(), p))
        .collect(ImmutableList.toImmutableList());
  }

  static ImmutableList<ParameterState> of(Map<String, Parameter> parameters) {
    return parameters.entrySet().stream()
        .map(e -> new ParameterState(e.getKey(), e.getValue()))
        .collect(ImmutableList.toImmutableList());
  }

  /** Returns the states, unless there is none, or one parameter is there twice. */
  static ImmutableList<ParameterState> eachOnce(
      String owner, ImmutableList<ParameterState> states) {
    if (states.isEmpty()) {
      throw new IllegalArgumentException(
          owner
              + ": no parameters; expected at least one (a layer has those that it declares by"
              + " child and parameter, and one made by forInference has none)");
    }
    Set<Parameter> seen = new HashSet<>();
    for (ParameterState state : states) {
      if (!seen.add(state.parameter)) {
        throw new IllegalArgumentException(
            "%s: parameter '%s' is listed twice and would be updated twice a step; expected each once"
                .formatted(owner, state.path));
      }
    }
    return states;
  }

  /** Throws if two parameters have one path: what is saved could not tell them apart. */
  static void requireDistinctPaths(String owner, List<ParameterState> states) {
    Set<String> seen = new HashSet<>();
    for (ParameterState state : states) {
      if (!seen.add(state.path)) {
        throw new IllegalStateException(
            "%1$s: two parameters are called '%2$s', so that their state has no name; expected paths, new %1$s(model.namedParameters())"
                .formatted(owner, state.path));
      }
    }
  }

  /** Refuses gradients of other parameters only, unless some of its own are frozen. */
  static void requireOwn(String owner, List<ParameterState> states, Gradients gradients) {
    List<String> others = gradients.parameters().stream().map(Parameter::name).toList();
    if (!others.isEmpty()
        && states.stream()
            .map(ParameterState::parameter)
            .noneMatch(own -> own.isFrozen() || gradients.contains(own))) {
      throw new IllegalArgumentException(
          "%s: a step by gradients of %s, which are no parameters of this optimizer; expected those of a loss that depends on one of its own"
              .formatted(owner, Quoted.list(others)));
    }
  }

  String path() {
    return path;
  }

  Parameter parameter() {
    return parameter;
  }

  int size() {
    return parameter.shape().size();
  }

  // ---- groups ----------------------------------------------------------------------------------

  void join(ParameterGroup group) {
    groups.add(group);
  }

  /** Returns a setting of the last group that has one, or else that of all. */
  double setting(ToDoubleFunction<ParameterGroup> ofGroup, double ofAll) {
    return groups.stream()
        .mapToDouble(ofGroup)
        .filter(value -> !Double.isNaN(value))
        .reduce(ofAll, (before, value) -> value);
  }

  /** Returns the elements of the parameter, or of its gradient, as a tensor, without a copy. */
  Tensor tensor(Object elements) {
    return Tensor.contiguous(new Storage(elements), parameter.dtype(), parameter.shape());
  }

  // ---- what is remembered ----------------------------------------------------------------------

  /** Returns the number of the step that is being taken: 1 for the first. */
  int nextStep() {
    return steps + 1;
  }

  /** Takes a step: changes the elements of the parameter in place. */
  void step(Consumer<Object> change) {
    steps++;
    parameter.update(change);
  }

  /** Returns a slot in the parameter's type; a new one, of {@code first}, is not remembered yet. */
  Tensor slot(String name, double first) {
    return slot(name, parameter.shape(), first);
  }

  /** As {@link #slot(String, double)}, of a shape of its own. */
  Tensor slot(String name, Shape shape, double first) {
    Tensor tensor = slots.get(name);
    if (tensor == null && Double.isNaN(first)) {
      return parameter.value().untracked().copy();
    }
    if (tensor == null) {
      return Tensors.full(shape, first, parameter.dtype()).copy();
    }
    // Parameter.to may have been called
    return tensor.dtype() == parameter.dtype() ? tensor : tensor.to(parameter.dtype()).copy();
  }

  @Nullable Tensor get(String slot) {
    return slots.get(slot);
  }

  /** Replaces a slot by a tensor that nobody else has. */
  void put(String slot, Tensor tensor) {
    slots.put(slot, tensor);
  }

  /**
   * Writes entries for the number of steps and, if there were any, for these slots: empty ones for
   * what is not remembered yet, as when momentum was set after the last step.
   */
  void save(Set<String> names, Map<String, Tensor> entries) {
    entries.put(entry("step"), SavedState.entry(steps));
    if (steps > 0) {
      for (String name : names) {
        Tensor tensor = slots.get(name);
        entries.put(
            entry(name), tensor == null ? Tensors.zeros(0) : tensor.to(parameter.dtype()).copy());
      }
    }
  }

  /** Reads what {@link #save} has written; returns what puts it into place. */
  Runnable read(Map<String, Shape> shapes, SavedState saved) {
    int count = saved.count(entry("step"));
    Map<String, Tensor> read = new HashMap<>();
    if (count > 0) {
      shapes.forEach((slot, shape) -> {
        if (!saved.readEmpty(entry(slot), shape)) {
          read.put(slot, saved.tensor(entry(slot), shape));
        }
      });
    }
    return () -> {
      steps = count;
      slots.clear();
      slots.putAll(read);
    };
  }

  private String entry(String slot) {
    return path + "." + slot;
  }
}
