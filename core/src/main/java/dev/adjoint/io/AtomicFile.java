package dev.adjoint.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes files of which nobody ever sees a part: whoever opens the path finds the old content or
 * all of the new one, even after a crash of the machine.
 *
 * <p>The content goes to a hidden file in the same directory, is forced to the disk, and then takes
 * the place of the old file by being renamed.
 */
public final class AtomicFile {

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /** Writes the content to a buffered stream, which may be closed or left open. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** Renames a file. */
  @FunctionalInterface
  interface Rename {
    void run() throws IOException;
  }

  /** How long the last attempt is waited for; all of them take twice as long. */
  private static final long MAX_WAIT_MILLIS = 1024;

  private static final int BUFFER = 1 << 16;

  private AtomicFile() {}

  /**
   * Writes a file, or replaces it; its permissions stay. A symbolic link is replaced, not followed.
   *
   * @throws IOException if the content throws one, or the file cannot be written; the old file is
   *     then untouched, and nothing is left of the new one
   */
  public static void write(Path path, Content content) throws IOException {
    Path target = path.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null) {
      throw new FileSystemException(path.toString(), null, "a root, not a file");
    }
    String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
    Path hidden = directory.resolve(".%s.%s.tmp".formatted(target.getFileName(), random));
    try {
      writeAndForce(hidden, target, content);
      retry(() -> Files.move(hidden, target, StandardCopyOption.ATOMIC_MOVE));
    } catch (Throwable e) {
      try {
        Files.deleteIfExists(hidden);
      } catch (IOException failure) {
        e.addSuppressed(failure);
      }
      throw e;
    }
    forceDirectory(directory);
  }

  /** Creates the directory that a file is to be written to, unless it is there. */
  public static void createDirectoryOf(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
  }

  private static void writeAndForce(Path hidden, Path target, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(hidden, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      keepPermissions(target, hidden);
      OutputStream out =
          new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER) {
            @Override
            public void close() throws IOException {
              flush(); // the channel is closed after it was forced
            }
          };
      content.writeTo(out);
      out.flush();
      channel.force(true);
    }
  }

  private static void keepPermissions(Path from, Path to) throws IOException {
    PosixFileAttributeView old = Files.getFileAttributeView(from, PosixFileAttributeView.class);
    if (old != null && Files.exists(from)) {
      Files.setPosixFilePermissions(to, old.readAttributes().permissions());
    }
  }

  /**
   * Renames, again and again for two seconds while the old file is held: Windows does not replace a
   * file that someone has open.
   */
  static void retry(Rename rename) throws IOException {
    for (long wait = 1; ; wait *= 2) {
      try {
        rename.run();
        return;
      } catch (FileSystemException e) {
        // The latter is how Windows reports a sharing violation; subclasses say something else.
        boolean held =
            e instanceof AccessDeniedException || e.getClass() == FileSystemException.class;
        if (!held || wait > MAX_WAIT_MILLIS) {
          throw e;
        }
      }
      try {
        Thread.sleep(wait);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while another program held the file");
      }
    }
  }

  /** Makes the new name itself survive a crash, where the system can do that. */
  private static void forceDirectory(Path directory) {
    try (FileChannel channel = FileChannel.open(directory)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows opens no directories, and some file systems force none: the file is whole anyway.
    }
  }
}
