import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Derives the kernels that differ from a hand-written class only in the type of an operand.
 *
 * <ul>
 *   <li>{@code Float*.java} becomes {@code Double*.java}, unless that class is written by hand too.
 *   <li>{@code portable/X.java}, where X is written in terms of {@code FloatLanes} alone, becomes {@code vector/X.java}:
 *       its functions of a value become functions of a vector of values.
 * </ul>
 */
final class DeriveSources {

  private static final String PORTABLE = "dev/adjoint/kernel/portable";
  private static final String VECTOR = "dev/adjoint/kernel/vector";

  /** What marks a class as written in terms of the lanes' operations. */
  private static final String LANEWISE = "import static dev.adjoint.kernel.portable.FloatLanes.";

  /** Double functions that need these stay scalar: they come from StrictMath, one value at a time. */
  private static final String ELEMENTARY = "FloatElementary";

  /** A number or a named constant, where it is used in a function's body. */
  private static final Pattern CONSTANT = Pattern.compile("(?<![\\w.])(-?\\d[\\d.]*(?:e-?\\d+)?f|[A-Z][A-Z0-9_]+)\\b(?!\\()");

  public static void main(String[] args) throws IOException {
    Path sources = Path.of(args[0]);
    Path target = Path.of(args[1]);
    for (Path source : floatSources(sources.resolve("dev/adjoint/kernel"))) {
      Path name = sources.relativize(source);
      String text = Files.readString(source);
      Path twin = name.resolveSibling(name.getFileName().toString().replaceFirst("^Float", "Double"));
      if (!Files.exists(sources.resolve(twin))) {
        write(target.resolve(twin), toDouble(text));
      }
      if (name.startsWith(PORTABLE) && text.contains(LANEWISE)) {
        write(target.resolve(VECTOR).resolve(name.getFileName()), toVector(text));
        if (!text.contains(ELEMENTARY)) {
          write(target.resolve(VECTOR).resolve(twin.getFileName()), toDouble(toVector(text)));
        }
      }
    }
  }

  private static List<Path> floatSources(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(f -> f.getFileName().toString().startsWith("Float")).sorted().toList();
    }
  }

  private static String toDouble(String text) {
    return text.replaceAll("\\(float\\) (?!\\w+\\.invokeExact)", "") // nothing to narrow
        .replace("float32", "float64")
        .replace("floatToRawIntBits", "doubleToRawLongBits")
        .replace("intBitsToFloat", "longBitsToDouble")
        .replace("IntVector", "LongVector")
        .replace("AsInts", "AsLongs")
        .replace("Float", "Double")
        .replaceAll("\\bfloat\\b", "double")
        .replaceAll("(?<![\\w.])(\\d+(?:\\.\\d+)?(?:e-?\\d+)?)f\\b", "$1d");
  }

  private static String toVector(String text) {
    StringBuilder vector = new StringBuilder();
    for (String line : text.replace("kernel.portable", "kernel.vector").split("\n", -1)) {
      boolean code = !line.contains("static final") && !line.stripLeading().matches("(/\\*|\\*|//|import).*");
      vector.append(code ? toVectorCode(line) : line).append('\n');
    }
    String imports = "import jdk.incubator.vector.FloatVector;\nimport jdk.incubator.vector.VectorMask;\n\n/**";
    return vector.toString().stripTrailing().replaceFirst("/\\*\\*", imports) + "\n";
  }

  private static String toVectorCode(String line) {
    return CONSTANT.matcher(line).replaceAll("splat($1)")
        .replaceAll("\\bfloat\\b", "FloatVector")
        .replaceAll("\\bboolean\\b", "VectorMask<Float>");
  }

  private static void write(Path out, String text) throws IOException {
    if (Files.exists(out) && Files.readString(out).equals(text)) {
      return; // an unchanged time stamp keeps incremental builds incremental
    }
    Files.createDirectories(out.getParent());
    Files.writeString(out, text);
  }
}
