package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;

/**
 * Descends along the running mean of the gradient divided by the root of its running mean square
 * (Kingma and Ba 2015, arXiv:1412.6980).
 *
 * <p>Learning rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8, no weight decay unless they are set.
 */
public final class Adam extends AdamBase {

  private double weightDecay;

  /** Creates an optimizer of these parameters. */
  public Adam(List<Parameter> parameters) {
    super(parameters);
  }

  @Override
  public Adam learningRate(double rate) {
    super.learningRate(rate);
    return this;
  }

  /** Sets the weights of the old value in the running means of gradient and square. */
  public Adam betas(double first, double second) {
    setBetas(first, second);
    return this;
  }

  /** Sets what is added to the root of the mean square. */
  public Adam epsilon(double value) {
    setEpsilon(value);
    return this;
  }

  /** Sets the factor of the values that is added to their gradients; see {@link AdamW}. */
  public Adam weightDecay(double factor) {
    weightDecay = atLeastZero("weight decay", factor);
    return this;
  }

  @Override
  void update(ParameterState state, Object p, Object g) {
    update(state, p, g, 1, weightDecay);
  }
}
