package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;
import java.util.Map;

/**
 * Descends along the running mean of the gradient divided by the root of its running mean square
 * (Kingma and Ba 2015, arXiv:1412.6980).
 *
 * <p>Defaults: learning rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8, no weight decay. The decay is
 * an L2 penalty: that factor of the values is added to their gradients; see {@link AdamW}.
 *
 * <p>After a gradient of about 1e20 in float32, whose square overflows, the mean square is infinite
 * for good and the parameter never moves again; after a somewhat smaller one it moves next to
 * nothing for thousands of steps. This is so in every optimizer that divides by a mean square, or a
 * sum: AdamW, NAdam, RMSProp and Adagrad. {@link Clipping#clipNorm} keeps it from happening; {@code
 * adam.load(new Adam(parameters).state())}, with the same parameters by path, forgets what was
 * remembered, and it moves again.
 */
public final class Adam extends AdamBase<Adam> {

  /** Creates an optimizer of these parameters. */
  public Adam(List<Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-3, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public Adam(Map<String, Parameter> parameters) {
    super(ParameterState.of(parameters), 1e-3, 0);
  }
}
