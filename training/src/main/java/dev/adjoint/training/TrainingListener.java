package dev.adjoint.training;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Follows a training: shows how it goes, stops it, keeps what is best.
 *
 * <p>Whoever remembers something that decides how the training goes on returns it as its state, for
 * checkpoints.
 */
public interface TrainingListener {

  /**
   * Learns that a training begins, or goes on. What this remembers of another run is forgotten
   * here, unless {@link Training#isResumed} says that it was loaded for this one. Whatever is wrong
   * with the settings is thrown here, before the first step.
   */
  default void started(Training training) {}

  /** Computes the loss of a batch, or lets something look on. */
  default Tensor computeLoss(Supplier<Tensor> loss) {
    return loss.get();
  }

  /**
   * Updates the parameters, or lets something look on.
   *
   * @param update is to be run once; a step in which it is not run changes no parameter
   */
  default void update(Gradients gradients, Runnable update) {
    update.run();
  }

  /** Learns that a step was made. */
  default void stepped(Training training, Step step) {}

  /** Learns that an epoch has ended. */
  default void epochEnded(Training training, Epoch epoch) {}

  /** Learns that the training has ended, whatever other listeners throw meanwhile. */
  default void ended(Training training) {}

  /**
   * Learns, in place of {@link #ended}, that the training has failed: what there is to show is
   * shown now. What this throws is added to the failure, which is thrown afterwards.
   */
  default void failed(Training training, Throwable failure) {}

  /** Learns that the process is told to end, before it does; after that nothing is called. */
  default void interrupted(Training training) {}

  /** Returns what to remember in a checkpoint, by name. */
  default Map<String, Tensor> state() {
    return Map.of();
  }

  /**
   * Goes on where another listener of this kind has been.
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
