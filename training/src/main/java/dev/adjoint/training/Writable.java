package dev.adjoint.training;

import dev.adjoint.io.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells before a training whether a file can be written after it. */
final class Writable {

  private Writable() {}

  /**
   * Tries to write beside a file, and leaves nothing but its directory.
   *
   * @throws UncheckedIOException naming the file and the reason
   */
  static void require(Path file) {
    try {
      if (Files.isDirectory(file)) {
        throw new FileSystemException(file.toString(), null, "a directory");
      }
      AtomicFile.createDirectoryOf(file);
      Path directory = file.toAbsolutePath().getParent();
      Files.delete(Files.createTempFile(directory, ".", ".tmp"));
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be written: %s".formatted(file, e), e);
    }
  }
}
