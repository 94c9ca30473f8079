package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * {@link Adam} that rectifies the variance of its first steps (Liu et al. 2020, "On the variance of
 * the adaptive learning rate and beyond", arXiv:1908.03265): while the mean square is of too few
 * gradients, it descends along their mean alone, and then by a part that grows to 1.
 *
 * <p>Defaults: learning rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8, no weight decay. The decay is
 * an L2 penalty, or decoupled. As in PyTorch, the mean square counts if it is of more than 5
 * gradients, and epsilon is added to its root before the bias is removed.
 */
public final class RAdam extends AdamBase<RAdam> {

  /** Creates an optimizer of these parameters. */
  public RAdam(List<Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-3, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public RAdam(Map<String, Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-3, 0);
  }

  @Override
  Tensor scaled(Update u, Tensor direction, Tensor square) {
    Tensor rectified = u.number(s -> rectification(s.number()));
    Tensor plain = u.number(s -> rectification(s.number()) > 0 ? 0 : 1);
    return direction.times(rectified.div(square.sqrt().plus(epsilon)).plus(plain));
  }

  /** Returns the factor over the root of the mean square; 0 if it is of too few gradients. */
  private double rectification(int step) {
    double correction = 1 - Math.pow(beta2, step);
    double last = 2 / (1 - beta2) - 1;
    double length = last - 2 * step * (1 - correction) / correction;
    return length > 5
        ? Math.sqrt(
            correction * ((length - 4) * (length - 2) * last) / ((last - 4) * (last - 2) * length))
        : 0;
  }
}
