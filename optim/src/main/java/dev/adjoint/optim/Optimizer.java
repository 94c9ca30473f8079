package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
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
 * Improves parameters by their gradients.
 *
 * <pre>{@code
 * Optimizer optimizer =
 *     new Adam(model.namedParameters())
 *         .learningRate(3e-3)
 *         .schedule(Schedule.cosine(900).warmup(100));
 * for (...) {
 *   Tensor loss = ...;
 *   optimizer.step(Clipping.clipNorm(loss.backward(), 1));
 * }
 * }</pre>
 *
 * <p>Gradients of several batches are added before the step: {@code g.plus(h).times(0.5)} is that
 * of the mean of two losses.
 *
 * <p>Names and defaults of settings are PyTorch's. Settings may be changed at any time; the next
 * step uses them. The bits of a step do not depend on the number of threads. Optimizers are not
 * safe to share between threads.
 */
public abstract class Optimizer {

  private final ImmutableList<ParameterState> states;
  private double learningRate;
  private double weightDecay;
  private Schedule schedule = Schedule.constant();
  private int steps;

  /** The factor of the schedule for the step that is being taken. */
  private double factor = 1;

  /** What {@link #update} says, as the settings are now. */
  private Update.@Nullable Rule rule;

  Optimizer(ImmutableList<ParameterState> states, double learningRate, double weightDecay) {
    ParameterState.requireEachOnce(name(), states);
    this.states = states;
    this.learningRate = learningRate;
    this.weightDecay = weightDecay;
  }

  // ---- steps -----------------------------------------------------------------------------------

  /**
   * Updates every parameter by its gradient, in place. Frozen parameters, and those that took no
   * part in what was differentiated, are passed by: they do not decay and count no step.
   *
   * <p>Memory is taken before the first update: if it runs out, nothing has changed.
   */
  public final void step(Gradients gradients) {
    begin(steps, 1);
    List<Runnable> undo = states.stream().map(ParameterState::slotsUndo).toList();
    List<Runnable> updates;
    try {
      updates = updates(gradients);
    } catch (RuntimeException | Error e) {
      undo.forEach(Runnable::run);
      throw e;
    }
    updates.forEach(Runnable::run);
    steps++;
  }

  /** Returns what is left to be done when all memory has been taken. */
  private List<Runnable> updates(Gradients gradients) {
    Set<Object> changing = Collections.newSetFromMap(new IdentityHashMap<>());
    states.forEach(state -> changing.add(elements(state.parameter().value())));
    List<Runnable> updates = new ArrayList<>();
    for (ParameterState state : states) {
      Parameter parameter = state.parameter();
      if (!parameter.isFrozen() && gradients.contains(parameter)) {
        Tensor gradient = gradients.of(parameter).to(parameter.dtype());
        Object g = elements(gradient);
        if (changing.contains(g)) { // the gradient of a product can be the value of a factor
          g = elements(gradient.untracked().copy());
        }
        Consumer<Object> update = update(state, g);
        updates.add(() -> {
          state.countStep();
          parameter.update(update);
        });
      }
    }
    return updates;
  }

  /** Prepares the step after so many, of which the learning rate has this factor already. */
  void begin(int taken, double outer) {
    factor = outer * scheduledFactor(taken);
  }

  /**
   * Returns the new value of a parameter: the optimizer's formula, in elementwise tensor
   * operations. It is called once and traced, and again after {@link FluentOptimizer#changed}; so
   * settings may be used as numbers, and what differs from step to step is {@link Update#number}.
   */
  protected abstract Tensor update(Update u);

  /** Forgets the formula, since a setting has changed. */
  final void forgetRule() {
    rule = null;
  }

  private Update.Rule rule() {
    Update.Rule known = rule;
    if (known == null) {
      known = Update.Rule.of(name(), this::update);
      rule = known;
    }
    return known;
  }

  /**
   * Returns what updates one parameter, by elements in order: takes all memory that this needs, and
   * changes nothing that is remembered.
   */
  Consumer<Object> update(ParameterState state, Object gradient) {
    Update.Rule rule = rule();
    Step step = new Step(state, rate(state), decay(state));
    double[] numbers = new double[rule.numbers().size()];
    Arrays.setAll(numbers, i -> rule.numbers().get(i).applyAsDouble(step));
    Object[] arrays = new Object[rule.initial().size() + 2];
    int next = 1;
    for (Map.Entry<String, Double> slot : rule.initial().entrySet()) {
      arrays[next++] = state.array(slot.getKey(), slot.getValue());
    }
    arrays[next] = gradient;
    DType dtype = state.parameter().dtype();
    rule.update().prepare(dtype);
    return value -> {
      arrays[0] = value;
      rule.update().run(dtype, arrays, numbers, state.size());
    };
  }

