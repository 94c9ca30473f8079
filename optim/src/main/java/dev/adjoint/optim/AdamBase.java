package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** Does what {@link Adam} and {@link AdamW} share: all but the way weights decay. */
abstract class AdamBase<O extends Optimizer> extends FluentOptimizer<O> {

  private double beta1 = 0.9;
  private double beta2 = 0.999;
  private double epsilon = 1e-8;
  private boolean amsgrad;

  AdamBase(List<Parameter> parameters, double weightDecay) {
    super(parameters, 1e-3, weightDecay);
  }

  AdamBase(Map<String, Parameter> parameters, double weightDecay) {
    super(parameters, 1e-3, weightDecay);
  }

  AdamBase(ImmutableList<ParameterState> states, double weightDecay) {
    super(states, 1e-3, weightDecay);
  }

  /** Sets the weights of the old value in the running means of gradient and square. */
  public final O betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    return changed();
  }

  /** Sets what is added to the root of the mean square. */
  public final O epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return changed();
  }

  /**
   * Divides by the root of the largest mean square so far, which never lets the step grow (Reddi,
   * Kale and Kumar 2018, arXiv:1904.09237).
   */
  public final O amsgrad() {
    amsgrad = true;
    return changed();
  }

  /**
   * Returns the new value.
   *
   * @param value the value, decayed if that happens by itself
   * @param g the gradient, with its penalty
   */
  final Tensor update(Update u, Tensor value, Tensor g) {
    Tensor m = u.remember("exp_avg", old -> old.plus(g.minus(old).times(1 - beta1)));
    Tensor v = u.remember("exp_avg_sq", old -> old.times(beta2).plus(g.times(1 - beta2).times(g)));
    Tensor square = amsgrad ? u.remember("max_exp_avg_sq", old -> old.max(v)) : v;
    Tensor rate = u.number(s -> s.rate() / (1 - Math.pow(beta1, s.number())));
    Tensor scale = u.number(s -> Math.sqrt(1 - Math.pow(beta2, s.number())));
    return value.minus(rate.times(m).div(square.sqrt().div(scale).plus(epsilon)));
  }
}
