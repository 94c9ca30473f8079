package dev.adjoint.io;

import static java.util.stream.Collectors.joining;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Quotes text of files in messages: escaped, so that terminals and logs do not interpret it, and
 * cut, so that a file of megabytes does not make a message of megabytes.
 */
public final class Quoted {

  /** Controls, marks of direction, halves of pairs, private and unknown characters, separators. */
  private static final Pattern HIDDEN = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");

  private static final int MAX_TEXT = 100;
  private static final int MAX_START = 16;
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

  /**
   * Returns how a file begins that is not what was expected: a text in quotes, or bytes in
   * hexadecimal, and of a well-known format which one it is.
   *
   * @param bytes the first ones of the file, perhaps more
   */
  public static String start(byte[] bytes) {
    byte[] start = Arrays.copyOf(bytes, Math.min(bytes.length, MAX_START));
    String text = new String(start, StandardCharsets.UTF_8);
    boolean readable = text.codePoints().allMatch(c -> c >= ' ' || "\t\n\r".indexOf(c) >= 0);
    return start.length == 0
        ? "it is empty"
        : "it begins with "
            + (readable && text.indexOf('\ufffd') < 0
                ? text(text)
                : "the bytes " + HexFormat.ofDelimiter(" ").formatHex(start))
            + ForeignFormat.seen(start);
  }

  /** Returns a whole message that may repeat what a file says, at most 2,000 characters of it. */
  public static String message(String message) {
    return shown(message, MAX_MESSAGE);
  }

  private static String shown(String text, int most) {
    String shown = text.length() <= most ? text : text.substring(0, most) + "...";
    return HIDDEN
        .matcher(shown)
        .replaceAll(found -> Matcher.quoteReplacement(escape(found.group().codePointAt(0))));
  }

  private static String escape(int codePoint) {
    return switch (codePoint) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> (codePoint <= 0xffff ? "\\u%04x" : "\\u{%x}").formatted(codePoint);
    };
  }
}
