package dev.adjoint.autodiff;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/**
 * The gradients that one backward pass computed: an immutable value, to be read, added or passed to
 * an optimizer.
 *
 * <p>Nothing accumulates by itself and nothing has to be zeroed; {@code g.plus(h)} accumulates over
 * several batches.
 */
public final class Gradients {

  private final Map<Node, Tensor> byNode;

  Gradients(Map<Node, Tensor> byNode) {
    this.byNode = byNode;
  }

  /**
   * Returns the gradient with respect to a tensor, of its shape.
   *
   * @throws IllegalArgumentException if the tensor is not tracked, or took no part in what was
   *     differentiated
   */
  public Tensor of(Tensor tensor) {
    Tensor gradient = byNode.get(Backward.nodeOf(tensor));
    if (gradient == null && !Backward.nodeOf(tensor).isLeaf()) {
      throw new IllegalArgumentException(
          "no gradient for a tensor of shape %s that was computed from others; expected tracked() of it before the loss, or Backward.wrt(tensor).of(loss)"
              .formatted(tensor.shape()));
    }
    if (gradient == null) {
      throw noPart("a tensor of shape " + tensor.shape());
    }
    return gradient;
  }

  /**
   * Returns the gradient with respect to a parameter, of its shape.
   *
   * @throws IllegalArgumentException if the parameter is frozen, or took no part in what was
   *     differentiated
   */
  public Tensor of(Parameter parameter) {
    Tensor gradient = byNode.get(parameter.leaf());
    if (gradient == null) {
      throw noPart(
          "parameter '" + parameter.name() + "'" + (parameter.isFrozen() ? " (frozen)" : ""));
    }
    return gradient;
  }

  /** Returns the gradient with respect to a parameter, or zeros if it took no part. */
  public Tensor orZeros(Parameter parameter) {
    Tensor gradient = byNode.get(parameter.leaf());
    return gradient != null ? gradient : Tensors.zeros(parameter.shape(), parameter.dtype());
  }

  /** Returns the gradient with respect to a tensor, or zeros if it took no part. */
  public Tensor orZeros(Tensor tensor) {
    return contains(tensor) ? of(tensor) : Tensors.zeros(tensor.shape(), tensor.dtype());
  }

  /** Tells whether a parameter took part. */
  public boolean contains(Parameter parameter) {
    return byNode.containsKey(parameter.leaf());
  }

  /** Tells whether a tensor took part. */
  public boolean contains(Tensor tensor) {
    return tensor.isTracked() && byNode.containsKey(Backward.nodeOf(tensor));
  }

  /** Returns the parameters that took part, in the order of their creation. */
  public List<Parameter> parameters() {
    Map<Long, Parameter> byBirth = new TreeMap<>();
    for (Node node : byNode.keySet()) {
      Parameter parameter = node.parameter();
      if (parameter != null) {
        byBirth.put(node.birth(), parameter);
      }
    }
    return List.copyOf(byBirth.values());
  }

  Collection<Tensor> tensors() {
    return byNode.values();
  }

  /** Returns the sums of both gradients, as for two batches of which the losses are added. */
  public Gradients plus(Gradients other) {
    Map<Node, Tensor> sums = new HashMap<>(byNode);
    other.byNode.forEach((node, gradient) -> sums.merge(node, gradient, Tensor::plus));
    return new Gradients(sums);
  }

  /** Returns every gradient times a number. */
  public Gradients times(double factor) {
    return map(gradient -> gradient.times(factor));
  }

  /** Returns every gradient changed by a function that keeps its shape, such as clipping. */
  public Gradients map(UnaryOperator<Tensor> function) {
    Map<Node, Tensor> mapped = new HashMap<>();
    byNode.forEach((node, gradient) -> mapped.put(node, function.apply(gradient)));
    return new Gradients(mapped);
  }

  /**
   * Returns every gradient of a parameter changed by a function of both that keeps its shape, in
   * the order of {@link #parameters}; the gradients of tensors stay.
   */
  public Gradients map(BiFunction<Parameter, Tensor, Tensor> function) {
    Map<Node, Tensor> mapped = new HashMap<>(byNode);
    for (Parameter parameter : parameters()) {
      mapped.put(parameter.leaf(), function.apply(parameter, of(parameter)));
    }
    return new Gradients(mapped);
  }

  /** Returns a line for each gradient: of what it is, its shape and type, and its norm. */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(byNode.size() == 1 ? "1 gradient" : byNode.size() + " gradients");
    byNode.entrySet().stream()
        .sorted(Comparator.comparingLong(entry -> entry.getKey().birth()))
        .forEach(entry -> {
          Tensor gradient = entry.getValue();
          text.append(
              "\n  %s %s %s, %s"
                  .formatted(entry.getKey(), gradient.shape(), gradient.dtype(), norm(gradient)));
        });
    return text.toString();
  }

  private static String norm(Tensor gradient) {
    try {
      double norm = gradient.untracked().to(DType.FLOAT64).norm(2).item();
      return String.format(Locale.ROOT, "norm %.4g", norm);
    } catch (IllegalStateException e) { // as a tensor prints that is gone
      return "gone: " + e.getMessage();
    }
  }

  private static IllegalArgumentException noPart(String what) {
    return new IllegalArgumentException(
        "no gradient for %s: it took no part in what was differentiated, or was not asked for by wrt"
            .formatted(what));
  }
}
