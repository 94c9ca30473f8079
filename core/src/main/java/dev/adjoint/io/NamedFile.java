package dev.adjoint.io;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Opens streams whose failures name their file: the system itself says only "No space left on
 * device" or "Is a directory".
 */
final class NamedFile {

  @FunctionalInterface
  interface Action<T> {
    T run() throws IOException;
  }

  private NamedFile() {}

  /** An open file that is read; it stays what it was when another takes its name. */
  static final class Input extends FilterInputStream {

    private final Path file;
    private final SeekableByteChannel channel;

    private Input(Path file, SeekableByteChannel channel) {
      super(Channels.newInputStream(channel));
      this.file = file;
      this.channel = channel;
    }

    long size() throws IOException {
      return naming(file, channel::size);
    }

    @Override
    public int read() throws IOException {
      return naming(file, in::read);
    }

    @Override
    public int read(byte[] bytes, int from, int n) throws IOException {
      return naming(file, () -> in.read(bytes, from, n));
    }
  }

  /**
   * Opens a file to read it.
   *
   * @throws FileSystemException if it is a directory or cannot be opened
   */
  static Input newInputStream(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(file.toString(), null, "is a directory; expected a file");
    }
    return new Input(file, Files.newByteChannel(file));
  }

  /** Returns a stream that writes to another, and is not closed with it. */
  static OutputStream writing(Path file, OutputStream out) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int n) throws IOException {
        naming(
            file,
            () -> {
              out.write(bytes, from, n);
              return n;
            });
      }
    };
  }

  /** Runs an action; what the system reports without a name gets one. */
  static <T> T naming(Path file, Action<T> action) throws IOException {
    try {
      return action.run();
    } catch (FileSystemException | ClosedChannelException e) {
      throw e; // has a name, or is about the thread that was interrupted
    } catch (IOException e) {
      FileSystemException named = new FileSystemException(file.toString(), null, e.getMessage());
      named.initCause(e);
      throw named;
    }
  }
}
