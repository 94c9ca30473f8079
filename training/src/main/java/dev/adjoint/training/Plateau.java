package dev.adjoint.training;

import dev.adjoint.optim.ReduceOnPlateau;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.metric.Goal;
import java.util.Map;
import java.util.Optional;

/**
 * Tells a {@link ReduceOnPlateau} of a metric after each epoch, and saves what it remembers in the
 * checkpoint.
 *
 * <pre>{@code
 * ReduceOnPlateau plateau = new ReduceOnPlateau().patience(5);
 * new Trainer<>(model, new Adam(model.namedParameters()).schedule(plateau), loss)
 *     .listener(Plateau.on("validation loss", plateau))
 * }</pre>
 */
public final class Plateau implements TrainingListener {

  private final Best best;
  private final ReduceOnPlateau schedule;

  private Plateau(String metric, ReduceOnPlateau schedule) {
    this.best = new Best("Plateau", metric);
    this.schedule = schedule;
  }

  /**
   * Watches a metric, such as {@code validation loss}, for the schedule of an optimizer. The
   * training does not begin if it has none of this name; that of one whose better values are higher
   * is set to {@link ReduceOnPlateau#maximize}.
   */
  public static Plateau on(String metric, ReduceOnPlateau schedule) {
    return new Plateau(metric, schedule);
  }

  @Override
  public void started(Training training) {
    best.requireIn(training);
    if (training.goal(best.metric()).equals(Optional.of(Goal.MAXIMIZE))) {
      schedule.maximize();
    }
  }

  @Override
  public void epochEnded(Training training, Epoch epoch) {
    schedule.observe(epoch.metric(best.metric()));
  }

  @Override
  public Map<String, Tensor> state() {
    return schedule.state();
  }

  @Override
  public void load(Map<String, Tensor> state) {
    schedule.load(state);
  }

  /** Returns the metric and the schedule. */
  @Override
  public String toString() {
    return "Plateau by %s, %s".formatted(best, schedule);
  }
}
