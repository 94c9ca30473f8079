package dev.adjoint.elsewhere;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.optim.FluentOptimizer;
import dev.adjoint.optim.Update;
import dev.adjoint.tensor.Tensor;
import java.util.Map;

/**
 * Divides the mean gradient by the root of its mean squared surprise (Zhuang et al. 2020,
 * arXiv:2010.07468).
 */
public final class AdaBelief extends FluentOptimizer<AdaBelief> {

  private double beta1 = 0.9;
  private double beta2 = 0.999;

  public AdaBelief(Map<String, Parameter> parameters) {
    super(parameters, 1e-3, 0);
  }

  public AdaBelief betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    return changed();
  }

  @Override
  protected Tensor update(Update u) {
    Tensor g = u.penalizedGradient();
    Tensor m = u.remember("exp_avg", old -> old.plus(g.minus(old).times(1 - beta1)));
    Tensor surprise = g.minus(m).square().times(1 - beta2);
    Tensor s = u.remember("exp_avg_var", old -> old.times(beta2).plus(surprise).plus(1e-8));
    Tensor rate = u.number(n -> n.rate() / (1 - Math.pow(beta1, n.number())));
    Tensor bias = u.number(n -> 1 - Math.pow(beta2, n.number()));
    return u.value().minus(rate.times(m).div(s.div(bias).sqrt().plus(1e-8)));
  }
}
