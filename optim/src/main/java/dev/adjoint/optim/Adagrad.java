package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Descends along the gradient divided by the root of the sum of its squares so far (Duchi, Hazan
 * and Singer 2011, "Adaptive subgradient methods").
 *
 * <p>Defaults: learning rate 1e-2, epsilon 1e-10, sums that begin at 0, no learning rate decay, no
 * weight decay. The weight decay is an L2 penalty.
 */
public final class Adagrad extends FluentOptimizer<Adagrad> {

  private double learningRateDecay;
  private double initialSum;
  private double epsilon = 1e-10;

  /** Creates an optimizer of these parameters. */
  public Adagrad(List<Parameter> parameters) {
    super(parameters, 1e-2, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public Adagrad(Map<String, Parameter> parameters) {
    super(parameters, 1e-2, 0);
  }

  /** Sets the decay in the learning rate of step t, {@code rate / (1 + (t - 1) * decay)}. */
  public Adagrad learningRateDecay(double decay) {
    learningRateDecay = atLeastZero("learning rate decay", decay);
    return changed();
  }

  /** Sets with what the sums of squares begin, before the first step. */
  public Adagrad initialSum(double value) {
    initialSum = atLeastZero("initial sum", value);
    return changed();
  }

  /** Sets what is added to the root of the sum. */
  public Adagrad epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return changed();
  }

  @Override
  protected Tensor update(Update u) {
    Tensor g = u.penalizedGradient();
    Tensor sum = u.remember("sum", initialSum, old -> old.plus(g.square()));
    Tensor rate = u.number(s -> s.rate() / (1 + (s.number() - 1) * learningRateDecay));
    return u.value().minus(rate.times(g).div(sum.sqrt().plus(epsilon)));
  }
}
