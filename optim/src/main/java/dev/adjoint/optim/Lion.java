package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Moves every value by the learning rate, against the sign of a mean of gradient and momentum (Chen
 * et al. 2023, "Symbolic discovery of optimization algorithms", arXiv:2302.06675).
 *
 * <p>Defaults: learning rate 1e-4, betas 0.9 and 0.99, no weight decay. Weights decay by
 * themselves, as those of {@link AdamW}; next to its settings, a learning rate 3 to 10 times
 * smaller and a decay as much larger are a good start.
 */
public final class Lion extends FluentOptimizer<Lion> {

  private double beta1 = 0.9;
  private double beta2 = 0.99;

  /** Creates an optimizer of these parameters. */
  public Lion(List<Parameter> parameters) {
    super(parameters, 1e-4, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public Lion(Map<String, Parameter> parameters) {
    super(parameters, 1e-4, 0);
  }

  /** Sets the weights of the momentum in the direction of the step, and in the next momentum. */
  public Lion betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    return changed();
  }

  /** Of the sign of a normal variable, Gaussian as a sum of many gradients is. */
  @Override
  protected double turning() {
    double before = beta1 * beta1 * (1 - beta2) / (1 + beta2);
    return Math.PI / 2 * ((1 - beta1) * (1 - beta1) + before);
  }

  @Override
  protected Tensor update(Update u) {
    Tensor g = u.gradient();
    Tensor m = u.remembered("exp_avg");
    Tensor direction = m.plus(g.minus(m).times(1 - beta1)).sign();
    u.remember("exp_avg", old -> old.plus(g.minus(old).times(1 - beta2)));
    return u.decayedValue().minus(direction.times(u.rate()));
  }
}
