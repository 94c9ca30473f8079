package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@link AdamW} with an average of its values in the place of momentum and of a schedule, which
 * would have to know the number of steps (Defazio et al. 2024, "The road less scheduled",
 * arXiv:2405.15682).
 *
 * <pre>{@code
 * Optimizer optimizer =
 *     new ScheduleFreeAdamW(model.namedParameters()).schedule(Schedule.constant().warmup(1000));
 * }</pre>
 *
 * <p>There are three sequences: steps move {@code z}; {@code x} is the mean of all z, weighted by
 * the squares of the largest learning rates so far; gradients are taken at {@code y}, which is
 * {@code beta1 * x + (1 - beta1) * z}. The parameters hold y while they learn, and x, which is to
 * be used and measured, between {@link #eval} and {@link #train}. Running statistics of norms are
 * those at y: see {@code RunningNorm.recalibrate}.
 *
 * <p>Defaults, as in the authors' code: learning rate 2.5e-3, betas 0.9 and 0.999, epsilon 1e-8, no
 * weight decay. Weights decay by themselves, at y.
 */
public final class ScheduleFreeAdamW extends FluentOptimizer<ScheduleFreeAdamW> {

  private static final String Z = "z";
  private static final String SUM = "weight_sum";
  private static final String LARGEST = "lr_max";

  private double beta1 = 0.9;
  private double beta2 = 0.999;
  private double epsilon = 1e-8;

  /** The largest learning rate so far, the step's own included. */
  private double largest;

  /** The sum of the weights so far, that of the step included. */
  private double sum;

  /** Creates an optimizer of these parameters. */
  public ScheduleFreeAdamW(List<Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  /** Creates an optimizer of these parameters, by path. */
  public ScheduleFreeAdamW(Map<String, Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  private ScheduleFreeAdamW(ImmutableList<ParameterState> states) {
    super(states, 2.5e-3, 0);
    numbers.put(SUM, 0.0);
    numbers.put(LARGEST, 0.0);
  }

  /** Sets the average's share where gradients are taken, above 0, and the weight of squares. */
  public ScheduleFreeAdamW betas(double first, double second) {
    beta1 = Numbers.within(name(), "beta1", first);
    beta2 = belowOne("beta2", second);
    return changed();
  }

  /** Sets what is added to the root of the mean square. */
  public ScheduleFreeAdamW epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return changed();
  }

  @Override
  void begin(int taken, double outer) {
    super.begin(taken, outer);
    largest = Math.max(numbers.getOrDefault(LARGEST, 0.0), learningRate() * factor());
    sum = numbers.getOrDefault(SUM, 0.0) + largest * largest;
  }

  @Override
  void end() {
    numbers.put(LARGEST, largest);
    numbers.put(SUM, sum);
  }

  /** Returns the weight of the new z in its mean. */
  private double share() {
    return sum > 0 ? largest * largest / sum : 0;
  }

  @Override
  protected Tensor update(Update u) {
    Tensor g = u.gradient();
    Tensor y = u.value();
    Tensor z = u.remembered(Z);
    Tensor v = u.remember("exp_avg_sq", old -> old.times(beta2).plus(g.times(1 - beta2).times(g)));
    Tensor scale = u.number(s -> Math.sqrt(1 - Math.pow(beta2, s.number())));
    Tensor way =
        g.div(v.sqrt().div(scale).plus(epsilon)).plus(u.number(Update.Step::decay).times(y));
    u.rememberValue(Z, old -> old.minus(u.rate().times(way)));
    Tensor share = u.number(_ -> share());
    Tensor rate = u.number(s -> s.rate() * (1 - beta1 * (1 - share())));
    return y.plus(z.minus(y).times(share)).minus(rate.times(way));
  }

  @Override
  Map<Parameter, Tensor> evaluated() {
    Map<Parameter, Tensor> values = new LinkedHashMap<>();
    for (ParameterState state : states()) {
      Tensor z = state.get(Z);
      if (z != null) {
        Tensor y = state.parameter().value().untracked();
        values.put(state.parameter(), y.plus(y.minus(z).times(1 / beta1 - 1)));
      }
    }
    return values;
  }
}
