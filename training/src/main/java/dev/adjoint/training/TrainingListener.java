package dev.adjoint.training;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A listener of a training, such as one that shows its progress, stops it or keeps the best model.
 *
 * <p>A listener whose memory decides how the training continues returns it as its state, for
 * checkpoints.
 */
public interface TrainingListener {

  /**
   * Called when a training begins or continues. What this remembers of another run is forgotten
   * here, unless {@link Training#isResumed} says that it was loaded for this one. Whatever is wrong
   * with the settings is thrown here, before the first step.
   */
  default void started(Training training) {}

  /** Computes the loss of a batch; overridden to observe the computation. */
  default Tensor computeLoss(Supplier<Tensor> loss) {
    return loss.get();
  }

  /**
   * Updates the parameters; overridden to observe the update.
   *
   * @param update is to be run once; a step in which it is not run changes no parameter
   */
  default void update(Gradients gradients, Runnable update) {
    update.run();
  }

  /**
   * Measures the model after an epoch, which includes all calls of {@link #epochEnded}; overridden
   * to measure it with other weights or statistics. What a listener does lies around what those do
   * that were added after it; the optimizer is in eval mode.
   *
   * @param measurement is to be run once
   */
  default void measure(Runnable measurement) {
    measurement.run();
  }

  /** Called after each step. */
  default void stepped(Training training, Step step) {}

  /** Called after each epoch and its validation. */
  default void epochEnded(Training training, Epoch epoch) {}

  /** Called when the training has ended, whatever other listeners throw. */
  default void ended(Training training) {}

  /**
   * Called in place of {@link #ended} if the training fails, to show what there is. What this
   * throws is added to the failure, which is thrown afterwards.
   */
  default void failed(Training training, Throwable failure) {}

  /** Called when the process is asked to end, before it does; nothing is called after that. */
  default void interrupted(Training training) {}

  /** Returns what to remember in a checkpoint, by name. */
  default Map<String, Tensor> state() {
    return Map.of();
  }

  /**
   * Restores the state of another listener of this kind.
   *
   * @throws IllegalArgumentException if the state is not of this kind; then nothing has changed
   */
  default void load(Map<String, Tensor> state) {
    if (!state.isEmpty()) {
      throw new IllegalArgumentException(
          "load: a state with %s; expected none".formatted(state.keySet()));
    }
  }
}
