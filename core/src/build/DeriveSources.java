import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Derives the classes that differ from a hand-written class only in the type of an operand.
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

  private static final Set<Path> DERIVED = new HashSet<>();

  /** A named constant that is a value. */
  private static final Pattern NAMED = Pattern.compile("static final float (\\w+)");

  /** A method of one expression. */
  private static final Pattern METHOD =
      Pattern.compile("static \\S+ (\\w+)\\(([^)]+)\\) \\{\\s*(?:return )?([^;]*);\\s*\\}");

  private static final String IMPORTS = """
      import jdk.incubator.vector.FloatVector;
      import jdk.incubator.vector.VectorMask;
      import jdk.incubator.vector.VectorOperators;

      /**""";

  public static void main(String[] args) throws IOException {
    Path sources = Path.of(args[0]);
    Path target = Path.of(args[1]);
    Files.createDirectories(target);
    Path lanes = sources.resolve(VECTOR + "/FloatLanes.java"); // other modules have none
    Map<String, Operation> operations = Files.exists(lanes) ? Operation.allOf(Files.readString(lanes)) : Map.of();
    for (Path source : floatSources(sources)) {
      Path name = sources.relativize(source);
      String text = Files.readString(source);
      Path twin = name.resolveSibling(name.getFileName().toString().replaceFirst("^Float", "Double"));
      if (!Files.exists(sources.resolve(twin))) {
        write(target.resolve(twin), toDouble(text));
      }
      if (name.startsWith(PORTABLE) && text.contains(LANEWISE)) {
        write(target.resolve(VECTOR).resolve(name.getFileName()), toVector(text, operations));
        if (!text.contains(ELEMENTARY)) {
          write(target.resolve(VECTOR).resolve(twin.getFileName()), toDouble(toVector(text, operations)));
        }
      }
    }
    deleteOthers(target);
  }

  /** Deletes what was derived from sources that are there no more. */
  private static void deleteOthers(Path target) throws IOException {
    List<Path> others;
    try (Stream<Path> files = Files.walk(target)) {
      others = files.filter(f -> Files.isRegularFile(f) && !DERIVED.contains(f)).toList();
    }
    for (Path other : others) {
      Files.delete(other);
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

  private static String toVector(String text, Map<String, Operation> operations) {
    // a number or a named constant, where it is used in a function's body
    Pattern constant = Pattern.compile(NAMED.matcher(text).results().map(named -> "|" + named.group(1))
        .collect(Collectors.joining("", "(?<![\\w.])(-?\\d[\\d.]*(?:e-?\\d+)?f", ")\\b")));
    String vector = text.replace("kernel.portable", "kernel.vector").replaceFirst("/\\*\\*", IMPORTS).lines()
        .map(line -> line.contains("static final float") || line.stripLeading().matches("(/\\*|\\*|//).*") ? line
            : constant.matcher(line).replaceAll("splat($1)")
                .replaceAll("\\bfloat\\b(?!\\[)", "FloatVector")
                .replaceAll("\\bboolean\\b", "VectorMask<Float>"))
        .collect(Collectors.joining("\n", "", "\n"));
    return inlined(vector, operations);
  }

  /** A lane's operation that is one expression, to be written out where it is called. */
  private record Operation(List<String> parameters, String expression) {

    static Map<String, Operation> allOf(String lanes) {
      return METHOD.matcher(lanes).results().collect(Collectors.toMap(
          method -> method.group(1),
          method -> new Operation(
              Stream.of(method.group(2).split(", ")).map(p -> p.split(" ")[1]).toList(),
              method.group(3))));
    }

    String applied(List<String> arguments) {
      return Pattern.compile("(?<!\\.)\\b(" + String.join("|", parameters) + ")\\b").matcher(expression)
          .replaceAll(p -> Matcher.quoteReplacement(arguments.get(parameters.indexOf(p.group()))));
    }
  }

  private static String inlined(String text, Map<String, Operation> operations) {
    StringBuilder out = new StringBuilder();
    Matcher call = Pattern.compile("(?<![\\w.])(" + String.join("|", operations.keySet()) + ")\\(").matcher(text);
    int done = 0;
    while (call.find(done)) {
      List<String> arguments = new ArrayList<>();
      int at = call.end();
      for (int start = at, depth = 1; depth > 0; at++) {
        char c = text.charAt(at);
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth == 0 || depth == 1 && c == ',') {
          arguments.add(inlined(text.substring(start, at).strip(), operations));
          start = at + 1;
        }
      }
      out.append(text, done, call.start()).append(operations.get(call.group(1)).applied(arguments));
      done = at;
    }
    return out.append(text.substring(done)).toString();
  }

  private static void write(Path out, String text) throws IOException {
    DERIVED.add(out);
    if (Files.exists(out) && Files.readString(out).equals(text)) {
      return; // an unchanged time stamp keeps incremental builds incremental
    }
    Files.createDirectories(out.getParent());
    Files.writeString(out, text);
  }
}
