package dev.adjoint.training;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.DataLoader;
import java.nio.file.Path;

/** Is a process that trains and saves a checkpoint after every step, until somebody kills it. */
final class KilledTraining {

  static final int EPOCHS = 1000;

  /** The validation of an epoch takes 20 seconds, in 100 batches. */
  static final String SLOW_VALIDATION = "slow validation";

  /** A listener ends the process after the fifth step. */
  static final String EXIT = "exit";

  /**
   * The last line of a process that is told to end and need not be waited for until patience ends.
   */
  static final String IN_TIME = "in time";

  private KilledTraining() {}

  /** Trains, from the checkpoint at a path if there is one; the third argument may be a mode. */
  public static void main(String[] args) {
    Problem problem = new Problem();
    Trainer<Tensor, IntTensor> trainer =
        problem
            .trainer()
            .checkpoint(checkpoint(Path.of(args[0]), problem), Integer.parseInt(args[1]))
            .listener(Progress.to(System.out, false))
            .listener(new Patience());
    String mode = args.length > 2 ? args[2] : null;
    if (SLOW_VALIDATION.equals(mode)) {
      trainer.validation(slow(problem));
    } else if (EXIT.equals(mode)) {
      trainer.listener(new Exit());
    }
    trainer.fit(problem.loader, EPOCHS);
  }

  private static DataLoader<Tensor, IntTensor> slow(Problem problem) {
    return new DataLoader<>(
        problem
            .loader
            .dataset()
            .map(batch -> {
              try {
                Thread.sleep(problem.adam.state().get("step").item() > 0 ? 200 : 0);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return batch;
            }),
        1);
  }

  private static final class Exit implements TrainingListener {
    @Override
    public void stepped(Training training, Step step) {
      if (training.position().step() == 5) {
        System.exit(3);
      }
    }
  }

  /** Tells whether whoever waits for the training before the process ends has lost patience. */
  private static final class Patience implements TrainingListener {
    @Override
    public void interrupted(Training training) {
      System.out.println(Thread.currentThread().isInterrupted() ? "too late" : IN_TIME);
    }
  }

  /** Returns the checkpoint without the trainer's own parts. */
  static Checkpoint checkpoint(Path path, Problem problem) {
    return Checkpoint.at(path).with("dropout", problem.dropout);
  }
}
