package dev.adjoint.examples.text;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Holds a text to learn from and one to be judged by: the last tenth of each document.
 *
 * @param source what they are, for people
 */
public record Corpus(String source, String training, String validation) {

  private static final int SHORTEST = 1000;
  private static final int LONGEST = 5_000_000;

  /** Says in one line why a text cannot be learned from. */
  public static final class UnusableTextException extends IOException {
    private UnusableTextException(String message) {
      super(message);
    }
  }

  /**
   * Reads the documentation of the project in which a directory lies: README.md and its like, and
   * all of docs.
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
    StringBuilder training = new StringBuilder();
    StringBuilder validation = new StringBuilder();
    List<Path> documents = documents(root);
    for (Path document : documents) {
      split(read(document), training, validation);
    }
    return new Corpus(
        "the %d documents of %s".formatted(documents.size(), root.getFileName()),
        training.toString(),
        validation.toString());
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
    StringBuilder training = new StringBuilder();
    StringBuilder validation = new StringBuilder();
    split(text, training, validation);
    return new Corpus(file.toString(), training.toString(), validation.toString());
  }

  private static List<Path> documents(Path root) throws IOException {
    try (Stream<Path> top = Files.list(root);
        Stream<Path> docs = Files.walk(root.resolve("docs"))) {
      return Stream.concat(
              top.filter(file ->
                  file.endsWith("README.md")
                      || file.endsWith("ARCHITECTURE.md")
                      || file.endsWith("CONTRIBUTING.md")),
              docs.filter(file -> file.toString().endsWith(".md")))
          .sorted()
          .toList();
    }
  }

  private static void split(String text, StringBuilder training, StringBuilder validation) {
    int end = text.length() - text.length() / 10;
    training.append(text, 0, end);
    validation.append(text, end, text.length());
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
