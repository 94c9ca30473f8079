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
public final class NAdam extends FluentOptimizer<NAdam> {

  private double beta1 = 0.9;
  private double beta2 = 0.999;
  private double epsilon = 1e-8;
  private double momentumDecay = 4e-3;
  private boolean decoupled;

  /** The product of the momenta of the first {@code productSteps} steps. */
  private double product = 1;

  private int productSteps;

  /** Creates an optimizer of these parameters. */
  public NAdam(List<Parameter> parameters) {
    super(parameters, 2e-3, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public NAdam(Map<String, Parameter> parameters) {
    super(parameters, 2e-3, 0);
  }

  /** Sets the weights of the old value in the running means of gradient and square. */
  public NAdam betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    productSteps = 0;
    return changed();
  }

  /** Sets what is added to the root of the mean square. */
  public NAdam epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return changed();
  }

  /** Sets how fast the momentum of step t grows: {@code beta1 * (1 - 0.96^(t * decay) / 2)}. */
  public NAdam momentumDecay(double decay) {
    momentumDecay = atLeastZero("momentum decay", decay);
    productSteps = 0;
    return changed();
  }

  /** Lets weights decay by themselves, as those of {@link AdamW}. */
  public NAdam decoupledWeightDecay() {
    decoupled = true;
    return changed();
  }

  @Override
  protected Tensor update(Update u) {
    Tensor kept = u.value().times(u.number(s -> decoupled ? 1 - s.rate() * s.decay() : 1));
    Tensor g = u.gradient().plus(u.number(s -> decoupled ? 0 : s.decay()).times(kept));
    Tensor m = u.remember("exp_avg", old -> old.plus(g.minus(old).times(1 - beta1)));
    Tensor v = u.remember("exp_avg_sq", old -> old.times(beta2).plus(g.times(1 - beta2).times(g)));
    Tensor ahead = u.number(s -> s.rate() * (1 - momentum(s.number())) / (1 - product(s.number())));
    Tensor rate =
        u.number(s -> {
          double next = momentum(s.number() + 1);
          return s.rate() * next / (1 - product(s.number()) * next);
        });
    Tensor scale = u.number(s -> Math.sqrt(1 - Math.pow(beta2, s.number())));
    return kept.minus(ahead.times(g).plus(rate.times(m)).div(v.sqrt().div(scale).plus(epsilon)));
  }

  private double momentum(int step) {
    return beta1 * (1 - 0.5 * Math.pow(0.96, step * momentumDecay));
  }

  /** Returns the product of the momenta of so many steps. */
  private double product(int steps) {
    if (steps < productSteps || productSteps == 0) {
      product = 1;
      productSteps = 0;
    }
    while (productSteps < steps) {
      product *= momentum(++productSteps);
    }
    return product;
  }
}
