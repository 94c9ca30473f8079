package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The base of all optimizers: a subclass states its update as a formula.
 *
 * <pre>{@code
 * public final class Momentum extends FluentOptimizer<Momentum> {
 *   private double beta = 0.9;
 *
 *   public Momentum(Map<String, Parameter> parameters) {
 *     super(parameters, 1e-2, 0);
 *   }
 *
 *   public Momentum beta(double weight) {
 *     beta = belowOne("beta", weight);
 *     return changed();
 *   }
 *
 *   protected Tensor update(Update u) {
 *     Tensor v = u.remember("momentum_buffer", old -> old.times(beta).plus(u.gradient()));
 *     return u.value().minus(v.times(u.rate()));
 *   }
 * }
 * }</pre>
 *
 * <p>The formula runs in one pass over the parameter, its gradient and what is remembered. Steps,
 * schedules, groups, {@link #state} and {@link #load} follow from it.
 *
 * @param <O> the optimizer itself
 */
public abstract class FluentOptimizer<O extends FluentOptimizer<O>> implements Optimizer {

  private final ImmutableList<ParameterState> states;
  private double learningRate;
  private double weightDecay;
  private Schedule schedule = Schedule.constant();
  private int steps;

  /** The factor of the learning rates in the step that is being taken. */
  private double factor = 1;

  /** What {@link #update} says, as the settings are now. */
  private Update.@Nullable Rule rule;

  /**
   * Creates an optimizer of these parameters.
   *
   * @param learningRate its default
   * @param weightDecay its default
   */
  protected FluentOptimizer(List<Parameter> parameters, double learningRate, double weightDecay) {
    this(ParameterState.of(parameters), learningRate, weightDecay);
  }

  /** Creates an optimizer of these parameters, by path. */
  protected FluentOptimizer(
      Map<String, Parameter> parameters, double learningRate, double weightDecay) {
    this(ParameterState.of(parameters), learningRate, weightDecay);
  }

  FluentOptimizer(ImmutableList<ParameterState> states, double learningRate, double weightDecay) {
    this.states = ParameterState.eachOnce(name(), states);
    this.learningRate = learningRate;
    this.weightDecay = weightDecay;
  }

  /**
   * Returns the new value of a parameter: the optimizer's formula, in elementwise tensor
   * operations. It is called once and traced, and again after {@link #changed}; so settings may be
   * used as numbers, and what differs from step to step is {@link Update#number}.
   */
  protected abstract Tensor update(Update u);

  // ---- settings --------------------------------------------------------------------------------

  @Override
  public final double learningRate() {
    return root().learningRate;
  }

  @Override
  public final O learningRate(double rate) {
    root().learningRate = atLeastZero("learning rate", rate);
    return self();
  }

  /** Sets the weight decay; the class says what it defaults to, and what it does. */
  public final O weightDecay(double factor) {
    root().weightDecay = atLeastZero("weight decay", factor);
    return self();
  }

  /** Sets the learning rate and weight decay of some parameters. */
  public final O group(ParameterGroup group) {
    group.members(name(), states).forEach(state -> state.join(group));
    return self();
  }

  /** Sets the schedule, whose factors multiply all learning rates; defaults to a constant 1. */
  public final O schedule(Schedule schedule) {
    root().schedule = schedule;
    return self();
  }

  /** Returns this, and traces the formula anew before the next step: the end of every setter. */
  protected final O changed() {
    rule = null;
    return self();
  }

  /** Returns the value of a setting, checked to be a number of at least 0. */
  protected final double atLeastZero(String setting, double value) {
    return Numbers.atLeastZero(name(), setting, value);
  }

  /** Returns the value of a setting, checked to be at least 0 and below 1. */
  protected final double belowOne(String setting, double value) {
    return Numbers.belowOne(name(), setting, value);
  }

  @SuppressWarnings("unchecked") // a subclass names itself
  private O self() {
    return (O) this;
  }

  final String name() {
    return getClass().getSimpleName();
  }

  @Override
  public final List<Parameter> parameters() {
    return states.stream().map(ParameterState::parameter).toList();
  }

  final ImmutableList<ParameterState> states() {
    return states;
  }

  /**
   * Returns who holds rate, decay, schedule and the number of steps: in a {@link Wrapper}, another.
   */
  FluentOptimizer<?> root() {
    return this;
  }

  // ---- steps -----------------------------------------------------------------------------------

  @Override
  public final void step(Gradients gradients) {
    begin(root().steps, 1);
    Set<Object> values = Collections.newSetFromMap(new IdentityHashMap<>());
    states.forEach(state -> values.add(state.parameter().value().storage().array()));
    Map<ParameterState, Consumer<Object>> updates = new LinkedHashMap<>();
    for (ParameterState state : states) {
      Parameter parameter = state.parameter();
      if (!parameter.isFrozen() && gradients.contains(parameter)) {
        Tensor gradient = gradients.of(parameter).to(parameter.dtype());
        Object g = elements(gradient);
        // The gradient of a product can be the value of a factor, which is about to change.
        updates.put(
            state, update(state, values.contains(g) ? elements(gradient.untracked().copy()) : g));
      }
    }
    updates.forEach(ParameterState::step);
    root().steps++;
  }

  /** Prepares the step after so many, of which the learning rate has this factor already. */
  void begin(int taken, double outer) {
    factor = outer * scheduledFactor(taken);
  }

  /** Returns the factor of the learning rates in the step that is being taken. */
  final double factor() {
    return factor;
  }

  @Override
  public final double currentLearningRate() {
    return learningRate() * scheduledFactor(root().steps);
  }

  private double scheduledFactor(int taken) {
    double value = root().schedule.factor(taken);
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalStateException(
          "%s: the schedule's factor for step %d is %s; expected a number of at least 0"
              .formatted(name(), taken, value));
    }
    return value;
  }

  /**
   * Returns what updates one parameter, by elements in order: allocates all memory that this needs,
   * and changes nothing that is remembered.
   */
  Consumer<Object> update(ParameterState state, Object gradient) {
    return formula(state, gradient);
  }

  /** Returns what {@link #update(Update)} changes; it may have something else for the gradient. */
  final Consumer<Object> formula(ParameterState state, Object gradient) {
    double rate = state.setting(group -> group.learningRate, learningRate()) * root().factor;
    double decay = state.setting(group -> group.weightDecay, root().weightDecay);
    return rule().prepare(state, gradient, rate, decay);
  }

  /** Returns the names of what is remembered of a parameter, as the settings are now. */
  Collection<String> slots(ParameterState state) {
    return rule().initial().keySet();
  }

  private Update.Rule rule() {
    Update.Rule known = rule;
    if (known == null) {
      known = Update.Rule.of(name(), this::update);
      rule = known;
    }
    return known;
  }

  /** Returns an array in which element i of the tensor is element i. */
  static Object elements(Tensor tensor) {
    Tensor packed = tensor.untracked().contiguous();
    return (packed.offset() == 0 ? packed : packed.copy()).storage().array();
  }

  // ---- state -----------------------------------------------------------------------------------

  @Override
  public final Map<String, Tensor> state() {
    ParameterState.requireDistinctPaths(name(), states);
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("step", SavedState.entry(root().steps));
    states.forEach(each -> each.save(slots(each), state));
    return Collections.unmodifiableMap(state);
  }

  @Override
  public final void load(Map<String, Tensor> state) {
    ParameterState.requireDistinctPaths(name(), states);
    SavedState saved = new SavedState(name(), state);
    int count = saved.count("step");
    List<Runnable> changes = new ArrayList<>();
    states.forEach(each -> changes.add(each.read(slots(each), saved)));
    saved.requireFit();
    root().steps = count;
    changes.forEach(Runnable::run);
  }
}
