package dev.adjoint.training;

import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.metric.Goal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps what a model was like when a metric was best, and makes it like that again when the
 * training ends. Lower is better unless {@link #maximize} says otherwise.
 */
public final class BestModel implements TrainingListener {

  private static final String STATE = "best_and_epoch";
  private static final String MODEL = "model.";

  private final Layer model;
  private final String metric;
  private Goal goal = Goal.MINIMIZE;
  private double best = Double.NaN;
  private int epoch = -1;
  private Map<String, Tensor> state = Map.of();

  private BestModel(Layer model, String metric) {
    this.model = model;
    this.metric = metric;
  }

  /** Keeps the best of a model by a metric, such as {@code validation loss}. */
  public static BestModel of(Layer model, String metric) {
    return new BestModel(model, metric);
  }

  /** Takes higher values for better. */
  public BestModel maximize() {
    goal = Goal.MAXIMIZE;
    return this;
  }

  /** Returns the best value; NaN before the first epoch has ended. */
  public double best() {
    return best;
  }

  /** Returns the number of the epoch, from 0, after which the model was best. */
  public Optional<Integer> epoch() {
    return epoch < 0 ? Optional.empty() : Optional.of(epoch);
  }

  @Override
  public void epochEnded(Training training, Epoch ended) {
    double value = ended.metric(metric);
    if (goal.isBetter(value, best, 0)) {
      best = value;
      epoch = ended.number();
      state = model.state();
    }
  }

  @Override
  public void ended(Training training) {
    if (!state.isEmpty()) {
      model.load(state);
    }
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    all.put(STATE, Tensor.of(best, epoch));
    state.forEach((path, value) -> all.put(MODEL + path, value));
    return all;
  }

  @Override
  public void load(Map<String, Tensor> saved) {
    double[] numbers = States.numbers(this, saved, STATE, 2);
    Map<String, Tensor> kept = new LinkedHashMap<>();
    saved.forEach((name, value) -> {
      if (name.startsWith(MODEL)) {
        kept.put(name.substring(MODEL.length()), value);
      }
    });
    best = numbers[0];
    epoch = (int) numbers[1];
    state = kept;
  }
}
