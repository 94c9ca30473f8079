package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;

/**
 * {@link Adam} with weights that decay by themselves, not through the gradient (Loshchilov and
 * Hutter 2019, arXiv:1711.05101).
 *
 * <p>Learning rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8, weight decay 0.01 unless they are set.
 */
public final class AdamW extends AdamBase {

  private double weightDecay = 0.01;

  /** Creates an optimizer of these parameters. */
  public AdamW(List<Parameter> parameters) {
    super(parameters);
  }

  @Override
  public AdamW learningRate(double rate) {
    super.learningRate(rate);
    return this;
  }

  /** Sets the weights of the old value in the running means of gradient and square. */
  public AdamW betas(double first, double second) {
    setBetas(first, second);
    return this;
  }

  /** Sets what is added to the root of the mean square. */
  public AdamW epsilon(double value) {
    setEpsilon(value);
    return this;
  }

  /** Sets by what part, times the learning rate, every step makes the values smaller. */
  public AdamW weightDecay(double factor) {
    weightDecay = atLeastZero("weight decay", factor);
    return this;
  }

  @Override
  void update(ParameterState state, Object p, Object g) {
    update(state, p, g, 1 - learningRate() * weightDecay, 0);
  }
}
