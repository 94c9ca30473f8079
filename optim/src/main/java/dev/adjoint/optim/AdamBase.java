package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.tensor.Tensor;

/**
 * The update of {@link Adam} and its relatives: along the running mean of the gradient, divided by
 * the root of its running mean square.
 */
abstract class AdamBase<O extends AdamBase<O>> extends FluentOptimizer<O> {

  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  private boolean amsgrad;

  /** Whether weights decay by themselves, and not by a penalty in the gradient. */
  boolean decoupled;

  AdamBase(ImmutableList<ParameterState> states, double learningRate, double weightDecay) {
    super(states, learningRate, weightDecay);
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

  /** Lets weights decay by themselves, as those of {@link AdamW}. */
  public final O decoupledWeightDecay() {
    decoupled = true;
    return changed();
  }

  @Override
  protected Tensor update(Update u) {
    return (decoupled ? u.decayedValue() : u.value()).minus(move(u));
  }

  /** Returns what is subtracted from the value. */
  final Tensor move(Update u) {
    Tensor g = decoupled ? u.gradient() : u.penalizedGradient();
    Tensor m = u.remember("exp_avg", old -> old.plus(g.minus(old).times(1 - beta1)));
    Tensor v = u.remember("exp_avg_sq", old -> old.times(beta2).plus(g.times(1 - beta2).times(g)));
    Tensor square = amsgrad ? u.remember("max_exp_avg_sq", old -> old.max(v)) : v;
    return scaled(u, direction(u, g, m), square);
  }

  /** Returns the mean m of the gradients g, without its bias, times the learning rate. */
  Tensor direction(Update u, Tensor g, Tensor m) {
    return u.number(s -> s.rate() / (1 - Math.pow(beta1, s.number()))).times(m);
  }

  /** Returns a direction divided by the root of the mean square, without its bias. */
  Tensor scaled(Update u, Tensor direction, Tensor square) {
    Tensor scale = u.number(s -> Math.sqrt(1 - Math.pow(beta2, s.number())));
    return direction.div(square.sqrt().div(scale).plus(epsilon));
  }
}
