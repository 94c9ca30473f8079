package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Moves every value by the learning rate, against the sign of a mean of gradient and momentum (Chen
 * et al. 2023, "Symbolic discovery of optimization algorithms", arXiv:2302.06675).
 *
 * <p>Learning rate 1e-4, betas 0.9 and 0.99, no weight decay unless they are set. Weights decay by
 * themselves, as those of {@link AdamW}; next to its settings, a learning rate 3 to 10 times
 * smaller and a decay as much larger are a good start.
 */
public final class Lion extends FluentOptimizer<Lion> {

  private double beta1 = 0.9;
  private double beta2 = 0.99;

  /** Creates an optimizer of these parameters. */
  public Lion(List<Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-4, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public Lion(Map<String, Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-4, 0);
  }

  /** Sets the weights of the momentum in the direction of the step, and in the next momentum. */
  public Lion betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    return this;
  }

  @Override
  List<String> slots(ParameterState state) {
    return List.of("exp_avg");
  }

  @Override
  Consumer<Object> update(ParameterState state, Object g) {
    UpdateLoops<Object> loops = state.loops();
    Object m = state.array("exp_avg");
    double rate = rate(state);
    var c = new UpdateLoops.Signs(rate, 1 - rate * decay(state), beta1, beta2);
    return p -> split(state.size(), (from, to) -> loops.lion(p, g, m, from, to, c));
  }
}
