package dev.adjoint.kernel;

import java.util.function.Supplier;

/**
 * Computes with portable kernels for the first moment of a program, with vector kernels after it.
 *
 * <p>Until the JIT has compiled a loop over vectors, every vector is an object and every operation
 * on it a dozen calls. A program that ends soon is spared that, and one that goes on meets it with
 * its other code compiled. The bits are the same before and after (ADR 37).
 */
final class Warmup {

  /** How long portable kernels are used, from the first operation on either type. */
  private static final long PORTABLE_NANOS = 1_000_000_000;

  private static final long START = System.nanoTime();

  private final Kernels portable;
  private final Supplier<Kernels> lasting;

  /** What is in use; a plain field, since who reads an old value computes the same bits. */
  private Kernels now;

  /**
   * Makes kernels that change over.
   *
   * @param lasting makes the kernels to change over to; perhaps the portable ones after all
   */
  Warmup(Kernels portable, Supplier<Kernels> lasting) {
    this.portable = portable;
    this.lasting = lasting;
    this.now = portable;
  }

  /** Returns what to begin an operation with. */
  Kernels kernels() {
    if (now == portable && System.nanoTime() - START > PORTABLE_NANOS) {
      now = lasting.get();
    }
    return now;
  }
}
