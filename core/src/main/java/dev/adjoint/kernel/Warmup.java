package dev.adjoint.kernel;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * Computes with portable kernels for the first moment of a program, with vector kernels after it.
 *
 * <p>Until the JIT has compiled a loop over vectors, every vector is an object and every operation
 * on it a dozen calls. A program that ends soon is spared that, and one that goes on meets it with
 * its other code compiled. The bits are the same before and after (ADR 37).
 */
final class Warmup {

  /**
   * How much CPU time, of all threads, goes by on portable kernels: on an idle machine of two
   * processors, half a second or so. A clock on the wall would run out early on a busy machine.
   */
  private static final long PORTABLE_NANOS = 1_000_000_000;

  /** How often the time is read, which takes a tenth of a millisecond. */
  private static final long PAUSE_NANOS = 50_000_000;

  private static final long START = cpuNanos();

  private final Supplier<Kernels> lasting;

  /** What is in use; a plain field, since who reads an old value computes the same bits. */
  private Kernels now;

  private boolean settled;
  private long nextLook = System.nanoTime();

  /**
   * Makes kernels that change over.
   *
   * @param lasting makes the kernels to change over to; perhaps the portable ones after all
   */
  Warmup(Kernels portable, Supplier<Kernels> lasting) {
    this.lasting = lasting;
    this.now = portable;
  }

  /** Returns what to begin an operation with. */
  Kernels kernels() {
    if (!settled && System.nanoTime() - nextLook > 0) {
      nextLook = System.nanoTime() + PAUSE_NANOS;
      if (cpuNanos() - START > PORTABLE_NANOS) {
        now = lasting.get();
        settled = true;
      }
    }
    return now;
  }

  /** Returns the CPU time of this process, or the time where it is not known. */
  private static long cpuNanos() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .map(Duration::toNanos)
        .orElseGet(System::nanoTime);
  }
}
