package dev.adjoint.training;

import dev.adjoint.nn.Layer;
import dev.adjoint.nn.norm.RunningNorm;
import dev.adjoint.training.data.DataLoader;
import java.util.function.Consumer;

/**
 * Measures the running statistics of batch norms anew before the model is measured, and when the
 * training has ended: for weights that are not those of the steps, as by {@link Averaging}, which
 * is added before, or by a schedule-free optimizer. What is learned is not changed by it.
 */
public final class Recalibration implements TrainingListener {

  private final Layer model;
  private final Runnable forwards;

  private Recalibration(Layer model, Runnable forwards) {
    this.model = model;
    this.forwards = forwards;
  }

  /**
   * Measures over data, a whole epoch each time.
   *
   * @param forward runs the model on the inputs of a batch
   */
  public static <X, Y> Recalibration of(
      Layer model, DataLoader<X, Y> data, Consumer<? super X> forward) {
    return new Recalibration(
        model, () -> data.epoch(0).forEach(batch -> forward.accept(batch.inputs())));
  }

  @Override
  public void measure(Runnable measurement) {
    BuffersBefore buffers = BuffersBefore.of(model);
    try {
      RunningNorm.recalibrate(model, forwards);
      measurement.run();
    } finally {
      buffers.restore();
    }
  }

  @Override
  public void ended(Training training) {
    RunningNorm.recalibrate(model, forwards);
  }

  /** Returns the model. */
  @Override
  public String toString() {
    return "Recalibration of " + model.headline();
  }
}
