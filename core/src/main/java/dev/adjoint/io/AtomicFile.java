package dev.adjoint.io;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes files atomically: a reader finds the old content or all of the new one, even after a
 * crash.
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

  /** Renames, again for a while if the old file is held: Windows replaces no file that is open. */
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

  /**
   * The file that a writer fills before it takes the place of another: {@code .name.random.tmp} in
   * the same directory. The writer holds a lock on it, which ends with its process, so that a file
   * without a lock is one that a killed writer left over (ADR 25).
   *
   * @param channel what the content is written to
   */
  record HiddenFile(Path path, FileChannel channel) implements Closeable {

    private static final String SUFFIX = ".tmp";

    /** The byte that is locked: far from content, since on Windows nobody reads what is locked. */
    static final long LOCKED = Long.MAX_VALUE - 1;

    /**
     * The names of the files that this process writes. They must not be opened to look for a lock:
     * POSIX ends all locks of a process on a file when the process closes it once.
     */
    private static final Set<String> OWN = ConcurrentHashMap.newKeySet();

    /** Creates an empty file that is to take the place of another. */
    static HiddenFile create(Path target) throws IOException {
      while (true) {
        String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
        Path path = target.resolveSibling(prefix(target) + random + SUFFIX);
        OWN.add(name(path));
        HiddenFile file;
        try {
          file =
              new HiddenFile(
                  path,
                  FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        } catch (Throwable e) {
          OWN.remove(name(path));
          throw e;
        }
        if (file.isLocked() && Files.exists(path)) {
          return file;
        }
        file.close(); // another process took it for a leftover before it was locked
      }
    }

    /** Removes what killed writers of a file have left over, as far as that can be told. */
    static void removeLeftovers(Path directory, Path target) {
      try (DirectoryStream<Path> files =
          Files.newDirectoryStream(directory, file -> isHiddenFileOf(target, file))) {
        files.forEach(HiddenFile::removeIfUnlocked);
      } catch (IOException | DirectoryIteratorException e) {
        // They cost space and do no harm.
      }
    }

    /** Closes the file, and removes it if it has not been renamed. */
    @Override
    public void close() throws IOException {
      try (channel) {
        Files.deleteIfExists(path);
      } finally {
        OWN.remove(name(path));
      }
    }

    /** Locks the file, and tells whether it is ours; where there are no locks, all believe so. */
    private boolean isLocked() {
      try {
        return channel.tryLock(LOCKED, 1, false) != null;
      } catch (IOException e) {
        return true; // nobody else can lock it, and so nobody removes it
      }
    }

    private static void removeIfUnlocked(Path path) {
      if (OWN.contains(name(path)) || !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        return;
      }
      try (FileChannel channel =
              FileChannel.open(path, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
          FileLock lock = channel.tryLock(LOCKED, 1, false)) {
        if (lock != null) {
          Files.deleteIfExists(path);
        }
      } catch (IOException | OverlappingFileLockException e) {
        // It is not ours, or there are no locks here: it stays.
      }
    }

    /** Tells whether a name is that of a file and eight bytes in hexadecimal digits. */
    private static boolean isHiddenFileOf(Path target, Path file) {
      String name = name(file);
      String prefix = prefix(target);
      return name.startsWith(prefix)
          && name.substring(prefix.length()).matches("[0-9a-f]{1,16}\\.tmp");
    }

    private static String prefix(Path target) {
      return "." + name(target) + ".";
    }

    private static String name(Path path) {
      return String.valueOf(path.getFileName());
    }
  }
}
