package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Descends along the gradient: {@code p -= rate * v} with {@code v = momentum * v + (1 - dampening)
 * * (g + decay * p)}, where the first v is the first gradient, undampened.
 *
 * <p>Defaults: learning rate 1e-3; no momentum, dampening, Nesterov rule or weight decay.
 */
public final class SGD extends FluentOptimizer<SGD> {

  private static final String VELOCITY = "momentum_buffer";

  private double momentum;
  private double dampening;
  private boolean nesterov;

  /** Creates an optimizer of these parameters. */
  public SGD(List<Parameter> parameters) {
    super(parameters, 1e-3, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public SGD(Map<String, Parameter> parameters) {
    super(parameters, 1e-3, 0);
  }

  /** Sets the weight of the previous velocity in the next: 0 is plain descent. */
  public SGD momentum(double weight) {
    momentum = atLeastZero("momentum", weight);
    return checked();
  }

  /** Sets the part of each gradient but the first that does not enter the velocity. */
  public SGD dampening(double part) {
    dampening = atLeastZero("dampening", part);
    return checked();
  }

  /** Uses Nesterov's momentum; needs momentum, set before, and no dampening. */
  public SGD nesterov() {
    nesterov = true;
    return checked();
  }

  @Override
  protected Tensor update(Update u) {
    Tensor p = u.value();
    Tensor rate = u.rate();
    Tensor g = u.penalizedGradient();
    if (momentum == 0) {
      return p.minus(rate.times(g));
    }
    Tensor share = u.number(s -> s.remembers(VELOCITY) ? 1 - dampening : 1);
    Tensor v = u.remember(VELOCITY, old -> old.times(momentum).plus(share.times(g)));
    return nesterov
        ? p.minus(rate.times(g).plus(u.number(s -> s.rate() * momentum).times(v)))
        : p.minus(rate.times(v));
  }

  @Override
  protected double turning() {
    double squares = 1 / (1 - momentum * momentum);
    double first = 1 + momentum;
    return (1 - dampening)
        * (1 - momentum)
        * (nesterov ? first * first + Math.pow(momentum, 4) * squares : squares);
  }

  private SGD checked() {
    if (nesterov && (momentum == 0 || dampening != 0)) {
      throw new IllegalArgumentException(
          "SGD: Nesterov's rule with momentum %s and dampening %s; expected momentum(...) above 0 before, and no dampening"
              .formatted(momentum, dampening));
    }
    return changed();
  }
}
