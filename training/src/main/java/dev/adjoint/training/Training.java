package dev.adjoint.training;

import dev.adjoint.optim.Optimizer;
import dev.adjoint.training.metric.Goal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A run of a {@link Trainer}, which listeners may inspect and stop. */
public final class Training {

  private final Optimizer optimizer;
  private final int epochs;
  private final int batches;
  private final Map<String, Optional<Goal>> goals;
  private final @Nullable Checkpoint checkpoint;
  private final boolean resumed;
  private volatile Position position;
  private volatile @Nullable String stopReason;

  Training(
      Optimizer optimizer,
      int epochs,
      int batches,
      Map<String, Optional<Goal>> goals,
      @Nullable Checkpoint checkpoint,
      Optional<Position> loaded) {
    this.optimizer = optimizer;
    this.epochs = epochs;
    this.batches = batches;
    this.goals = goals;
    this.checkpoint = checkpoint;
    this.resumed = loaded.isPresent();
    this.position = loaded.orElse(Position.START);
  }

  /** Returns the optimizer, to read its settings. */
  public Optimizer optimizer() {
    return optimizer;
  }

  /** Returns the number of epochs after which the training ends. */
  public int epochs() {
    return epochs;
  }

  /** Returns the number of batches in an epoch. */
  public int batches() {
    return batches;
  }

  /** Returns the names of the metrics that each epoch will have, as in {@link Epoch#metrics}. */
  public Set<String> metrics() {
    return Collections.unmodifiableSet(goals.keySet());
  }

  /** Returns which values of a metric are better, if the metric knows. */
  public Optional<Goal> goal(String metric) {
    return goals.getOrDefault(metric, Optional.empty());
  }

  /** Tells whether this run continues from a checkpoint; all state was loaded. */
  public boolean isResumed() {
    return resumed;
  }

  /** Returns the position: the batch and the step that come next. */
  public Position position() {
    return position;
  }

  void moveTo(Position next) {
    position = next;
  }

  /** Returns where checkpoints are saved, if they are. */
  public Optional<Path> checkpoint() {
    return Optional.ofNullable(checkpoint).map(Checkpoint::path);
  }

  /**
   * Returns the position that was saved or loaded last, from which a run would continue, if there
   * is one.
   */
  public Optional<Position> saved() {
    return Optional.ofNullable(checkpoint).flatMap(Checkpoint::last);
  }

  /** Returns a sentence on where the same call would continue. */
  String resumption() {
    return checkpoint()
        .map(path ->
            saved()
                .map(at -> "the same call goes on at %s from %s".formatted(at.in(batches), path))
                .orElse("nothing has been saved to %s yet".formatted(path)))
        .orElse("there is no checkpoint");
  }

  /** Tells whether there is a checkpoint, and it is of this position already. */
  boolean isSaved() {
    return checkpoint != null && saved().equals(Optional.of(position));
  }

  /**
   * Saves a checkpoint, if there is one and it is not of this position already, even while the
   * thread is being interrupted.
   */
  void save() {
    if (checkpoint == null || isSaved()) {
      return;
    }
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted(); // which would close the file
        try {
          checkpoint.save(position);
          return;
        } catch (ClosedByInterruptException e) {
          interrupted = true;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be saved: %s".formatted(checkpoint.path(), e), e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends the training after this step or epoch. */
  public void stop(String reason) {
    stopReason = reason;
  }

  /** Returns why the training ends early, if it does. */
  public Optional<String> stopReason() {
    return Optional.ofNullable(stopReason);
  }

  boolean isStopped() {
    return stopReason != null;
  }

  /** Returns the position, and the number of epochs. */
  @Override
  public String toString() {
    return "Training at %s of %s epochs".formatted(position.in(batches), epochs);
  }
}
