package dev.adjoint.nn;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds parameters and other layers, by name: the base of layers and of whole models.
 *
 * <p>A layer is an ordinary object. It says what it consists of where its fields are set, and
 * declares a {@code forward} of its own, with the inputs that it needs; a layer with one input is a
 * {@link Transform} as well.
 *
 * <pre>{@code
 * final class Classifier extends Layer implements Transform {
 *   private final Linear hidden;
 *   private final Linear output;
 *
 *   Classifier(Generator generator) {
 *     hidden = child("hidden", new Linear(2, 16, generator));
 *     output = child("output", new Linear(16, 2, generator));
 *   }
 *
 *   @Override
 *   public Tensor forward(Tensor x) {
 *     return output.forward(hidden.forward(x).tanh());
 *   }
 * }
 * }</pre>
 *
 * <p>A new layer is in training mode.
 */
public abstract class Layer {

  private final Map<String, Parameter> ownParameters = new LinkedHashMap<>();
  private final Map<String, Layer> children = new LinkedHashMap<>();
  private boolean training = true;

  /** Creates a layer without parameters and children, in training mode. */
  protected Layer() {}

  /** Creates a parameter of this layer and returns it. */
  protected final Parameter parameter(String name, Tensor initial) {
    requireNew(name);
    Parameter parameter = new Parameter(getClass().getSimpleName() + "." + name, initial);
    ownParameters.put(name, parameter);
    return parameter;
  }

  /** Makes another layer a part of this one and returns it. */
  protected final <L extends Layer> L child(String name, L layer) {
    requireNew(name);
    children.put(name, layer);
    return layer;
  }

  /** Returns the layers that this one consists of, by name, in the order of their declaration. */
  public final Map<String, Layer> children() {
    return Collections.unmodifiableMap(children);
  }

  /** Returns all parameters of this layer and of those inside, each once. */
  public final List<Parameter> parameters() {
    return ImmutableList.copyOf(namedParameters().values());
  }

  /**
   * Returns all parameters of this layer and of those inside, by their path as in {@code
   * hidden.weight}; a shared parameter by the first.
   */
  public final Map<String, Parameter> namedParameters() {
    Map<Parameter, String> paths = new LinkedHashMap<>();
    collect("", paths);
    Map<String, Parameter> named = new LinkedHashMap<>();
    paths.forEach((parameter, path) -> named.put(path, parameter));
    return Collections.unmodifiableMap(named);
  }

  /** Makes this layer and those inside behave as in training. */
  public final void train() {
    setTraining(true);
  }

  /** Makes this layer and those inside behave as in use: deterministic, one example by itself. */
  public final void eval() {
    setTraining(false);
  }

  /** Tells whether this layer behaves as in training. */
  public final boolean isTraining() {
    return training;
  }

  private void setTraining(boolean on) {
    training = on;
    children.values().forEach(child -> child.setTraining(on));
  }

  private void collect(String prefix, Map<Parameter, String> paths) {
    ownParameters.forEach((name, parameter) -> paths.putIfAbsent(parameter, prefix + name));
    children.forEach((name, child) -> child.collect(prefix + name + ".", paths));
  }

  private void requireNew(String name) {
    if (name.isEmpty() || name.contains(".")) {
      throw new IllegalArgumentException(
          "%s: name '%s'; expected one without dots, which separate the names of a path"
              .formatted(getClass().getSimpleName(), name));
    }
    if (ownParameters.containsKey(name) || children.containsKey(name)) {
      throw new IllegalArgumentException(
          "%s: the name '%s' is taken; expected one name for each parameter and layer"
              .formatted(getClass().getSimpleName(), name));
    }
  }
}
