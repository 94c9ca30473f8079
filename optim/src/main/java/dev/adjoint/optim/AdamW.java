package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Parameter;
import java.util.List;
import java.util.Map;

/**
 * {@link Adam} with weights that decay by themselves, not through the gradient (Loshchilov and
 * Hutter 2019, arXiv:1711.05101).
 *
 * <p>Defaults: learning rate 1e-3, betas 0.9 and 0.999, epsilon 1e-8, weight decay 0.01: by that
 * part, times the learning rate, every step makes the values smaller.
 */
public final class AdamW extends AdamBase<AdamW> {

  /** Creates an optimizer of these parameters. */
  public AdamW(List<Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  /** Creates an optimizer of these parameters, by path. */
  public AdamW(Map<String, Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  AdamW(ImmutableList<ParameterState> states) {
    super(states, 1e-3, 0.01);
    decoupled = true;
  }

  @Override
  protected double turning() {
    return (1 - beta1) / (1 + beta1);
  }
}
