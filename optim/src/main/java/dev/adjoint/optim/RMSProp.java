package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Descends along the gradient divided by the root of its running mean square (Hinton 2012, "Neural
 * networks for machine learning", lecture 6e).
 *
 * <p>Defaults: learning rate 1e-2, alpha 0.99, epsilon 1e-8, no momentum, not centered, no weight
 * decay. The decay is an L2 penalty.
 */
public final class RMSProp extends FluentOptimizer<RMSProp> {

  private double alpha = 0.99;
  private double epsilon = 1e-8;
  private double momentum;
  private boolean centered;

  /** Creates an optimizer of these parameters. */
  public RMSProp(List<Parameter> parameters) {
    super(parameters, 1e-2, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public RMSProp(Map<String, Parameter> parameters) {
    super(parameters, 1e-2, 0);
  }

  /** Sets the weight of the old value in the running mean square. */
  public RMSProp alpha(double weight) {
    alpha = belowOne("alpha", weight);
    return changed();
  }

  /** Sets what is added to the root of the mean square. */
  public RMSProp epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return changed();
  }

  /** Sets the weight of the previous velocity in the next. */
  public RMSProp momentum(double weight) {
    momentum = atLeastZero("momentum", weight);
    return changed();
  }

  /** Divides by the running deviation instead: the mean of the gradient is subtracted first. */
  public RMSProp centered() {
    centered = true;
    return changed();
  }

  @Override
  protected Tensor update(Update u) {
    Tensor g = u.penalizedGradient();
    Tensor v = u.remember("square_avg", old -> old.times(alpha).plus(g.times(1 - alpha).times(g)));
    Tensor variance = centered ? centered(u, g, v) : v;
    Tensor way = g.div(variance.sqrt().plus(epsilon));
    Tensor velocity =
        momentum > 0 ? u.remember("momentum_buffer", old -> old.times(momentum).plus(way)) : way;
    return u.value().minus(u.rate().times(velocity));
  }

  /** Returns v - mean^2: not below 0, where rounding may take it, and infinite if v is. */
  private Tensor centered(Update u, Tensor g, Tensor v) {
    Tensor mean = u.remember("grad_avg", old -> old.plus(g.minus(old).times(1 - alpha)));
    DType dtype = g.dtype();
    Tensor square = mean.square().min(Tensor.scalar(dtype.largest(), dtype));
    return v.minus(square).max(Tensor.scalar(0, dtype));
  }
}
