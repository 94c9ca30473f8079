package dev.adjoint.benchmarks;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/** Unpacks libtorch as the PyTorch project builds it, from the jar that DJL publishes it in. */
final class Libraries {

  private static final String JAR = "pytorch-native-cpu";

  private Libraries() {}

  /** Returns a directory with the libraries, or nothing if no such jar is on the class path. */
  static Optional<Path> unpacked(Path directory) throws IOException {
    Optional<String> jar =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(path -> Path.of(path).getFileName().toString().startsWith(JAR))
            .findFirst();
    if (jar.isEmpty()) {
      return Optional.empty();
    }
    Files.createDirectories(directory);
    try (JarFile file = new JarFile(jar.get())) {
      for (JarEntry entry : Collections.list(file.entries())) {
        if (entry.getName().startsWith("pytorch/cpu/") && !entry.isDirectory()) {
          unpack(file, entry, directory.resolve(Path.of(entry.getName()).getFileName()));
        }
      }
    }
    return Optional.of(directory);
  }

  private static void unpack(JarFile file, JarEntry entry, Path target) throws IOException {
    if (Files.exists(target) && Files.size(target) == entry.getSize()) {
      return;
    }
    try (InputStream in = file.getInputStream(entry)) {
      Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
