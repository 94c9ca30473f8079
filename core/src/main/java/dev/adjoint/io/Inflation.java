package dev.adjoint.io;

/** How large decompressed data may become, since a file may have been made to fill the memory. */
final class Inflation {

  /** The most that deflate can save: 258 bytes in two bits. */
  static final long OF_DEFLATE = 1032;

  private static final long MOST_TIMES = 100;

  /** A small file may unpack to this much, however small it is. */
  private static final long ALWAYS_ALLOWED = 1L << 26;

  private Inflation() {}

  /** Returns how many bytes a file of a size may become. */
  static long limit(long packed) {
    return Math.max(ALWAYS_ALLOWED, packed * MOST_TIMES);
  }

  /** Returns why a file of a size that becomes more is refused. */
  static String refusal(long packed) {
    return "%d bytes unpack to more than %d, which is 100 times as many or 64 MiB; unpack the file first if you trust it"
        .formatted(packed, limit(packed));
  }
}
