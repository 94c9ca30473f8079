package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.function.Consumer;

/** Does what {@link Adam} and {@link AdamW} share: all but the way weights decay. */
abstract class AdamBase<O extends Optimizer> extends FluentOptimizer<O> {

  private double beta1 = 0.9;
  private double beta2 = 0.999;
  private double epsilon = 1e-8;
  private boolean amsgrad;

  AdamBase(ImmutableList<ParameterState> states, double weightDecay) {
    super(states, 1e-3, weightDecay);
  }

  /** Sets the weights of the old value in the running means of gradient and square. */
  public final O betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    return self();
  }

  /** Sets what is added to the root of the mean square. */
  public final O epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return self();
  }

  /**
   * Divides by the root of the largest mean square so far, which never lets the step grow (Reddi,
   * Kale and Kumar 2018, arXiv:1904.09237).
   */
  public final O amsgrad() {
    amsgrad = true;
    return self();
  }

  @Override
  final List<String> slots(ParameterState state) {
    return amsgrad
        ? List.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
        : List.of("exp_avg", "exp_avg_sq");
  }

  /**
   * Returns what updates one parameter.
   *
   * @param keep by what the values are multiplied first
   * @param decay what factor of the values is added to their gradients
   */
  final Consumer<Object> update(ParameterState state, Object g, double keep, double decay) {
    UpdateLoops<Object> loops = state.loops();
    Object m = state.array("exp_avg");
    Object v = state.array("exp_avg_sq");
    double rate = rate(state) / (1 - Math.pow(beta1, state.nextStep()));
    double scale = Math.sqrt(1 - Math.pow(beta2, state.nextStep()));
    var c = new UpdateLoops.Moments(rate, keep, decay, beta1, beta2, scale, epsilon);
    if (amsgrad) {
      Object largest = state.array("max_exp_avg_sq");
      return p ->
          split(state.size(), (from, to) -> loops.amsgrad(p, g, m, v, largest, from, to, c));
    }
    return p -> split(state.size(), (from, to) -> loops.adam(p, g, m, v, from, to, c));
  }
}
