package dev.adjoint.training.data;

import java.lang.reflect.Method;

/** Counts what a thread allocates: a measure of work that needs no clock. */
final class AllocatedBytes {

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

  private AllocatedBytes() {}

  /** Returns the bytes that the current thread has allocated so far. */
  static long ofThisThread() {
    try {
      return (long) ALLOCATED_BYTES.invoke(THREADS);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
