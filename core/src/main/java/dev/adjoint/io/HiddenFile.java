package dev.adjoint.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The file that a writer fills before it takes the place of another: {@code .name.random.tmp} in
 * the same directory. The writer holds a lock on it, which ends with its process, so that a file
 * without a lock is one that a killed writer left over (ADR 25).
 */
final class HiddenFile implements Closeable {

  private static final String SUFFIX = ".tmp";

  /**
   * The byte that is locked: far from the content, since on Windows nobody reads what is locked.
   */
  static final long LOCKED = Long.MAX_VALUE - 1;

  /**
   * The names of the files that this process writes. They must not be opened to look for a lock:
   * POSIX ends all locks of a process on a file when the process closes it once.
   */
  private static final Set<String> OWN = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final FileChannel channel;

  private HiddenFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

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

  /** Returns where the file is. */
  Path path() {
    return path;
  }

  /** Returns what the content is written to. */
  FileChannel channel() {
    return channel;
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
