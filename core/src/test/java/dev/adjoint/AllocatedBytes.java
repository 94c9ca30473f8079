package dev.adjoint;

import java.lang.reflect.Method;
import java.util.concurrent.locks.LockSupport;

/** Counts what a thread allocates: a measure of work that needs no clock. */
public final class AllocatedBytes {

  // By reflection, since the module under test has no business with the management module.
  private static final Object THREADS;
  private static final Method ALLOCATED_BYTES;

  static {
    try {
      THREADS =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      ALLOCATED_BYTES =
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes");
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Longer than the JIT takes for a loop on a machine that has much else to do. */
  public static final long PATIENCE_NANOS = 120_000_000_000L;

  private AllocatedBytes() {}

  /**
   * Returns what a call allocates once it is compiled: repeats it until that is less than a limit,
   * or patience ends. Until C2 has compiled a loop over vectors they are objects, for as long as
   * the machine is busy; what stays on the heap then stays there forever.
   */
  public static long ofCompiled(Runnable call, long limit) {
    long start = System.nanoTime();
    while (true) {
      long before = ofThisThread();
      call.run();
      long allocated = ofThisThread() - before;
      if (allocated < limit || System.nanoTime() - start > PATIENCE_NANOS) {
        return allocated;
      }
      LockSupport.parkNanos(1_000_000); // leaves the CPU to the JIT
    }
  }

  /** Returns the bytes that the current thread has allocated so far. */
  public static long ofThisThread() {
    try {
      return (long) ALLOCATED_BYTES.invoke(THREADS);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
