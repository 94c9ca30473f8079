package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.ElementwiseUpdate;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Moving averages of parameters, which often predict better than the parameters themselves (Polyak
 * and Juditsky 1992): exponential ones, or, of the weights at some times, the plain mean (Izmailov
 * et al. 2018, "Averaging weights leads to wider optima and better generalization",
 * arXiv:1803.05407).
 *
 * <pre>{@code
 * WeightAverage average = new WeightAverage(model.namedParameters());
 * for (...) {
 *   optimizer.step(loss.backward());
 *   average.update();
 * }
 * double accuracy = average.swappedIn(() -> accuracyOf(model));
 * }</pre>
 *
 * <p>The first update copies, as in PyTorch's AveragedModel; later ones move the average towards
 * the parameters. The default decay is 0.999. Buffers of layers are not averaged: running
 * statistics are those of the weights before, until {@code RunningNorm.recalibrate}.
 */
public final class WeightAverage {

  private static final String NAME = "WeightAverage";
  private static final String AVERAGE = "average";

  /** Moves an average towards a value by a part of the way. */
  private static final ElementwiseUpdate APPROACH =
      new ElementwiseUpdate(
          NAME, 2, x -> new Tensor[] {x[0].plus(x[1].minus(x[0]).times(x[2]))}, 1);

  private final ImmutableList<ParameterState> states;
  private double decay = 0.999;
  private boolean cumulative;
  private int updates;
  private boolean swappedIn;

  /** Creates averages of these parameters. */
  public WeightAverage(List<Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  /** Creates averages of these parameters, by path. */
  public WeightAverage(Map<String, Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  private WeightAverage(ImmutableList<ParameterState> states) {
    this.states = ParameterState.eachOnce(NAME, states);
  }

  /** Sets the weight of the old average in the new. */
  public WeightAverage decay(double weight) {
    decay = Numbers.belowOne(NAME, "decay", weight);
    cumulative = false;
    return this;
  }

  /** Makes the average the plain mean of the values at all updates so far. */
  public WeightAverage cumulativeAverage() {
    cumulative = true;
    return this;
  }

  /** Returns the number of updates so far. */
  public int updates() {
    return updates;
  }

  /** Updates the averages by the values that the parameters have now. */
  public void update() {
    requireSwappedOut("update");
    for (ParameterState state : states) {
      Tensor value = state.parameter().value().untracked();
      if (updates == 0) {
        state.put(AVERAGE, value.copy());
        continue;
      }
      Tensor average = state.slot(AVERAGE, 0);
      state.put(AVERAGE, average);
      Object[] arrays = {average.storage().array(), FluentOptimizer.elements(value)};
      double[] part = {cumulative ? 1.0 / (updates + 1) : 1 - decay};
      APPROACH.run(value.dtype(), arrays, part, state.size());
    }
    updates++;
  }

  /**
   * Computes something while the parameters have their averages for values, and gives them their
   * own back; before the first {@link #update} they keep them.
   */
  public <T> T swappedIn(Supplier<T> computation) {
    requireSwappedOut("swappedIn");
    swap();
    swappedIn = true;
    try {
      return computation.get();
    } finally {
      swap();
      swappedIn = false;
    }
  }

  /** Gives the parameters their averages for good, if there was an {@link #update}. */
  public void assign() {
    requireSwappedOut("assign");
    assign(averages());
  }

  private static void assign(Map<ParameterState, Tensor> averages) {
    Map<Parameter, Tensor> values = new LinkedHashMap<>();
    averages.forEach((state, average) -> values.put(state.parameter(), average));
    Parameter.assign(values);
  }

  /** Forgets all updates. */
  public void reset() {
    requireSwappedOut("reset");
    updates = 0;
  }

  private Map<ParameterState, Tensor> averages() {
    Map<ParameterState, Tensor> averages = new LinkedHashMap<>();
    for (ParameterState state : states) {
      Tensor average = state.get(AVERAGE);
      if (updates > 0 && average != null) {
        averages.put(state, average);
      }
    }
    return averages;
  }

  /**
   * Returns a copy of the averages: the number of updates as {@code n_averaged}, and each by the
   * path of its parameter, as in {@code hidden.weight.average}.
   *
   * @throws IllegalStateException if two parameters have the same path
   */
  public Map<String, Tensor> state() {
    requireSwappedOut("state");
    ParameterState.requireDistinctPaths(NAME, states);
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("n_averaged", SavedState.entry(updates));
    averages().forEach((each, average) -> state.put(each.path() + "." + AVERAGE, average.copy()));
    return Collections.unmodifiableMap(state);
  }

  /**
   * Continues from saved averages.
   *
   * @param state what {@link #state} has returned
   * @throws IllegalArgumentException naming what is missing, unknown or of another shape; then
   *     nothing has changed
   */
  public void load(Map<String, Tensor> state) {
    requireSwappedOut("load");
    ParameterState.requireDistinctPaths(NAME, states);
    SavedState saved = new SavedState(NAME, state);
    int count = saved.count("n_averaged");
    List<Tensor> averages = new ArrayList<>();
    if (count > 0) {
      states.forEach(each ->
          averages.add(saved.tensor(each.path() + "." + AVERAGE, each.parameter().shape())));
    }
    saved.requireFit();
    updates = count;
    for (int i = 0; i < averages.size(); i++) {
      states.get(i).put(AVERAGE, averages.get(i));
    }
  }

  private void swap() {
    Map<ParameterState, Tensor> own = new LinkedHashMap<>();
    Map<ParameterState, Tensor> averages = averages();
    averages.forEach((state, _) -> own.put(state, state.parameter().value().untracked().copy()));
    assign(averages);
    own.forEach((state, value) -> state.put(AVERAGE, value));
  }

  private void requireSwappedOut(String operation) {
    if (swappedIn) {
      throw new IllegalStateException(
          "WeightAverage: %s while the averages are swapped in; expected it after swappedIn(...)"
              .formatted(operation));
    }
  }

  /** Returns how many parameters are averaged, how, and the number of updates. */
  @Override
  public String toString() {
    return "WeightAverage of %s parameters, %s, after %s updates"
        .formatted(states.size(), cumulative ? "cumulative" : "decay " + decay, updates);
  }
}
