package dev.adjoint.training;

import java.nio.file.Path;

/** Is a process that trains and saves a checkpoint after every step, until somebody kills it. */
final class KilledTraining {

  static final int EPOCHS = 200;

  private KilledTraining() {}

  /** Trains, from the checkpoint at a path if there is one. */
  public static void main(String[] args) {
    Problem problem = new Problem();
    problem
        .trainer()
        .checkpoint(checkpoint(Path.of(args[0]), problem), Integer.parseInt(args[1]))
        .listener(Progress.to(System.out, false))
        .fit(problem.loader, EPOCHS);
  }

  /** Returns the checkpoint without the trainer's own parts. */
  static Checkpoint checkpoint(Path path, Problem problem) {
    return Checkpoint.at(path).with("dropout", problem.dropout);
  }
}
