package dev.adjoint.training.data;

/**
 * How much memory the content of one file may take. Small files can become large: a line of three
 * bytes that names one of a thousand categories is a row of a thousand numbers.
 */
final class MemoryLimit {

  private static final long BYTES_PER_MEGABYTE = 1 << 20;

  private MemoryLimit() {}

  /** Tells whether so many bytes are more than half of the memory that the JVM may use. */
  static boolean isExceededBy(long bytes) {
    return bytes > most();
  }

  /** Returns what is wrong with something that takes more. */
  static String refusal(String what, long bytes) {
    return "%s take %d MB of memory; expected at most %d, half of what the JVM may use (-Xmx)"
        .formatted(what, -Math.floorDiv(-bytes, BYTES_PER_MEGABYTE), most() / BYTES_PER_MEGABYTE);
  }

  private static long most() {
    return Runtime.getRuntime().maxMemory() / 2;
  }
}
