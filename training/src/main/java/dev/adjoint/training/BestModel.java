package dev.adjoint.training;

import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.metric.Metric;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps the state of a model when a metric was best, and restores it when the training ends. A
 * training that fails leaves the model as it is then; see {@link #restore}.
 */
public final class BestModel implements TrainingListener {

  private static final String STATE = "best_and_epoch";
  private static final String MODEL = "model.";

  private final Layer model;
  private final Best best;
  private int epoch = -1;
  private Map<String, Tensor> state = Map.of();

  private BestModel(Layer model, String metric) {
    this.model = model;
    best = new Best("BestModel", metric);
  }

  /**
   * Keeps the best of a model by a metric, such as {@code validation loss}. The training does not
   * begin if it has none of this name.
   */
  public static BestModel of(Layer model, String metric) {
    return new BestModel(model, metric);
  }

  /** Treats higher values as better, for a metric without a {@link Metric#goal}. */
  public BestModel maximize() {
    best.maximize();
    return this;
  }

  /** Treats lower values as better, for a metric without a {@link Metric#goal}. */
  public BestModel minimize() {
    best.minimize();
    return this;
  }

  /** Returns the best value; NaN before an epoch has ended with one. */
  public double best() {
    return best.value();
  }

  /** Returns the number of the epoch, from 0, after which the model was best. */
  public Optional<Integer> epoch() {
    return epoch < 0 ? Optional.empty() : Optional.of(epoch);
  }

  /** Restores the best state of the model; does nothing before an epoch has ended with one. */
  public void restore() {
    if (!state.isEmpty()) {
      model.load(state);
    }
  }

  @Override
  public void started(Training training) {
    best.begin(training);
    if (!training.isResumed()) {
      best.set(Double.NaN);
      epoch = -1;
      state = Map.of();
    }
  }

  @Override
  public void epochEnded(Training training, Epoch ended) {
    if (best.improvedBy(ended, 0)) {
      epoch = ended.number();
      state = model.state();
    }
  }

  @Override
  public void ended(Training training) {
    restore();
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    all.put(STATE, Tensor.of(best.value(), epoch));
    state.forEach((path, value) -> all.put(MODEL + path, value));
    return all;
  }

  @Override
  public void load(Map<String, Tensor> saved) {
    double[] numbers = States.numbers(this, saved, STATE, 2);
    best.set(numbers[0]);
    epoch = (int) numbers[1];
    state = States.under(MODEL, saved);
  }

  /** Returns the metric, its best value and the epoch that had it. */
  @Override
  public String toString() {
    return "BestModel by %s%s".formatted(best, epoch < 0 ? "" : " in epoch " + epoch);
  }
}
