package dev.adjoint.training;

import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.metric.Metric;
import java.util.Locale;
import java.util.Map;

/**
 * Stops a training when a metric has not become better for some epochs.
 *
 * <p>By default any improvement counts, and the patience is 10 epochs. NaN is never better.
 */
public final class EarlyStopping implements TrainingListener {

  private static final String STATE = "best_and_epochs_since";

  private final Best best;
  private int patience = 10;
  private double margin;
  private int since;

  private EarlyStopping(String metric) {
    best = new Best("EarlyStopping", metric);
  }

  /**
   * Watches a metric, such as {@code validation loss}. The training does not begin if it has none
   * of this name.
   */
  public static EarlyStopping on(String metric) {
    return new EarlyStopping(metric);
  }

  /** Treats higher values as better, for a metric without a {@link Metric#goal}. */
  public EarlyStopping maximize() {
    best.maximize();
    return this;
  }

  /** Treats lower values as better, for a metric without a {@link Metric#goal}. */
  public EarlyStopping minimize() {
    best.minimize();
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

  /** Stops at once if the training continues from where it was stopped. */
  @Override
  public void started(Training training) {
    best.begin(training);
    if (!training.isResumed()) {
      best.set(Double.NaN);
      since = 0;
    }
    stopIfTooLong(training);
  }

  @Override
  public void epochEnded(Training training, Epoch epoch) {
    since = best.improvedBy(epoch, margin) ? 0 : since + 1;
    stopIfTooLong(training);
  }

  private void stopIfTooLong(Training training) {
    if (since >= patience) {
      String better =
          Double.isNaN(best.value())
              ? "NaN"
              : String.format(Locale.ROOT, "no better than %.4g", best.value());
      training.stop("%s has been %s for %s epochs".formatted(best.metric(), better, since));
    }
  }

  @Override
  public Map<String, Tensor> state() {
    return Map.of(STATE, Tensor.of(best.value(), since));
  }

  @Override
  public void load(Map<String, Tensor> state) {
    double[] saved = States.numbers(this, state, STATE, 2);
    best.set(saved[0]);
    since = (int) saved[1];
  }

  /** Returns the metric, and for how many epochs it may be no better. */
  @Override
  public String toString() {
    return "EarlyStopping by %s, patience %s, %s epochs since".formatted(best, patience, since);
  }
}
