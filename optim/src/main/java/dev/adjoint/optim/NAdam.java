package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * {@link Adam} with Nesterov's momentum (Dozat 2016, "Incorporating Nesterov momentum into Adam"):
 * the gradient and the mean that the next step will have are both divided by the root of the mean
 * square.
 *
 * <p>Learning rate 2e-3, betas 0.9 and 0.999, epsilon 1e-8, momentum decay 4e-3, no weight decay
 * unless they are set. The decay is an L2 penalty, or decoupled.
 */
public final class NAdam extends FluentOptimizer<NAdam> {

  private double beta1 = 0.9;
  private double beta2 = 0.999;
  private double epsilon = 1e-8;
  private double momentumDecay = 4e-3;
  private boolean decoupled;

  /** The product of the momenta of the first {@code productSteps} steps. */
  private double product = 1;

  private int productSteps;

  /** Creates an optimizer of these parameters. */
  public NAdam(List<Parameter> parameters) {
    super(ParameterState.of(parameters), 2e-3, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public NAdam(Map<String, Parameter> parameters) {
    super(ParameterState.of(parameters), 2e-3, 0);
  }

  /** Sets the weights of the old value in the running means of gradient and square. */
  public NAdam betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    productSteps = 0;
    return this;
  }

  /** Sets what is added to the root of the mean square. */
  public NAdam epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return this;
  }

  /** Sets how fast the momentum of step t grows: {@code beta1 * (1 - 0.96^(t * decay) / 2)}. */
  public NAdam momentumDecay(double decay) {
    momentumDecay = atLeastZero("momentum decay", decay);
    productSteps = 0;
    return this;
  }

  /** Lets weights decay by themselves, as those of {@link AdamW}. */
  public NAdam decoupledWeightDecay() {
    decoupled = true;
    return this;
  }

  @Override
  List<String> slots(ParameterState state) {
    return List.of("exp_avg", "exp_avg_sq");
  }

  @Override
  Consumer<Object> update(ParameterState state, Object g) {
    UpdateLoops<Object> loops = state.loops();
    Object m = state.array("exp_avg");
    Object v = state.array("exp_avg_sq");
    int steps = state.nextStep();
    double next = momentum(steps + 1);
    double product = product(steps);
    double rate = rate(state);
    double ahead = rate * (1 - momentum(steps)) / (1 - product);
    var c =
        new UpdateLoops.Moments(
            rate * next / (1 - product * next),
            decoupled ? 1 - rate * decay(state) : 1,
            decoupled ? 0 : decay(state),
            beta1,
            beta2,
            Math.sqrt(1 - Math.pow(beta2, steps)),
            epsilon);
    return p -> split(state.size(), (from, to) -> loops.nadam(p, g, m, v, from, to, ahead, c));
  }

  private double momentum(int step) {
    return beta1 * (1 - 0.5 * Math.pow(0.96, step * momentumDecay));
  }

  /** Returns the product of the momenta of so many steps. */
  private double product(int steps) {
    if (steps < productSteps || productSteps == 0) {
      product = 1;
      productSteps = 0;
    }
    while (productSteps < steps) {
      product *= momentum(++productSteps);
    }
    return product;
  }
}
