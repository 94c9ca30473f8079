package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Descends along the running mean of the gradient divided by its largest magnitude so far, which
 * fades (Kingma and Ba 2015, arXiv:1412.6980, section 7.1).
 *
 * <p>Defaults: learning rate 2e-3, betas 0.9 and 0.999, epsilon 1e-8, which is added to magnitudes,
 * no weight decay. The decay is an L2 penalty.
 */
public final class AdaMax extends FluentOptimizer<AdaMax> {

  private double beta1 = 0.9;
  private double beta2 = 0.999;
  private double epsilon = 1e-8;

  /** Creates an optimizer of these parameters. */
  public AdaMax(List<Parameter> parameters) {
    super(parameters, 2e-3, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public AdaMax(Map<String, Parameter> parameters) {
    super(parameters, 2e-3, 0);
  }

  /** Sets the weights of the old value in the running mean and in the largest magnitude. */
  public AdaMax betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    return changed();
  }

  /** Sets what is added to the magnitude of each gradient. */
  public AdaMax epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return changed();
  }

  @Override
  protected Tensor update(Update u) {
    Tensor g = u.penalizedGradient();
    Tensor m = u.remember("exp_avg", old -> old.plus(g.minus(old).times(1 - beta1)));
    Tensor largest = u.remember("exp_inf", old -> old.times(beta2).max(g.abs().plus(epsilon)));
    Tensor rate = u.number(s -> s.rate() / (1 - Math.pow(beta1, s.number())));
    return u.value().minus(rate.times(m).div(largest));
  }
}
