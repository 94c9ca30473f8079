package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Descends along the gradient divided by the root of the sum of its squares so far (Duchi, Hazan
 * and Singer 2011, "Adaptive subgradient methods").
 *
 * <p>Learning rate 1e-2, epsilon 1e-10, no learning rate decay, no weight decay unless they are
 * set. The weight decay is an L2 penalty.
 */
public final class Adagrad extends FluentOptimizer<Adagrad> {

  private double learningRateDecay;
  private double initialSum;
  private double epsilon = 1e-10;

  /** Creates an optimizer of these parameters. */
  public Adagrad(List<Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-2, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public Adagrad(Map<String, Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-2, 0);
  }

  /** Sets the decay in the learning rate of step t, {@code rate / (1 + (t - 1) * decay)}. */
  public Adagrad learningRateDecay(double decay) {
    learningRateDecay = atLeastZero("learning rate decay", decay);
    return this;
  }

  /** Sets with what the sums of squares begin; 0 unless it is set before the first step. */
  public Adagrad initialSum(double value) {
    initialSum = atLeastZero("initial sum", value);
    return this;
  }

  /** Sets what is added to the root of the sum. */
  public Adagrad epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return this;
  }

  @Override
  List<String> slots(ParameterState state) {
    return List.of("sum");
  }

  @Override
  Consumer<Object> update(ParameterState state, Object g) {
    UpdateLoops<Object> loops = state.loops();
    Object v = state.array("sum", initialSum);
    double rate = rate(state) / (1 + (state.nextStep() - 1) * learningRateDecay);
    double decay = decay(state);
    return p ->
        split(state.size(), (from, to) -> loops.adagrad(p, g, v, from, to, rate, decay, epsilon));
  }
}
