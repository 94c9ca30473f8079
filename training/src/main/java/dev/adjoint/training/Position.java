package dev.adjoint.training;

/**
 * The position of a training: the batch and step that come next.
 *
 * @param epoch the epoch, from 0
 * @param batch the batch within the epoch, from 0
 * @param step the number of steps that the optimizer has made
 */
public record Position(int epoch, int batch, int step) {

  /** The position at which every training begins. */
  public static final Position START = new Position(0, 0, 0);

  /** Checks that nothing is negative. */
  public Position {
    if (epoch < 0 || batch < 0 || step < 0) {
      throw new IllegalArgumentException(
          "Position: epoch %d, batch %d, step %d; expected at least 0 of each"
              .formatted(epoch, batch, step));
    }
  }

  /** Returns the position after a step with so many batches. */
  Position afterStep(int batches) {
    return new Position(epoch, batch + batches, step + 1);
  }

  /** Returns the position after the last batch of the epoch. */
  Position nextEpoch() {
    return new Position(epoch + 1, 0, step);
  }

  /** Returns a text for people on where this is in epochs of so many batches. */
  String in(int batches) {
    return batch < batches
        ? toString()
        : "the end of epoch %s (step %s)".formatted(epoch + 1, step);
  }

  /** Counts from 1, as people do. */
  @Override
  public String toString() {
    return "epoch %s, batch %s (step %s)".formatted(epoch + 1, batch + 1, step + 1);
  }
}
