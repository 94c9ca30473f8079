package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Parameter;
import java.util.List;
import java.util.Map;

/**
 * Base of optimizers, whose update is a formula: gives them their settings, state and steps.
 *
 * <pre>{@code
 * public final class Momentum extends FluentOptimizer<Momentum> {
 *   private double beta = 0.9;
 *
 *   public Momentum(Map<String, Parameter> parameters) {
 *     super(parameters, 1e-2, 0);
 *   }
 *
 *   public Momentum beta(double weight) {
 *     beta = belowOne("beta", weight);
 *     return changed();
 *   }
 *
 *   protected Tensor update(Update u) {
 *     Tensor v = u.remember("momentum_buffer", old -> old.times(beta).plus(u.gradient()));
 *     return u.value().minus(v.times(u.number(Step::rate)));
 *   }
 * }
 * }</pre>
 *
 * <p>The formula runs in one pass over the parameter, its gradient and what is remembered. Steps,
 * schedules, groups, {@link #state} and {@link #load} follow from it.
 *
 * @param <O> the optimizer itself
 */
public abstract class FluentOptimizer<O extends Optimizer> extends Optimizer {

  /**
   * Makes an optimizer of these parameters.
   *
   * @param learningRate its default
   * @param weightDecay its default
   */
  protected FluentOptimizer(List<Parameter> parameters, double learningRate, double weightDecay) {
    this(ParameterState.of(parameters), learningRate, weightDecay);
  }

  /** Makes an optimizer of these parameters, by path. */
  protected FluentOptimizer(
      Map<String, Parameter> parameters, double learningRate, double weightDecay) {
    this(ParameterState.of(parameters), learningRate, weightDecay);
  }

  FluentOptimizer(ImmutableList<ParameterState> states, double learningRate, double weightDecay) {
    super(states, learningRate, weightDecay);
  }

  /** Sets the learning rate, for all steps to come. */
  @Override
  public final O learningRate(double rate) {
    super.learningRate(rate);
    return self();
  }

  /** Sets how much weights decay. */
  public final O weightDecay(double factor) {
    setWeightDecay(factor);
    return self();
  }

  /** Gives some parameters a learning rate and weight decay of their own. */
  public final O group(ParameterGroup group) {
    addGroup(group);
    return self();
  }

  /** Multiplies the learning rates by a factor for each step; replaces what has been set before. */
  public final O schedule(Schedule schedule) {
    setSchedule(schedule);
    return self();
  }

  /** Returns this, whose formula is traced anew: what a setter ends with. */
  protected final O changed() {
    forgetRule();
    return self();
  }

  @SuppressWarnings("unchecked") // a subclass names itself
  private O self() {
    return (O) this;
  }
}
