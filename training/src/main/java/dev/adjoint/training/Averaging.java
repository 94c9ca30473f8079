package dev.adjoint.training;

import dev.adjoint.optim.WeightAverage;
import dev.adjoint.tensor.Tensor;
import java.util.Map;

/**
 * Averages the weights of a model while it learns: with their averages it is measured after each
 * epoch, kept by a {@link BestModel}, and left when the training ends.
 *
 * <pre>{@code
 * trainer
 *     .listener(Averaging.of(new WeightAverage(model.namedParameters())))
 *     .listener(Recalibration.of(model, loader, model::forward))
 *     .listener(BestModel.of(model, "validation loss"))
 * }</pre>
 *
 * <p>By default every step is averaged, from the first one on. Batch norms need the {@link
 * Recalibration}; a {@link BestModel} comes after both.
 */
public final class Averaging implements TrainingListener {

  private final WeightAverage average;
  private int every = 1;
  private int from;

  private Averaging(WeightAverage average) {
    this.average = average;
  }

  /** Updates averages, and measures the model with them. */
  public static Averaging of(WeightAverage average) {
    return new Averaging(average);
  }

  /** Sets after how many steps each the weights are averaged, such as those of an epoch. */
  public Averaging every(int steps) {
    every = Trainer.atLeastOne("every", steps);
    return this;
  }

  /** Sets after how many steps the weights are averaged for the first time. */
  public Averaging from(int steps) {
    from = Trainer.atLeastOne("from", steps);
    return this;
  }

  @Override
  public void started(Training training) {
    if (!training.isResumed()) {
      average.reset();
    }
  }

  @Override
  public void stepped(Training training, Step step) {
    int taken = training.position().step();
    if (taken >= from && taken % every == 0) {
      average.update();
    }
  }

  @Override
  public void measure(Runnable measurement) {
    Object _ =
        average.swappedIn(() -> {
          measurement.run();
          return this;
        });
  }

  @Override
  public void ended(Training training) {
    average.assign();
  }

  @Override
  public Map<String, Tensor> state() {
    return average.state();
  }

  @Override
  public void load(Map<String, Tensor> state) {
    average.load(state);
  }

  /** Returns the averages, and when they are updated. */
  @Override
  public String toString() {
    return "Averaging every %s steps from step %s: %s".formatted(every, from, average);
  }
}
