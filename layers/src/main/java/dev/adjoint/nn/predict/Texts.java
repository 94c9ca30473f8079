package dev.adjoint.nn.predict;

import static java.util.stream.Collectors.joining;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;

/** Checks texts that files hold, and shows in messages those that strangers wrote. */
final class Texts {

  private static final int MOST_QUOTED = 100;
  private static final int MOST_LISTED = 20;
  private static final int LONGEST_LINE = 1000;

  private Texts() {}

  /** Tells whether a text can be written as a line, and read as the same. */
  static boolean isLine(String text) {
    return !text.isEmpty()
        && text.length() <= LONGEST_LINE
        && text.lines().count() == 1
        && text.strip().length() == text.length();
  }

  /** Throws if a text is none. */
  static void requireLine(String what, String text) {
    if (text.length() > LONGEST_LINE) {
      throw new IllegalArgumentException(
          "%s: %s of %d characters; expected at most %d"
              .formatted(what, quoted(text), text.length(), LONGEST_LINE));
    }
    if (!isLine(text)) {
      throw new IllegalArgumentException(
          "%s: '%s'; expected a text on one line, without white space at its ends"
              .formatted(what, text));
    }
  }

  /** Returns names that can be written as lines, and are told apart. */
  static List<String> lines(String what, String... names) {
    List<String> lines = List.of(names);
    HashSet<String> known = new HashSet<>();
    for (String name : lines) {
      requireLine(what, name);
      if (!known.add(name)) {
        throw new IllegalArgumentException(
            "%s: '%s' is there twice; expected each once".formatted(what, name));
      }
    }
    return lines;
  }

  /** Returns a text in quotes, cut where it is long. */
  static String quoted(String text) {
    String shown = text.length() <= MOST_QUOTED ? text : text.substring(0, MOST_QUOTED) + "...";
    return "'" + printable(shown) + "'";
  }

  /** Returns texts with commas between, of many only the first. */
  static String listed(Collection<String> texts) {
    String first = texts.stream().limit(MOST_LISTED).map(Texts::quoted).collect(joining(", "));
    return texts.size() <= MOST_LISTED
        ? first
        : "%s and %d more".formatted(first, texts.size() - MOST_LISTED);
  }

  private static String printable(String text) {
    return text.replaceAll("\\p{C}", "?");
  }
}
