package dev.adjoint.optim;

import dev.adjoint.tensor.Tensor;
import java.util.function.Consumer;

/**
 * Lets another optimizer take k steps and then goes back a part of the way to where it was before
 * them (Zhang et al. 2019, "Lookahead optimizer: k steps forward, 1 step back", arXiv:1907.08610).
 *
 * <pre>{@code
 * new Lookahead(new AdamW(model.namedParameters()).learningRate(1e-3)).steps(5).alpha(0.5);
 * }</pre>
 *
 * <p>Defaults: 5 steps, alpha 0.5; the paper has 0.8 as well. The parameters hold the fast weights;
 * the slow ones are remembered as {@code slow}, and equal them after every k-th step. What the
 * other optimizer remembers is kept. Parameters, rates, groups and schedule are those of the other
 * optimizer, through whichever of both they are set.
 */
public final class Lookahead extends Wrapper<Lookahead> {

  private static final String SLOW = "slow";

  private int k = 5;
  private double alpha = 0.5;

  /** Creates a wrapper of an optimizer. */
  public Lookahead(FluentOptimizer<?> inner) {
    super(inner);
  }

  /** Sets the number of steps that the other optimizer takes, k. */
  public Lookahead steps(int number) {
    k = Numbers.atLeast(1, name(), "steps", number);
    return changed();
  }

  /** Sets the part of the way that is kept: with 1, but for rounding, this is the other. */
  public Lookahead alpha(double part) {
    alpha = Numbers.part(name(), "alpha", part);
    return changed();
  }

  @Override
  Consumer<Object> update(ParameterState state, Object gradient) {
    Consumer<Object> fast = inner.update(state, gradient);
    if (state.nextStep() % k == 0) {
      return fast.andThen(formula(state, gradient));
    }
    Tensor slow = state.slot(SLOW, ParameterState.VALUE);
    return fast.andThen(_ -> state.put(SLOW, slow));
  }

  @Override
  protected Tensor update(Update u) {
    return u.rememberValue(SLOW, slow -> slow.plus(u.value().minus(slow).times(alpha)));
  }
}
