package dev.adjoint.examples.names;

import dev.adjoint.optim.AdamW;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Trains a model by Adam, with a learning rate that rises for a moment and then falls to zero. */
public final class Training {

  private static final int BATCH = 512;
  private static final double HIGHEST_RATE = 4e-3;
  private static final double WARM_UP = 0.03;

  private final CharacterModel model;
  private final Windows names;
  private final Generator generator;
  private final Optimizer optimizer;
  private final int batch;
  private int[] order = {};
  private int next;

  /** Prepares the training of a model on names. */
  public Training(CharacterModel model, Windows names, Generator generator) {
    this.model = model;
    this.names = names;
    this.generator = generator;
    this.optimizer = new AdamW(model.parameters());
    this.batch = Math.min(BATCH, names.size());
  }

  /** Returns the number of positions that a step learns from. */
  public int batch() {
    return batch;
  }

  /**
   * Learns from one batch.
   *
   * @param done the part of the training that is done, from 0 to 1
   * @return the loss before the step
   */
  public double step(double done) {
    optimizer.learningRate(
        HIGHEST_RATE * Math.min(1, done / WARM_UP) * (1 + Math.cos(Math.PI * done)) / 2);
    Tensor loss = model.loss(names, nextBatch());
    optimizer.step(loss.backward());
    return loss.item();
  }

  /** Returns positions in random order; all have been seen before any is seen again. */
  private int[] nextBatch() {
    if (next + batch > order.length) {
      order = generator.permutation(names.size()).toArray();
      next = 0;
    }
    next += batch;
    return Arrays.copyOfRange(order, next - batch, next);
  }
}
