package dev.adjoint.kernel;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * Limits how much a computation may work and allocate.
 *
 * <p>{@link Parallel} charges the estimated time of work before it begins, {@link Buffers} the size
 * of an array before it is there. Both depend on sizes only, so that what exceeds a budget does so
 * on every machine.
 */
public final class Budget {

  private static final ScopedValue<Account> ACCOUNT = ScopedValue.newInstance();

  private final Duration work;
  private final long bytes;

  /**
   * Creates a budget.
   *
   * @param work that one thread does in about this time
   * @param bytes of all elements that are allocated, whether they are still needed or not
   */
  public Budget(Duration work, long bytes) {
    if (work.isNegative() || bytes < 0) {
      throw new IllegalArgumentException(
          "budget: work of %s and %d bytes; expected at least 0 of both".formatted(work, bytes));
    }
    this.work = work;
    this.bytes = bytes;
  }

  /**
   * Computes something with all of this budget.
   *
   * @param operation what is computed, for messages
   * @throws IllegalStateException if it takes more
   */
  public <T> T limit(String operation, Supplier<T> computation) {
    return ScopedValue.where(ACCOUNT, new Account(operation, this)).call(computation::get);
  }

  /** Takes work from the budget of this thread, if there is one. */
  static void chargeWork(long estimatedNanos) {
    if (ACCOUNT.isBound()) {
      ACCOUNT.get().chargeWork(estimatedNanos);
    }
  }

  /** Takes memory from the budget of this thread, if there is one. */
  static void chargeBytes(long bytes) {
    if (ACCOUNT.isBound()) {
      ACCOUNT.get().chargeBytes(bytes);
    }
  }

  /** What is left of a budget; used by one thread. */
  private static final class Account {
    private final String operation;
    private final Budget budget;
    private double nanos;
    private double bytes;

    Account(String operation, Budget budget) {
      this.operation = operation;
      this.budget = budget;
    }

    void chargeWork(long estimatedNanos) {
      nanos += estimatedNanos;
      if (nanos > budget.work.toNanos()) {
        throw refuse("works for more than " + budget.work);
      }
    }

    void chargeBytes(long more) {
      bytes += more;
      if (bytes > budget.bytes) {
        throw refuse("allocates more than %,d bytes".formatted(budget.bytes));
      }
    }

    private IllegalStateException refuse(String reason) {
      return new IllegalStateException(
          "%s: the computation %s; expected it to be within its budget"
              .formatted(operation, reason));
    }
  }
}
