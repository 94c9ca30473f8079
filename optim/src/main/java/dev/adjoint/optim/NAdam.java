package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * {@link Adam} with Nesterov's momentum (Dozat 2016, "Incorporating Nesterov momentum into Adam"):
 * the gradient and the mean that the next step will have are both divided by the root of the mean
 * square.
 *
 * <p>Defaults: learning rate 2e-3, betas 0.9 and 0.999, epsilon 1e-8, momentum decay 4e-3, no
 * weight decay. The decay is an L2 penalty, or decoupled.
 */
public final class NAdam extends AdamBase<NAdam> {

  private double momentumDecay = 4e-3;

  /** The product of the momenta of the first {@code productSteps} steps. */
  private double product;

  private int productSteps;

  /** Creates an optimizer of these parameters. */
  public NAdam(List<Parameter> parameters) {
    super(ParameterState.of(parameters), 2e-3, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public NAdam(Map<String, Parameter> parameters) {
    super(ParameterState.of(parameters), 2e-3, 0);
  }

  /** Sets how fast the momentum of step t grows: {@code beta1 * (1 - 0.96^(t * decay) / 2)}. */
  public NAdam momentumDecay(double decay) {
    momentumDecay = atLeastZero("momentum decay", decay);
    return changed();
  }

  @Override
  Tensor direction(Update u, Tensor g, Tensor m) {
    product = 1; // of momenta that a setter may have changed
    productSteps = 0;
    Tensor now = u.number(s -> s.rate() * (1 - momentum(s.number())) / (1 - product(s.number())));
    Tensor ahead =
        u.number(s -> {
          double next = momentum(s.number() + 1);
          return s.rate() * next / (1 - product(s.number()) * next);
        });
    return now.times(g).plus(ahead.times(m));
  }

  private double momentum(int step) {
    return beta1 * (1 - 0.5 * Math.pow(0.96, step * momentumDecay));
  }

  /** Returns the product of the momenta of so many steps. */
  private double product(int steps) {
    if (steps < productSteps) {
      product = 1;
      productSteps = 0;
    }
    while (productSteps < steps) {
      product *= momentum(++productSteps);
    }
    return product;
  }
}
