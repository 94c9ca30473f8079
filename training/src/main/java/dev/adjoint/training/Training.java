package dev.adjoint.training;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Is one run of a training, which its listeners look at and may stop. */
public final class Training {

  private final int epochs;
  private final int batches;
  private final @Nullable Checkpoint checkpoint;
  private volatile Position position;
  private volatile @Nullable String stopReason;

  Training(int epochs, int batches, @Nullable Checkpoint checkpoint, Position position) {
    this.epochs = epochs;
    this.batches = batches;
    this.checkpoint = checkpoint;
    this.position = position;
  }

  /** Returns the number of epochs after which the training ends. */
  public int epochs() {
    return epochs;
  }

  /** Returns the number of batches in an epoch. */
  public int batches() {
    return batches;
  }

  /** Returns what comes next. */
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

  /** Returns the position to go on from that was saved or loaded last, if one was. */
  public Optional<Position> saved() {
    return Optional.ofNullable(checkpoint).flatMap(Checkpoint::last);
  }

  void save() {
    if (checkpoint != null) {
      try {
        checkpoint.save(position);
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
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
}
