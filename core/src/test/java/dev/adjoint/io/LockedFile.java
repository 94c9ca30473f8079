package dev.adjoint.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A process that writes a hidden file until it is killed. */
final class LockedFile {

  private LockedFile() {}

  public static void main(String[] args) throws IOException {
    try (FileChannel channel =
            FileChannel.open(
                Path.of(args[0]), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        FileLock lock = channel.lock(AtomicFile.HiddenFile.LOCKED, 1, false)) {
      System.out.print(lock.isValid() ? 1 : 0);
      System.out.flush();
      System.in.read();
    }
  }
}
