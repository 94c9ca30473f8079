import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Derives the double classes of the kernels from their float classes: {@code Float*.java} to {@code Double*.java}. */
final class DeriveSources {

  public static void main(String[] args) throws IOException {
    Path sources = Path.of(args[0]);
    Path target = Path.of(args[1]);
    List<Path> floats;
    try (Stream<Path> files = Files.walk(sources.resolve("dev/adjoint/kernel"))) {
      floats = files.filter(f -> f.getFileName().toString().startsWith("Float")).sorted().toList();
    }
    for (Path source : floats) {
      String name = source.getFileName().toString().replaceFirst("^Float", "Double");
      Path out = target.resolve(sources.relativize(source)).resolveSibling(name);
      String text = Files.readString(source)
          .replace("Float", "Double")
          .replaceAll("\\bfloat\\b", "double")
          .replaceAll("(?<![\\w.])(\\d+(?:\\.\\d+)?(?:e-?\\d+)?)f\\b", "$1d");
      write(out, text);
    }
  }

  private static void write(Path out, String text) throws IOException {
    if (Files.exists(out) && Files.readString(out).equals(text)) {
      return; // an unchanged time stamp keeps incremental builds incremental
    }
    Files.createDirectories(out.getParent());
    Files.writeString(out, text);
  }
}
