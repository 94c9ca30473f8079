package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Descends along the gradient divided by the root of its running mean square (Hinton 2012, "Neural
 * networks for machine learning", lecture 6e).
 *
 * <p>Learning rate 1e-2, alpha 0.99, epsilon 1e-8, no momentum, not centered, no weight decay
 * unless they are set. The decay is an L2 penalty.
 */
public final class RMSProp extends FluentOptimizer<RMSProp> {

  private double alpha = 0.99;
  private double epsilon = 1e-8;
  private double momentum;
  private boolean centered;

  /** Creates an optimizer of these parameters. */
  public RMSProp(List<Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-2, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public RMSProp(Map<String, Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-2, 0);
  }

  /** Sets the weight of the old value in the running mean square. */
  public RMSProp alpha(double weight) {
    alpha = belowOne("alpha", weight);
    return this;
  }

  /** Sets what is added to the root of the mean square. */
  public RMSProp epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return this;
  }

  /** Sets the weight of the previous velocity in the next. */
  public RMSProp momentum(double weight) {
    momentum = atLeastZero("momentum", weight);
    return this;
  }

  /** Divides by the running deviation instead: the mean of the gradient is subtracted first. */
  public RMSProp centered() {
    centered = true;
    return this;
  }

  @Override
  List<String> slots(ParameterState state) {
    List<String> slots = new ArrayList<>(List.of("square_avg"));
    if (centered) {
      slots.add("grad_avg");
    }
    if (momentum > 0) {
      slots.add("momentum_buffer");
    }
    return slots;
  }

  @Override
  Consumer<Object> update(ParameterState state, Object g) {
    UpdateLoops<Object> loops = state.loops();
    Object v = state.array("square_avg");
    Object m = centered ? state.array("grad_avg") : null;
    Object b = momentum > 0 ? state.array("momentum_buffer") : null;
    var c = new UpdateLoops.Squares(rate(state), decay(state), alpha, epsilon, momentum);
    return p -> split(state.size(), (from, to) -> loops.rmsProp(p, g, v, m, b, from, to, c));
  }
}
