package dev.adjoint.spark;

import com.google.common.base.Throwables;
import dev.adjoint.training.data.DataFormatException;
import java.util.concurrent.Callable;

/** What goes wrong in a task, told to the caller as if there were no cluster. */
final class Failures {

  private Failures() {}

  /**
   * Runs jobs.
   *
   * @throws IllegalArgumentException if a task finds data that are not what they should be
   */
  static <T> T told(String operation, Callable<T> jobs) {
    try {
      return jobs.call();
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare
      for (Throwable cause : Throwables.getCausalChain(e)) {
        if (cause instanceof DataFormatException) {
          throw new IllegalArgumentException(operation + ": " + cause.getMessage(), e);
        }
      }
      Throwables.throwIfUnchecked(e);
      throw new IllegalStateException(operation + ": " + e.getMessage(), e);
    }
  }
}
