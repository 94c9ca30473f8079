package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * {@link AdamW} that finds its learning rate: it estimates from below how far the solution is from
 * where it began (Mishchenko and Defazio 2023, "Prodigy: an expeditiously adaptive parameter-free
 * learner", arXiv:2306.06101, algorithm 4).
 *
 * <p>Defaults: learning rate 1, which multiplies the estimate d, betas 0.9 and 0.999, epsilon 1e-8,
 * d of 1e-6 at first, no weight decay. Weights decay by themselves. A cosine schedule is advised,
 * no restarts; a warmup makes d too large. The estimate is of all parameters together, and is saved
 * as {@code d}. As in the paper, epsilon is multiplied by the d of the step before, where the
 * authors' code has that of the step.
 */
public final class Prodigy extends FluentOptimizer<Prodigy> {

  private static final String D = "d";
  private static final String NUMERATOR = "d_numerator";
  private static final String START = "p0";
  private static final String SUM = "s";

  /** What a step along the gradient has gained, from the first value to the one now. */
  private static final Autodiff.TernaryOperator GAIN =
      Autodiff.elementwise("Prodigy", (g, start, now) -> g.times(start.minus(now)));

  private double beta1 = 0.9;
  private double beta2 = 0.999;
  private double epsilon = 1e-8;
  private double first = 1e-6;
  private double coefficient = 1;

  private double numerator;
  private double denominator;

  /** Creates an optimizer of these parameters. */
  public Prodigy(List<Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  /** Creates an optimizer of these parameters, by path. */
  public Prodigy(Map<String, Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  private Prodigy(ImmutableList<ParameterState> states) {
    super(states, 1, 0);
    numbers.put(D, first);
    numbers.put(NUMERATOR, 0.0);
  }

  /** Sets the weights of the old value in the running means of gradient and square. */
  public Prodigy betas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
    return changed();
  }

  /** Sets what is added to the root of the mean square, times d. */
  public Prodigy epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return changed();
  }

  /** Sets the first estimate, above 0, before the first step: d only grows. */
  public Prodigy d0(double value) {
    first = Numbers.aboveZero(name(), "d0", value);
    numbers.put(D, first);
    return this;
  }

  /** Sets what estimates are multiplied by: the way to ask for smaller or larger steps. */
  public Prodigy dCoef(double factor) {
    coefficient = Numbers.aboveZero(name(), "dCoef", factor);
    return this;
  }

  /** Returns the estimate, which times the learning rate is the step of Adam. */
  public double d() {
    return numbers.getOrDefault(D, first);
  }

  @Override
  void begin(int taken, double outer) {
    super.begin(taken, outer);
    numerator = Math.sqrt(beta2) * numbers.getOrDefault(NUMERATOR, 0.0);
    denominator = 0;
  }

  @Override
  Consumer<Object> update(ParameterState state, Object gradient) {
    Tensor start = state.slot(START, ParameterState.VALUE);
    Tensor now = state.parameter().value().untracked();
    Tensor gain = GAIN.apply(state.tensor(gradient), start, now);
    numerator += unit(rate(state)) * gain.sum().item();
    return formula(state, gradient).andThen(_ -> denominator += state.slot(SUM, 0).norm(1).item());
  }

  /** Returns the weight of a gradient in both sums; in units of d0, as they may be small. */
  private double unit(double rate) {
    return d() / first * d() * rate;
  }

  @Override
  void end() {
    double estimate = coefficient * numerator / denominator;
    numbers.put(NUMERATOR, numerator);
    if (estimate > d() && estimate < Double.POSITIVE_INFINITY) {
      numbers.put(D, estimate);
    }
  }

  @Override
  protected Tensor update(Update u) {
    Tensor g = u.gradient().times(u.number(_ -> d()));
    Tensor m = u.remember("exp_avg", old -> old.plus(g.minus(old).times(1 - beta1)));
    Tensor v = u.remember("exp_avg_sq", old -> old.times(beta2).plus(g.times(1 - beta2).times(g)));
    u.rememberValue(START, start -> start);
    Tensor unit = u.number(s -> unit(s.rate()));
    u.remember(SUM, old -> old.times(Math.sqrt(beta2)).plus(u.gradient().times(unit)));
    Tensor root = v.sqrt().plus(u.number(_ -> d() * epsilon));
    Tensor kept = u.value().times(u.number(s -> 1 - d() * s.rate() * s.decay()));
    return kept.minus(u.number(s -> d() * s.rate()).times(m).div(root));
  }
}
