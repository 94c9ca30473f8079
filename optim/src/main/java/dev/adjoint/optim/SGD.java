package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Descends along the gradient: {@code p -= rate * v} with {@code v = momentum * v + (1 - dampening)
 * * (g + decay * p)}, where the first v is the first gradient, undampened.
 *
 * <p>Learning rate 1e-3; no momentum, dampening, Nesterov rule or weight decay unless they are set.
 */
public final class SGD extends FluentOptimizer<SGD> {

  private static final String VELOCITY = "momentum_buffer";

  private double momentum;
  private double dampening;
  private boolean nesterov;

  /** Creates an optimizer of these parameters. */
  public SGD(List<Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-3, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public SGD(Map<String, Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-3, 0);
  }

  /** Sets the weight of the previous velocity in the next: 0 is plain descent. */
  public SGD momentum(double weight) {
    momentum = atLeastZero("momentum", weight);
    return checked();
  }

  /** Sets what part of each gradient but the first does not enter the velocity. */
  public SGD dampening(double part) {
    dampening = atLeastZero("dampening", part);
    return checked();
  }

  /** Looks ahead by Nesterov's rule; needs momentum, set before, and no dampening. */
  public SGD nesterov() {
    nesterov = true;
    return checked();
  }

  @Override
  List<String> slots(ParameterState state) {
    return momentum == 0 ? List.of() : List.of(VELOCITY);
  }

  @Override
  Consumer<Object> update(ParameterState state, Object g) {
    UpdateLoops<Object> loops = state.loops();
    double rate = rate(state);
    double decay = decay(state);
    if (momentum == 0) {
      return p -> split(state.size(), (from, to) -> loops.descend(p, g, from, to, rate, decay));
    }
    double share = state.has(VELOCITY) ? 1 - dampening : 1;
    Object v = state.array(VELOCITY);
    double ahead = nesterov ? rate : 0;
    double behind = nesterov ? rate * momentum : rate;
    var c = new UpdateLoops.Momentum(behind, ahead, decay, momentum, share);
    return p -> split(state.size(), (from, to) -> loops.descendWithMomentum(p, g, v, from, to, c));
  }

  private SGD checked() {
    if (nesterov && (momentum == 0 || dampening != 0)) {
      throw new IllegalArgumentException(
          "SGD: Nesterov's rule with momentum %s and dampening %s; expected momentum(...) above 0 before, and no dampening"
              .formatted(momentum, dampening));
    }
    return this;
  }
}
