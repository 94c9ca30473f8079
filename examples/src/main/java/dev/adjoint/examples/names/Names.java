package dev.adjoint.examples.names;

import dev.adjoint.tensor.Generator;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The names to train on and those to validate on, which have no name in common.
 *
 * @param source what they are, for people
 */
public record Names(String source, List<String> training, List<String> validation) {

  /** Longer names are cut. */
  public static final int LONGEST = 100;

  /** The part of all groups that is held back, as one in so many. */
  private static final int HELD_BACK = 10;

  private static final int MOST = 1_000_000;

  /** Says in one line why a file cannot be learned from. */
  public static final class UnusableFileException extends IOException {
    private UnusableFileException(String message) {
      super(message);
    }
  }

  /** Reads the names of the classes of the running JDK from its runtime image. */
  public static Names ofRunningJdk() throws IOException {
    Path modules = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules");
    try (Stream<Path> files = Files.walk(modules)) {
      List<String> classes =
          files
              .map(file -> modules.relativize(file))
              .filter(file -> file.toString().endsWith(".class"))
              .map(file -> file.subpath(1, file.getNameCount()).toString()) // without the module
              .map(file -> file.substring(0, file.length() - ".class".length()))
              .sorted()
              .toList();
      return ofClasses("the classes of JDK " + Runtime.version().feature(), classes);
    }
  }

  /**
   * Cleans and splits class names such as {@code java/util/Map$Entry}.
   *
   * <p>A name is the simple one: {@code Entry}. Anonymous classes, which have none, are left out,
   * and so are package-info and module-info; a local class {@code 1Local} loses its number. A group
   * is an outermost class with all that is nested in it.
   */
  public static Names ofClasses(String source, List<String> classes) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    for (String path : classes) {
      String binaryName = path.substring(path.lastIndexOf('/') + 1);
      int nested = binaryName.indexOf('$', 1);
      String group =
          nested < 0 ? path : path.substring(0, path.length() - binaryName.length() + nested);
      String name = simpleName(binaryName);
      if (!name.isEmpty() && !name.endsWith("-info")) {
        groups.computeIfAbsent(group, absent -> new ArrayList<>()).add(name);
      }
    }
    return split(source, List.copyOf(groups.values()));
  }

  private static String simpleName(String binaryName) {
    String last = binaryName.substring(binaryName.lastIndexOf('$') + 1);
    return last.replaceFirst("^[0-9]+", "");
  }

  /**
   * Reads a text file with one name a line; spaces around a name and empty lines do not count.
   *
   * @throws UnusableFileException if there is nothing to learn from, with the reason
   */
  public static Names ofFile(Path file) throws UnusableFileException {
    if (!Files.exists(file)) {
      throw new UnusableFileException(file + ": no such file");
    }
    if (Files.isDirectory(file)) {
      throw new UnusableFileException(file + ": is a directory; expected a text file");
    }
    Set<String> lines = new LinkedHashSet<>();
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      for (String line = readLine(reader); line != null && lines.size() < MOST; ) {
        if (line.indexOf('\0') >= 0) {
          throw new UnusableFileException(file + ": is not text: it contains a NUL character");
        }
        String name = line.strip();
        if (!name.isEmpty()) {
          lines.add(name);
        }
        line = readLine(reader);
      }
    } catch (UnusableFileException e) {
      throw e;
    } catch (CharacterCodingException e) {
      throw new UnusableFileException(file + ": is not text in UTF-8");
    } catch (IOException e) {
      throw new UnusableFileException(file + ": cannot be read: " + e.getMessage());
    }
    if (lines.size() < 2) {
      throw new UnusableFileException(
          "%s: %s; expected at least 2 different items, one a line"
              .formatted(file, lines.isEmpty() ? "is empty" : "has only one item"));
    }
    return split(file.toString(), lines.stream().map(List::of).toList());
  }

  /** Returns the next line, cut where it is too long, or null at the end. */
  private static @Nullable String readLine(BufferedReader reader) throws IOException {
    StringBuilder line = new StringBuilder();
    int c = reader.read();
    if (c < 0) {
      return null;
    }
    for (; c >= 0 && c != '\n'; c = reader.read()) {
      boolean byteOrderMark = c == 0xFEFF;
      if (!byteOrderMark && (line.length() < LONGEST || c == 0)) {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  /**
   * Holds back some of the groups, the same ones for every seed of the training. Of equal names one
   * is kept; a name on both sides belongs to the training.
   */
  private static Names split(String source, List<List<String>> groups) {
    int[] order = Generator.seeded(1).permutation(groups.size()).toArray();
    int held = Math.max(1, groups.size() / HELD_BACK);
    Set<String> validation = new LinkedHashSet<>();
    Set<String> training = new LinkedHashSet<>();
    for (int i = 0; i < order.length; i++) {
      (i < held ? validation : training).addAll(groups.get(order[i]));
    }
    validation.removeAll(training);
    return new Names(source, inOrder(training), inOrder(validation));
  }

  private static List<String> inOrder(Set<String> names) {
    List<String> sorted = new ArrayList<>(names);
    Collections.sort(sorted);
    return List.copyOf(sorted);
  }
}
