package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Maps;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
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

  /** Numbers that are remembered from step to step, beside those of parameters, by name. */
  final Map<String, Double> numbers = new LinkedHashMap<>();

  /** The values of the parameters in training, while they have others for evaluation. */
  private @Nullable Map<Parameter, Tensor> trained;

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

  /** Returns the class, the number of parameters, the rates and the number of steps. */
  @Override
  public String toString() {
    return "%s of %s parameters, learning rate %s, weight decay %s, after %s steps"
        .formatted(name(), states.size(), learningRate, weightDecay, steps);
  }

  @Override
  public final List<Parameter> parameters() {
    return states.stream().map(ParameterState::parameter).toList();
  }

  final ImmutableList<ParameterState> states() {
    return states;
  }

  /** Returns who holds rate, decay, schedule and step count: in a {@link Wrapper}, another. */
  FluentOptimizer<?> root() {
    return this;
  }

  // ---- steps -----------------------------------------------------------------------------------

  @Override
  public final void step(Gradients gradients) {
    step(
        gradients,
        () -> {
          throw new IllegalStateException(
              "%s: a step by gradients at one place; expected step(() -> loss)".formatted(name()));
        });
  }

  @Override
  public final void step(Gradients here, Supplier<Gradients> again) {
    requireTraining("step");
    begin(root().steps, 1);
    Gradients gradients = lookedAt(here, again);
    Set<Object> values = values();
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
    if (updates.isEmpty()) {
      ParameterState.requireOwn(name(), states, gradients);
    }
    updates.forEach(ParameterState::step);
    end();
    root().steps++;
  }

  /** Returns the gradients of a step: those at the values of the parameters, or others. */
  Gradients lookedAt(Gradients here, Supplier<Gradients> again) {
    return here;
  }

  /** Returns the arrays of the parameters' values. */
  final Set<Object> values() {
    Set<Object> values = Collections.newSetFromMap(new IdentityHashMap<>());
    states.forEach(state -> values.add(state.parameter().value().storage().array()));
    return values;
  }

  /** Prepares the step after so many, of which the learning rate has this factor already. */
  void begin(int taken, double outer) {
    factor = outer * scheduledFactor(taken);
  }

  /** Ends a step, after all parameters have been updated. */
  void end() {}

  /** Returns the factor of the learning rates in the step that is being taken. */
  final double factor() {
    return root().factor;
  }

  @Override
  public final double currentLearningRate() {
    return learningRate() * scheduledFactor(root().steps);
  }

  @Override
  public final OptionalDouble equilibriumAngle(Parameter parameter) {
    ParameterState state =
        states.stream()
            .filter(each -> each.parameter().equals(parameter))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "%s: parameter '%s' is none of this optimizer's"
                        .formatted(name(), parameter.name())));
    double rate = baseRate(state) * scheduledFactor(root().steps);
    double square = 2 * rate * decay(state) * turning();
    return square > 0 ? OptionalDouble.of(Math.sqrt(square)) : OptionalDouble.empty();
  }

  /**
   * Returns the square of {@link #equilibriumAngle} over {@code 2 rate decay}; the default is NaN,
   * which says that it is not known.
   *
   * <p>Say that a gradient moves the parameter by c(0) times the rate in its step, and by c(k) in
   * the k-th step afterwards. Independent gradients move it by the square sum of c in each step,
   * and by the square of the sum of c in the end. So it is the one over the other if weights decay
   * by themselves, and over the sum of c if the decay passes through the same c.
   */
  protected double turning() {
    return Double.NaN;
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
    return rule().prepare(state, gradient, rate(state), decay(state));
  }

  /** Returns the learning rate of a parameter in the step that is being taken. */
  final double rate(ParameterState state) {
    return baseRate(state) * root().factor;
  }

  private double baseRate(ParameterState state) {
    return state.setting(group -> group.learningRate, learningRate());
  }

  final double decay(ParameterState state) {
    return state.setting(group -> group.weightDecay, root().weightDecay);
  }

  /** Returns the shapes of what is remembered of a parameter, by name, as the settings are now. */
  Map<String, Shape> slots(ParameterState state) {
    return Maps.toMap(rule().initial().keySet(), _ -> state.parameter().shape());
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

  // ---- evaluation ------------------------------------------------------------------------------

  /** Returns the values for evaluation of the parameters that have others in training. */
  Map<Parameter, Tensor> evaluated() {
    return Map.of();
  }

  @Override
  public final void eval() {
    Map<Parameter, Tensor> values = root().trained == null ? evaluated() : Map.of();
    if (!values.isEmpty()) {
      Map<Parameter, Tensor> own = new LinkedHashMap<>();
      values.keySet().forEach(p -> own.put(p, p.value().untracked().copy()));
      Parameter.assign(values);
      root().trained = own;
    }
  }

  @Override
  public final void train() {
    Map<Parameter, Tensor> own = root().trained;
    if (own != null) {
      Parameter.assign(own);
      root().trained = null;
    }
  }

  private void requireTraining(String operation) {
    if (root().trained != null) {
      throw new IllegalStateException(
          "%s: %s in eval mode; expected train() before".formatted(name(), operation));
    }
  }

  // ---- state -----------------------------------------------------------------------------------

  @Override
  public final Map<String, Tensor> state() {
    requireTraining("state");
    ParameterState.requireDistinctPaths(name(), states);
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("step", SavedState.entry(root().steps));
    root().numbers.forEach((name, number) -> state.put(name, SavedState.entry(number)));
    states.forEach(each -> each.save(slots(each).keySet(), state));
    return Collections.unmodifiableMap(state);
  }

  @Override
  public final void load(Map<String, Tensor> state) {
    requireTraining("load");
    ParameterState.requireDistinctPaths(name(), states);
    SavedState saved = new SavedState(name(), state);
    int count = saved.count("step");
    Map<String, Double> read = Maps.toMap(root().numbers.keySet(), saved::number);
    List<Runnable> changes = new ArrayList<>();
    states.forEach(each -> changes.add(each.read(slots(each), saved)));
    saved.requireFit();
    root().steps = count;
    root().numbers.putAll(read);
    changes.forEach(Runnable::run);
  }
}
