package dev.adjoint.io;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.zip.ZipException;

/**
 * A buffered stream of a file, decompressed if it is gzip. All failures name the file, and a packed
 * file that is damaged ends in a {@link ZipException} or an {@link java.io.EOFException}.
 *
 * <p>Decompressed content may be 100 times as large as the file, or 64 MiB if that is more; more is
 * refused, since the file may have been made to fill the memory.
 */
public final class FileInput extends FilterInputStream {

  private static final int GZIP_MAGIC = 0x1f8b;
  private static final long MOST_TIMES = 100;

  /** A small file may unpack to this much, however small it is. */
  private static final long ALWAYS_ALLOWED = 1L << 26;

  private final long mostBytes;

  private FileInput(InputStream in, long mostBytes) {
    super(in);
    this.mostBytes = mostBytes;
  }

  /**
   * Opens a file.
   *
   * @throws FileSystemException if it is a directory or cannot be opened
   */
  public static FileInput open(Path file) throws IOException {
    NamedFile.Input opened = NamedFile.newInputStream(file);
    try {
      long size = opened.size();
      InputStream in = new BufferedInputStream(opened);
      in.mark(2);
      boolean packed = (in.read() << 8 | in.read()) == GZIP_MAGIC;
      in.reset();
      return packed
          ? new FileInput(new BufferedInputStream(new Gunzip(in, size)), limit(size))
          : new FileInput(in, size);
    } catch (Throwable e) {
      try (opened) {
        throw e;
      }
    }
  }

  /** Returns how many bytes there are at most. */
  public long mostBytes() {
    return mostBytes;
  }

  /** Returns how many bytes a packed file of a size may become. */
  public static long limit(long packed) {
    return Math.max(ALWAYS_ALLOWED, packed * MOST_TIMES);
  }

  /** Returns why a packed file of a size that becomes more is refused. */
  static String refusal(long packed) {
    return "%d bytes unpack to more than %d, which is 100 times as many or 64 MiB; unpack the file first if you trust it"
        .formatted(packed, limit(packed));
  }
}
