package dev.adjoint.examples.text;

import static java.util.stream.Collectors.joining;

import dev.adjoint.tensor.Generator;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A text to train on and one to validate on: the last tenth.
 *
 * @param source what they are, for people
 */
public record Corpus(String source, String training, String validation) {

  private static final int SHORTEST = 1000;
  private static final int LONGEST = 5_000_000;
  private static final Pattern COMMENT = Pattern.compile("/\\*\\*(.*?)\\*/", Pattern.DOTALL);
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9 ,;:.'-]+\\.");
  private static final Pattern WORDS = Pattern.compile("[^A-Za-z]+");
  private static final int OFTEN = 2;
  private static final Pattern TAG = Pattern.compile("\\{@\\w+ ([^}]*)}");

  /** Thrown for a text that cannot be learned from; the message is one line. */
  public static final class UnusableTextException extends IOException {
    private UnusableTextException(String message) {
      super(message);
    }
  }

  /**
   * Reads the documentation of the project in which a directory lies: the first sentence of each
   * comment that documents its code, one a line, in a random order that is always the same.
   * Formulas are left out, and what has a word that occurs nowhere else.
   */
  public static Corpus ofDocumentation(Path directory) throws IOException {
    Path root = directory.toAbsolutePath();
    while (root != null && !Files.exists(root.resolve("ARCHITECTURE.md"))) {
      root = root.getParent();
    }
    if (root == null) {
      throw new UnusableTextException(
          "%s: no ARCHITECTURE.md here or above; expected to be run inside the project, or --data FILE"
              .formatted(directory.toAbsolutePath()));
    }
    Set<String> sentences = new TreeSet<>();
    for (Path source : sources(root)) {
      COMMENT.matcher(read(source)).results().forEach(c -> sentences.add(sentence(c.group(1))));
    }
    List<String> sorted = plain(sentences);
    int[] order = Generator.seeded(1).permutation(sorted.size()).toArray();
    return split(
        String.format(Locale.ROOT, "%,d sentences of this project's documentation", order.length),
        IntStream.of(order).mapToObj(i -> sorted.get(i) + "\n").collect(joining()));
  }

  /** Returns the first sentence of a comment, without its tags. */
  private static String sentence(String comment) {
    String text =
        TAG.matcher(comment.replaceAll("\\s*\\n\\s*\\*?\\s*", " ")).replaceAll("$1").strip();
    int end = text.indexOf(". ");
    String first = end < 0 ? text : text.substring(0, end + 1);
    return PLAIN.matcher(first).matches() ? first : "";
  }

  private static List<String> plain(Set<String> sentences) {
    Map<String, Integer> counts = new HashMap<>();
    sentences.forEach(sentence ->
        WORDS.splitAsStream(sentence).forEach(word -> counts.merge(word, 1, Integer::sum)));
    return sentences.stream()
        .filter(sentence -> !sentence.isEmpty())
        .filter(sentence ->
            WORDS.splitAsStream(sentence).allMatch(word -> counts.getOrDefault(word, 0) >= OFTEN))
        .toList();
  }

  /** Reads a text file. */
  public static Corpus ofFile(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new UnusableTextException(
          "%s: %s".formatted(file, Files.exists(file) ? "is not a file" : "no such file"));
    }
    String text = read(file);
    if (text.length() < SHORTEST) {
      throw new UnusableTextException(
          "%s: has %d characters; expected at least %d".formatted(file, text.length(), SHORTEST));
    }
    return split(file.toString(), text);
  }

  private static List<Path> sources(Path root) throws IOException {
    try (Stream<Path> files = Files.find(root, 20, (file, _) -> isSource(root.relativize(file)))) {
      return files.sorted().toList();
    }
  }

  private static boolean isSource(Path file) {
    return file.getNameCount() > 4
        && file.subpath(1, 4).equals(Path.of("src", "main", "java"))
        && file.toString().endsWith(".java");
  }

  private static Corpus split(String source, String text) {
    int end = text.length() - text.length() / 10;
    return new Corpus(source, text.substring(0, end), text.substring(end));
  }

  private static String read(Path file) throws IOException {
    try {
      String text = Files.readString(file).replace("\r\n", "\n");
      return text.substring(0, Math.min(text.length(), LONGEST));
    } catch (CharacterCodingException e) {
      throw new UnusableTextException(file + ": is not text in UTF-8");
    }
  }
}
