package dev.adjoint.spark;

import com.google.common.base.Throwables;
import com.google.common.util.concurrent.Uninterruptibles;
import dev.adjoint.training.data.DataFormatException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** What goes wrong in a task, told to the caller as if there were no cluster. */
final class Failures {

  private Failures() {}

  /**
   * Runs jobs.
   *
   * @throws IllegalArgumentException if a task finds data that are not what they should be
   * @throws CancellationException if the thread was interrupted; it still is then
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
      throwIfInterrupted(operation, e);
      Throwables.throwIfUnchecked(e);
      throw new IllegalStateException(operation + ": " + e.getMessage(), e);
    }
  }

  /**
   * Throws a CancellationException if a wait for Spark was interrupted; the thread still is then.
   */
  static void throwIfInterrupted(String operation, Exception e) {
    if (Throwables.getCausalChain(e).stream().anyMatch(InterruptedException.class::isInstance)) {
      Thread.currentThread().interrupt();
      throw (CancellationException)
          new CancellationException(operation + ": the thread was interrupted").initCause(e);
    }
  }

  /** Returns what comes of a job, or cancels it if the thread is interrupted. */
  static <T> T cancellable(Future<T> job) throws InterruptedException {
    try {
      return job.get();
    } catch (InterruptedException e) {
      job.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      throw thrown(e);
    }
  }

  /**
   * Returns what comes of a job, even while the thread is being interrupted.
   *
   * @throws RuntimeException that was thrown on an executor
   */
  static <T> T await(Future<T> job) {
    try {
      return Uninterruptibles.getUninterruptibly(job);
    } catch (ExecutionException e) {
      throw thrown(e);
    }
  }

  /** Returns what was thrown on an executor, if that is what a job failed of. */
  private static RuntimeException thrown(ExecutionException e) {
    Throwable failure = Objects.requireNonNullElse(e.getCause(), e);
    if (failure.getCause() instanceof RuntimeException cause) {
      cause.addSuppressed(failure);
      return cause;
    }
    Throwables.throwIfUnchecked(failure);
    return new IllegalStateException("Spark: " + failure.getMessage(), failure);
  }
}
