package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Improves parameters by their gradients.
 *
 * <pre>{@code
 * Optimizer optimizer = new Adam(model.parameters()).learningRate(3e-3);
 * for (...) {
 *   Tensor loss = ...;
 *   optimizer.step(loss.backward());
 * }
 * }</pre>
 *
 * <p>Settings may be changed at any time; the next step uses them. Optimizers are not safe to share
 * between threads.
 */
public abstract class Optimizer {

  private static final int CHUNK = 1 << 14;

  private final ImmutableList<ParameterState> states;
  private double learningRate;

  Optimizer(List<Parameter> parameters, double learningRate) {
    if (parameters.isEmpty()) {
      throw new IllegalArgumentException(name() + ": no parameters; expected at least one");
    }
    Set<Parameter> seen = new HashSet<>();
    for (Parameter parameter : parameters) {
      if (!seen.add(parameter)) {
        throw new IllegalArgumentException(
            "%s: parameter '%s' is listed twice and would be updated twice a step; expected each once"
                .formatted(name(), parameter.name()));
      }
    }
    this.states =
        parameters.stream().map(ParameterState::new).collect(ImmutableList.toImmutableList());
    this.learningRate = learningRate;
  }

  /** Returns the learning rate. */
  public final double learningRate() {
    return learningRate;
  }

  /** Sets the learning rate, for all steps to come: at the start or by a schedule. */
  public Optimizer learningRate(double rate) {
    learningRate = atLeastZero("learning rate", rate);
    return this;
  }

  /**
   * Updates every parameter by its gradient, in place. Frozen parameters, and those that took no
   * part in what was differentiated, are passed by: they do not decay and count no step.
   */
  public final void step(Gradients gradients) {
    for (ParameterState state : states) {
      Parameter parameter = state.parameter();
      if (!parameter.isFrozen() && gradients.contains(parameter)) {
        Object gradient = elements(gradients.of(parameter).to(parameter.dtype()));
        parameter.update(values -> update(state, values, gradient));
      }
    }
  }

  /** Updates one parameter, by elements in order. */
  abstract void update(ParameterState state, Object values, Object gradient);

  final String name() {
    return getClass().getSimpleName();
  }

  final double atLeastZero(String setting, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected a number of at least 0".formatted(name(), setting, value));
    }
    return value;
  }

  final double belowOne(String setting, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected 0 <= %2$s < 1".formatted(name(), setting, value));
    }
    return value;
  }

  /** Updates the elements {@code from <= i < to}. */
  interface Range {
    void update(int from, int to);
  }

  /** Splits the update of n elements over threads. */
  static void split(int n, Range range) {
    Parallel.run(
        Math.ceilDiv(n, CHUNK), n, c -> range.update(c * CHUNK, Math.min(n, (c + 1) * CHUNK)));
  }

  /** Returns an array in which element i of the tensor is element i. */
  private static Object elements(Tensor tensor) {
    Tensor packed = tensor.untracked().contiguous();
    return (packed.offset() == 0 ? packed : packed.copy()).storage().array();
  }
}
