package dev.adjoint.elsewhere;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.optim.FluentOptimizer;
import dev.adjoint.optim.Update;
import dev.adjoint.tensor.Tensor;
import java.util.Map;

/**
 * Divides the mean gradient by its largest absolute value so far (Kingma and Ba 2015, section 7.1).
 */
public final class AdaMax extends FluentOptimizer<AdaMax> {

  private double beta1 = 0.9;
  private double beta2 = 0.999;

  public AdaMax(Map<String, Parameter> parameters) {
    super(parameters, 2e-3, 0);
  }

  public AdaMax betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    return changed();
  }

  @Override
  protected Tensor update(Update u) {
    Tensor g = u.penalizedGradient();
    Tensor m = u.remember("exp_avg", old -> old.plus(g.minus(old).times(1 - beta1)));
    Tensor largest = u.remember("exp_inf", old -> old.times(beta2).max(g.abs().plus(1e-8)));
    Tensor rate = u.number(s -> s.rate() / (1 - Math.pow(beta1, s.number())));
    return u.value().minus(rate.times(m).div(largest));
  }
}
