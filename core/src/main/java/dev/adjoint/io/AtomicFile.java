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
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;

/**
 * Writes files atomically: a reader finds the old content or all of the new one, even after a crash
 * of the machine.
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

  /** How long the last attempt is waited for; all of them take twice as long. */
  static final long MAX_WAIT_MILLIS = 1024;

  private static final int BUFFER = 1 << 16;

  private AtomicFile() {}

  /**
   * Writes a file, or replaces it; its permissions stay, and so does its owner where the system
   * lets us. A symbolic link is replaced, not followed. What an earlier writer left over that was
   * killed in the middle is removed.
   *
   * @throws IOException naming the file if it cannot be written, or what the content throws; the
   *     old file is then untouched, and nothing is left of the new one
   */
  public static void write(Path path, Content content) throws IOException {
    Path target = path.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null) {
      throw new FileSystemException(path.toString(), null, "a root, not a file");
    }
    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileSystemException(path.toString(), null, "is a directory; expected a file");
    }
    HiddenFile.removeLeftovers(directory, target);
    try (HiddenFile hidden = HiddenFile.create(target)) {
      writeAndForce(hidden, target, content);
      retry(
          MAX_WAIT_MILLIS, () -> Files.move(hidden.path(), target, StandardCopyOption.ATOMIC_MOVE));
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

  private static void writeAndForce(HiddenFile hidden, Path target, Content content)
      throws IOException {
    keepOwnerAndPermissions(target, hidden.path());
    OutputStream out =
        new BufferedOutputStream(
            NamedFile.writing(hidden.path(), Channels.newOutputStream(hidden.channel())), BUFFER);
    content.writeTo(out);
    out.flush();
    NamedFile.naming(
        hidden.path(),
        () -> {
          hidden.channel().force(true);
          return target;
        });
  }

  private static void keepOwnerAndPermissions(Path from, Path to) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(to, PosixFileAttributeView.class);
    if (view == null || !Files.exists(from)) {
      return;
    }
    PosixFileAttributes old = Files.readAttributes(from, PosixFileAttributes.class);
    PosixFileAttributes mine = view.readAttributes();
    try {
      if (!old.group().equals(mine.group())) {
        view.setGroup(old.group());
      }
      if (!old.owner().equals(mine.owner())) {
        view.setOwner(old.owner());
      }
    } catch (FileSystemException e) {
      // Only an administrator gives files away; the content is what whoever runs this wrote.
    }
    view.setPermissions(old.permissions());
  }

  /**
   * Renames, again and again for a while if the old file is held: Windows does not replace a file
   * that someone has open.
   */
  static void retry(long maxWaitMillis, NamedFile.Action<?> rename) throws IOException {
    for (long wait = 1; ; wait *= 2) {
      try {
        rename.run();
        return;
      } catch (FileSystemException e) {
        // The latter is how Windows reports a sharing violation; subclasses say something else.
        boolean held =
            e instanceof AccessDeniedException || e.getClass() == FileSystemException.class;
        if (!held || wait > maxWaitMillis) {
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
