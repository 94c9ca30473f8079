package dev.adjoint.training;

import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.metric.Goal;
import java.util.Locale;
import java.util.Map;

/**
 * Stops a training when a metric has not become better for some epochs.
 *
 * <p>Unless set, lower is better, by however little, and the patience is 10 epochs.
 */
public final class EarlyStopping implements TrainingListener {

  private static final String STATE = "best_and_epochs_since";

  private final String metric;
  private Goal goal = Goal.MINIMIZE;
  private int patience = 10;
  private double margin;
  private double best = Double.NaN;
  private int since;

  private EarlyStopping(String metric) {
    this.metric = metric;
  }

  /** Watches a metric, such as {@code validation loss}. */
  public static EarlyStopping on(String metric) {
    return new EarlyStopping(metric);
  }

  /** Takes higher values for better. */
  public EarlyStopping maximize() {
    goal = Goal.MAXIMIZE;
    return this;
  }

  /** Sets after how many epochs without a better value the training ends. */
  public EarlyStopping patience(int epochs) {
    if (epochs < 1) {
      throw new IllegalArgumentException(
          "EarlyStopping: patience %d; expected at least 1".formatted(epochs));
    }
    patience = epochs;
    return this;
  }

  /** Sets by how much a better value has to be better. */
  public EarlyStopping margin(double value) {
    if (!(value >= 0)) {
      throw new IllegalArgumentException(
          "EarlyStopping: margin %s; expected at least 0".formatted(value));
    }
    margin = value;
    return this;
  }

  /** Stops at once a training that goes on from where it was stopped. */
  @Override
  public void started(Training training) {
    stopIfTooLong(training);
  }

  @Override
  public void epochEnded(Training training, Epoch epoch) {
    double value = epoch.metric(metric);
    if (goal.isBetter(value, best, margin)) {
      best = value;
      since = 0;
    } else {
      since++;
    }
    stopIfTooLong(training);
  }

  private void stopIfTooLong(Training training) {
    if (since >= patience) {
      training.stop(
          String.format(
              Locale.ROOT, "%s has been no better than %.4g for %d epochs", metric, best, since));
    }
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of(STATE, Tensor.of(best, since));
  }

  @Override
  public void load(Map<String, Tensor> state) {
    double[] saved = States.numbers(this, state, STATE, 2);
    best = saved[0];
    since = (int) saved[1];
  }
}
