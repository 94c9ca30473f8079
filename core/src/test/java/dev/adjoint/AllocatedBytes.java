package dev.adjoint;

import java.lang.reflect.Method;

/** Counts the bytes that a thread has taken from the heap. */
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

  private AllocatedBytes() {}

  /** Returns how many bytes the calling thread has taken so far. */
  public static long ofThisThread() {
    try {
      return (long) ALLOCATED_BYTES.invoke(THREADS);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
