package dev.adjoint.examples;

import dev.adjoint.optim.Schedule;

/** The learning rates of examples. */
final class Rates {

  private Rates() {}

  /**
   * Rises for one in so many steps, then falls along a cosine; a single step has the full rate.
   *
   * @param steps in all, at least 1
   */
  static Schedule risingAndFalling(int steps, int oneIn) {
    int rising = Math.max(1, steps / oneIn);
    return steps == 1 ? Schedule.cosine(1) : Schedule.cosine(steps - rising).warmup(rising);
  }
}