  /** Returns the names of what is remembered of a parameter, as the settings are now. */
  Collection<String> slots(ParameterState state) {
    return rule().initial().keySet();
  }

  /** Returns the parameters that it was made for, in their order. */
  public final List<Parameter> parameters() {
    return states.stream().map(ParameterState::parameter).toList();
  }

  // ---- rates -----------------------------------------------------------------------------------

  /** Returns the learning rate that has been set. */
  public final double learningRate() {
    return learningRate;
  }

  /** Sets the learning rate, for all steps to come. */
  public Optimizer learningRate(double rate) {
    learningRate = atLeastZero("learning rate", rate);
    return this;
  }

  /** Returns the learning rate of the next step: the one that has been set, as scheduled. */
  public final double currentLearningRate() {
    return learningRate * scheduledFactor(steps);
  }

  final void setWeightDecay(double value) {
    weightDecay = atLeastZero("weight decay", value);
  }

  final void setSchedule(Schedule value) {
    schedule = value;
  }

  final void addGroup(ParameterGroup group) {
    group.members(name(), states).forEach(state -> state.join(group));
  }

  /** Returns the learning rate of a parameter in the step that is being taken. */
  final double rate(ParameterState state) {
    return state.learningRateOr(learningRate) * factor;
  }

  /** Returns the weight decay of a parameter. */
  final double decay(ParameterState state) {
    return state.weightDecayOr(weightDecay);
  }

  /** Returns the factor of the step that is being taken. */
  final double factor() {
    return factor;
  }

  private double scheduledFactor(int taken) {
    double value = schedule.factor(taken);
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalStateException(
          "%s: the schedule's factor for step %d is %s; expected a number of at least 0"
              .formatted(name(), taken, value));
    }
    return value;
  }

  // ---- state -----------------------------------------------------------------------------------

  /**
   * Returns what is remembered from step to step, copied: the number of steps as {@code step}, and
   * by the path of each parameter its own number, as in {@code hidden.weight.step}, and tensors
   * under PyTorch's names, as in {@code hidden.weight.exp_avg}. Settings are not part of it.
   *
   * @throws IllegalStateException if two parameters have the same path
   */
  public final Map<String, Tensor> state() {
    ParameterState.requireDistinctPaths(name(), states);
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("step", SavedState.entry(steps));
    states.forEach(each -> each.save(slots(each), state));
    return Collections.unmodifiableMap(state);
  }

  /**
   * Goes on where an optimizer with the same settings has been: its next step has the same bits.
   *
   * @param state what {@link #state} has returned
   * @throws IllegalArgumentException naming what is missing, unknown or of another shape; then
   *     nothing has changed
   */
  public final void load(Map<String, Tensor> state) {
    ParameterState.requireDistinctPaths(name(), states);
    SavedState saved = new SavedState(name(), state);
    int count = saved.count("step");
    List<Runnable> changes = new ArrayList<>();
    states.forEach(each -> changes.add(each.read(slots(each), saved)));
    saved.requireFit();
    steps = count;
    changes.forEach(Runnable::run);
  }

  // ---- for optimizers --------------------------------------------------------------------------

  final String name() {
    return getClass().getSimpleName();
  }

  final ImmutableList<ParameterState> states() {
    return states;
  }

  /** Returns the value of a setting, checked to be a number of at least 0. */
  protected final double atLeastZero(String setting, double value) {
    return Numbers.atLeastZero(name(), setting, value);
  }

  /** Returns the value of a setting, checked to be at least 0 and below 1. */
  protected final double belowOne(String setting, double value) {
    return Numbers.belowOne(name(), setting, value);
  }

  /** Returns an array in which element i of the tensor is element i. */
  static Object elements(Tensor tensor) {
    Tensor packed = tensor.untracked().contiguous();
    return (packed.offset() == 0 ? packed : packed.copy()).storage().array();
  }
}
