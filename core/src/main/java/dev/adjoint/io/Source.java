package dev.adjoint.io;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * A file that is read from its first byte to its last, with the number of bytes that are left, to
 * be compared before memory is allocated.
 */
final class Source {

  private final String file;
  private final InputStream in;
  private final long size;
  private long position;
  private long claimed;

  /**
   * Reads from a stream.
   *
   * @param file its name in messages
   * @param size the number of bytes that the stream has
   */
  Source(String file, InputStream in, long size) {
    this.file = file;
    this.in = in;
    this.size = size;
  }

  interface Format<T> {
    T read(Source source) throws IOException;
  }

  static <T> T read(Path file, Format<T> format) throws IOException {
    try (NamedFile.Input in = NamedFile.newInputStream(file)) {
      return format.read(new Source(file.toString(), in, in.size()));
    }
  }

  /** Reads a stream to its end, and all of it before the first look at it. */
  static <T> T read(InputStream in, Format<T> format) throws IOException {
    byte[] all = in.readAllBytes();
    return format.read(new Source("the stream", new ByteArrayInputStream(all), all.length));
  }

  long position() {
    return position;
  }

  long remaining() {
    return size - position;
  }

  /**
   * Takes note of the memory for a tensor, before it is allocated.
   *
   * @throws TensorFormatException if the tensors of this source take more than the JVM may use
   */
  void claimMemory(long bytes, String what) throws TensorFormatException {
    long most = Runtime.getRuntime().maxMemory();
    if (bytes > most - claimed) {
      throw unsupported(
          position,
          "%s takes %d MB of memory, and what was read before %d; expected at most %d in all, which is what the JVM may use (-Xmx)"
              .formatted(what, bytes >> 20, claimed >> 20, most >> 20));
    }
    claimed += bytes;
  }

  long claimedMemory() {
    return claimed;
  }

  /** Reads the next bytes, of which {@code what} consists. */
  byte[] bytes(int n, String what) throws IOException {
    if (n > remaining()) {
      throw refuse("%s takes %d bytes, but the file ends after %d".formatted(what, n, remaining()));
    }
    byte[] bytes = new byte[n];
    read(bytes, n);
    return bytes;
  }

  /** Reads the next bytes, or fewer if fewer are left. */
  byte[] next(int n) throws IOException {
    return bytes((int) Math.min(n, remaining()), "the start");
  }

  /** Reads the next bytes, of which {@code what} consists, as little-endian numbers. */
  ByteBuffer littleEndian(int n, String what) throws IOException {
    return ByteBuffer.wrap(bytes(n, what)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads the next bytes, whose number was compared with {@link #remaining()}, into an array. */
  void read(byte[] target, int n) throws IOException {
    int got = in.readNBytes(target, 0, n);
    if (got < n) {
      throw refuse("the data ends after %d more bytes; expected %d".formatted(got, remaining()));
    }
    position += n;
  }

  /** Goes on at a later position, which was compared with the size. */
  void skipTo(long target) throws IOException {
    in.skipNBytes(target - position);
    position = target;
  }

  /** Throws unless everything has been read. */
  void end(String what) throws TensorFormatException {
    if (remaining() > 0) {
      throw refuse("%d bytes follow %s; expected none".formatted(remaining(), what));
    }
  }

  /** Returns the exception that refuses what comes next. */
  TensorFormatException refuse(String reason) {
    return refuse(position, reason);
  }

  /** Returns the exception that refuses what is at a position. */
  TensorFormatException refuse(long at, String reason) {
    return new TensorFormatException(file, at, reason, false);
  }

  /** Returns the exception for well-formed content that no tensor here can hold. */
  TensorFormatException unsupported(long at, String reason) {
    return new TensorFormatException(file, at, reason, true);
  }
}
