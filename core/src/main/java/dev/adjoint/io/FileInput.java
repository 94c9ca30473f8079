package dev.adjoint.io;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
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

  /**
   * Unpacks gzip (<a href="https://www.rfc-editor.org/rfc/rfc1952">RFC 1952</a>): members one after
   * the other, of which the content is checked, and perhaps zeros behind them.
   *
   * <p>Unlike {@link java.util.zip.GZIPInputStream}, this takes empty members one by one, not each
   * inside the one before, and does not take a damaged member for the end.
   */
  private static final class Gunzip extends InputStream {

    private static final int HAS_HEADER_CHECKSUM = 2;
    private static final int HAS_EXTRA = 4;
    private static final int HAS_NAME = 8;
    private static final int HAS_COMMENT = 16;

    private final PushbackInputStream in;
    private final long packed;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 checksum = new CRC32();
    private final byte[] buffer = new byte[1 << 13];

    /** How much of the buffer was given to the inflater. */
    private int filled;

    private long unpacked;
    private boolean inMember;

    /**
     * Unpacks a stream.
     *
     * @param packed how many bytes it has
     */
    Gunzip(InputStream in, long packed) throws IOException {
      this.in = new PushbackInputStream(in, buffer.length);
      this.packed = packed;
      startMember();
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int n) throws IOException {
      while (n > 0) {
        if (!inMember && !startNextMember()) {
          return -1;
        }
        int count = inflate(bytes, from, n);
        if (count > 0) {
          checksum.update(bytes, from, count);
          unpacked += count;
          if (unpacked > FileInput.limit(packed)) {
            throw new ZipException(FileInput.refusal(packed));
          }
          return count;
        }
        if (inflater.finished()) {
          endMember();
        } else if (inflater.needsDictionary()) {
          throw new ZipException("a dictionary, which gzip does not have");
        } else {
          filled = in.read(buffer);
          if (filled < 0) {
            throw endsTooSoon();
          }
          inflater.setInput(buffer, 0, filled);
        }
      }
      return 0;
    }

    @Override
    public void close() throws IOException {
      inflater.end();
      in.close();
    }

    private int inflate(byte[] bytes, int from, int n) throws ZipException {
      try {
        return inflater.inflate(bytes, from, n);
      } catch (DataFormatException e) {
        throw new ZipException(String.valueOf(e.getMessage()));
      }
    }

    /** Begins the next member, unless there are only zeros, as tapes have them, or nothing. */
    private boolean startNextMember() throws IOException {
      int next = in.read();
      while (next == 0) {
        next = in.read();
      }
      if (next < 0) {
        return false;
      }
      in.unread(next);
      startMember();
      return true;
    }

    private void startMember() throws IOException {
      if (take(2) != 0x8b1f || take(1) != 8) {
        throw new ZipException("no member of a gzip file");
      }
      int flags = (int) take(1);
      take(6); // time, kind of packing, system
      for (long extra = (flags & HAS_EXTRA) == 0 ? 0 : take(2); extra > 0; extra--) {
        take(1);
      }
      for (int text : new int[] {HAS_NAME, HAS_COMMENT}) {
        while ((flags & text) != 0 && take(1) != 0) {
          // up to the zero at its end
        }
      }
      take((flags & HAS_HEADER_CHECKSUM) == 0 ? 0 : 2);
      inflater.reset();
      checksum.reset();
      inMember = true;
    }

    private void endMember() throws IOException {
      in.unread(buffer, filled - inflater.getRemaining(), inflater.getRemaining());
      long length = inflater.getBytesWritten() & 0xffffffffL;
      if (take(4) != checksum.getValue() || take(4) != length) {
        throw new ZipException("the checksum is wrong");
      }
      inMember = false;
    }

    /** Returns the next bytes as a little-endian number. */
    private long take(int n) throws IOException {
      long value = 0;
      for (int i = 0; i < n; i++) {
        int next = in.read();
        if (next < 0) {
          throw endsTooSoon();
        }
        value |= (long) next << 8 * i;
      }
      return value;
    }

    private static EOFException endsTooSoon() {
      return new EOFException("the gzip file ends too soon");
    }
  }
}
