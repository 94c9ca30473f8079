package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.ElementwiseUpdate;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * {@link AdamW} in which each parameter moves by a part of its own length: Adam's direction, with
 * the weight decay, is scaled to the norm of the values (You et al. 2020, "Large batch optimization
 * for deep learning: training BERT in 76 minutes", arXiv:1904.00962, algorithm 2).
 *
 * <p>Defaults: learning rate 1e-3, betas 0.9 and 0.999, epsilon 1e-6, weight decay 0.01. The ratio
 * of norms is that of a whole parameter, and is not limited (the paper's phi is the identity, as in
 * its experiments); it is 1 where either norm is 0, as of a bias that begins at 0. Both means are
 * without their bias. The paper gives biases and norms no decay: {@link
 * ParameterGroup#biasesAndNorms}.
 */
public final class LAMB extends AdamBase<LAMB> {

  private static final ElementwiseUpdate MOVE =
      new ElementwiseUpdate("LAMB", 2, x -> new Tensor[] {x[0].minus(x[1].times(x[2]))}, 1);

  /** Creates an optimizer of these parameters. */
  public LAMB(List<Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  /** Creates an optimizer of these parameters, by path. */
  public LAMB(Map<String, Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  private LAMB(ImmutableList<ParameterState> states) {
    super(states, 1e-3, 0.01);
    epsilon = 1e-6;
    decoupled = true;
  }

  @Override
  Tensor direction(Update u, Tensor g, Tensor m) {
    return u.number(s -> 1 / (1 - Math.pow(beta1, s.number()))).times(m);
  }

  /** Returns the direction, which takes the place of a copy of the value. */
  @Override
  protected Tensor update(Update u) {
    return move(u).plus(u.number(Update.Step::decay).times(u.value()));
  }

  @Override
  Consumer<Object> update(ParameterState state, Object gradient) {
    Consumer<Object> way = formula(state, gradient);
    Tensor direction = state.parameter().value().untracked().times(1); // in the memory of the step
    Object elements = direction.storage().array();
    double length = direction.norm(2).item();
    double rate = rate(state);
    return value -> {
      way.accept(elements);
      double norm = direction.norm(2).item();
      double ratio = length > 0 && norm > 0 ? length / norm : 1;
      Object[] arrays = {value, elements};
      MOVE.run(direction.dtype(), arrays, new double[] {rate * ratio}, state.size());
    };
  }
}
