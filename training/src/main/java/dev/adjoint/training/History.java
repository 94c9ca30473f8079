package dev.adjoint.training;

import com.google.common.primitives.Doubles;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The metrics of all epochs of a training.
 *
 * <p>It includes the epochs before a checkpoint.
 */
public final class History {

  private static final String EPOCH = "epoch.";
  private static final String RUNNING = "running";

  private final Map<String, List<Double>> metrics = new LinkedHashMap<>();

  /** The loss of the epoch that has not ended: the sum over examples, and their number. */
  private double lossSum;

  private double examples;

  History() {}

  /**
   * Returns the values of each metric, one for each epoch; NaN for an epoch of a run before that
   * did not measure it.
   */
  public Map<String, List<Double>> metrics() {
    return Collections.unmodifiableMap(metrics);
  }

  /**
   * Returns the values of a metric, one for each epoch.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public List<Double> metric(String name) {
    List<Double> values = metrics.get(name);
    if (values == null) {
      throw new IllegalArgumentException(
          "no metric '%s'; expected one of %s".formatted(name, metrics.keySet()));
    }
    return Collections.unmodifiableList(values);
  }

  /** Returns the number of epochs, and each metric of the last one. */
  @Override
  public String toString() {
    int epochs = metrics.values().stream().mapToInt(List::size).max().orElse(0);
    StringBuilder text = new StringBuilder("after %s epochs".formatted(epochs));
    metrics.forEach((name, values) ->
        text.append(String.format(Locale.ROOT, ", %s %.4g", name, values.getLast())));
    return text.toString();
  }

  void add(Step step) {
    lossSum += step.loss() * step.examples();
    examples += step.examples();
  }

  /** Returns the mean loss of the epoch that ends, and begins another. */
  double endEpoch() {
    double loss = lossSum / examples;
    lossSum = 0;
    examples = 0;
    return loss;
  }

  void add(Epoch epoch) {
    epoch
        .metrics()
        .keySet()
        .forEach(name -> metrics.computeIfAbsent(name, _ -> unknown(epoch.number())));
    metrics.forEach((name, values) -> values.add(epoch.metrics().getOrDefault(name, Double.NaN)));
  }

  private static List<Double> unknown(int epochs) {
    return new ArrayList<>(Collections.nCopies(epochs, Double.NaN));
  }

  Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put(RUNNING, Tensor.of(lossSum, examples));
    metrics.forEach((name, values) -> state.put(EPOCH + name, Tensor.of(Doubles.toArray(values))));
    return state;
  }

  void load(Map<String, Tensor> state) {
    double[] sums = States.numbers(this, state, RUNNING, 2);
    lossSum = sums[0];
    examples = sums[1];
    metrics.clear();
    States.under(EPOCH, state)
        .forEach((name, values) ->
            metrics.put(name, new ArrayList<>(Doubles.asList(values.toDoubleArray()))));
  }
}
