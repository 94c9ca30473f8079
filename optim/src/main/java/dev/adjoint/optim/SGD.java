package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;

/**
 * Descends along the gradient: {@code p -= rate * v} with {@code v = momentum * v + (1 - dampening)
 * * (g + decay * p)}, where the first v is the first gradient, undampened.
 *
 * <p>Learning rate 1e-3; no momentum, dampening, Nesterov rule or weight decay unless they are set.
 */
public final class SGD extends Optimizer {

  private double momentum;
  private double dampening;
  private double weightDecay;
  private boolean nesterov;

  /** Creates an optimizer of these parameters. */
  public SGD(List<Parameter> parameters) {
    super(parameters, 1e-3);
  }

  @Override
  public SGD learningRate(double rate) {
    super.learningRate(rate);
    return this;
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

  /** Sets the factor of the values that is added to their gradients (an L2 penalty). */
  public SGD weightDecay(double factor) {
    weightDecay = atLeastZero("weight decay", factor);
    return this;
  }

  @Override
  void update(ParameterState state, Object p, Object g) {
    UpdateLoops loops = state.loops();
    double rate = learningRate();
    if (momentum == 0) {
      split(state.size(), (from, to) -> loops.descend(p, g, from, to, rate, weightDecay));
    } else {
      Object v = state.zerosAtFirst("velocity");
      double share = state.nextStep() == 1 ? 1 : 1 - dampening;
      split(
          state.size(),
          (from, to) ->
              loops.descendWithMomentum(
                  p, g, v, from, to, rate, weightDecay, momentum, share, nesterov));
    }
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
