package dev.adjoint.io;

import static java.util.stream.Collectors.joining;

import java.util.Collection;

/**
 * Quotes text of files in messages: escaped, so that terminals and logs do not interpret it, and
 * cut, so that a file of megabytes does not make a message of megabytes.
 */
public final class Quoted {

  private static final int MAX_TEXT = 100;
  private static final int MAX_ITEMS = 10;
  private static final int MAX_MESSAGE = 2000;

  private Quoted() {}

  /** Returns a text in single quotes, at most 100 characters of it. */
  public static String text(String text) {
    return "'" + shown(text, MAX_TEXT) + "'";
  }

  /** Returns texts in single quotes, the first ten of them. */
  public static String list(Collection<String> texts) {
    return texts.stream().limit(MAX_ITEMS).map(Quoted::text).collect(joining(", ", "[", ""))
        + (texts.size() > MAX_ITEMS ? " and %d more]".formatted(texts.size() - MAX_ITEMS) : "]");
  }

  /** Returns a whole message that may repeat what a file says, at most 2,000 characters of it. */
  public static String message(String message) {
    return shown(message, MAX_MESSAGE);
  }

  private static String shown(String text, int most) {
    StringBuilder shown = new StringBuilder();
    String start = text.length() <= most ? text : text.substring(0, most);
    start.codePoints().forEach(c -> appendEscaped(shown, c));
    return text.length() <= most ? shown.toString() : shown.append("...").toString();
  }

  private static void appendEscaped(StringBuilder shown, int codePoint) {
    switch (codePoint) {
      case '\n' -> shown.append("\\n");
      case '\r' -> shown.append("\\r");
      case '\t' -> shown.append("\\t");
      default -> {
        if (isVisible(codePoint)) {
          shown.appendCodePoint(codePoint);
        } else {
          shown.append((codePoint <= 0xffff ? "\\u%04x" : "\\u{%x}").formatted(codePoint));
        }
      }
    }
  }

  /** Tells what is no control, no mark of a direction, no half of a pair, and no line separator. */
  private static boolean isVisible(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
