package dev.adjoint.io;

import com.google.common.primitives.Ints;
import dev.adjoint.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/**
 * Reads a header token by token: the part of JSON (RFC 8259), or of Python's literals, that the
 * formats use. Anything else is refused with its position. Objects are read by callbacks and nest
 * no deeper than the caller expects. Only texts in quotes are decoded: all else is ASCII, whose
 * bytes are part of no other character in UTF-8.
 */
final class HeaderText {

  /** How objects and lists are written. */
  enum Dialect {
    /** Objects in braces, lists in square brackets, text in double quotes. */
    JSON('[', ']'),
    /** Tuples in round brackets, text in either quotes, and perhaps a comma after the last item. */
    PYTHON('(', ')');

    private final char open;
    private final char close;

    Dialect(char open, char close) {
      this.open = open;
      this.close = close;
    }
  }

  interface Member {
    void read(String name) throws IOException;
  }

  private interface Item {
    void read() throws IOException;
  }

  /** NumPy's limit on axes. */
  private static final int MOST_NUMBERS = 64;

  private static final Pattern SCALAR =
      Pattern.compile("true|false|null|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

  private final Source source;
  private final Dialect dialect;
  private final Charset charset;
  private final long start;
  private final byte[] bytes;
  private int next;

  /** Where the last token begins, for messages. */
  private int token;

  /** Takes the next {@code n} bytes of a source as a text. */
  HeaderText(Source source, int n, Dialect dialect, Charset charset) throws IOException {
    this.source = source;
    this.dialect = dialect;
    this.charset = charset;
    this.start = source.position();
    this.bytes = source.bytes(n, "the header");
    if (n == 0 || at(0) != '{') {
      throw refuse("expected the header to begin with '{', got " + found());
    }
  }

  /** Reads an object whose members have different names. */
  void object(Member member) throws IOException {
    Set<String> names = new HashSet<>();
    items(
        '{',
        '}',
        () -> {
          String name = string();
          int atName = token;
          if (!names.add(name)) {
            throw refuse("%s is there for a second time".formatted(Quoted.text(name)));
          }
          need(':');
          token = atName; // for a member that refuses its name
          member.read(name);
        });
  }

  /** Reads a list of whole numbers, at most as many as an array of NumPy has axes. */
  List<Long> integers() throws IOException {
    List<Long> values = new ArrayList<>();
    items(
        dialect.open,
        dialect.close,
        () -> {
          values.add(integer());
          if (values.size() > MOST_NUMBERS) {
            throw refuse("more than %d numbers".formatted(MOST_NUMBERS));
          }
        });
    return values;
  }

  /** Reads a shape to its end, and throws if it is not one that a tensor can have. */
  Shape shape() throws IOException {
    List<Long> sizes = integers();
    if (sizes.size() > Shape.MAX_RANK) {
      throw unsupported(
          "a shape of %d axes; expected at most %d".formatted(sizes.size(), Shape.MAX_RANK));
    }
    for (long size : sizes) {
      if (size > Integer.MAX_VALUE) {
        throw unsupported("an axis of size %d; expected at most 2^31 - 1".formatted(size));
      }
    }
    try {
      return Shape.of(Ints.toArray(sizes));
    } catch (IllegalArgumentException e) {
      throw unsupported("no shape of a tensor: " + e.getMessage());
    }
  }

  /** Tells whether a list comes next. */
  boolean startsList() {
    char first = peek();
    token = next;
    return first == '[' || first == '(';
  }

  String string() throws TensorFormatException {
    char quote = dialect == Dialect.PYTHON && peek() == '\'' ? '\'' : '"';
    need(quote);
    StringBuilder result = new StringBuilder();
    int from = next;
    for (char c = character(); c != quote; c = character()) {
      if (c < ' ') {
        throw refuse("a control character in a text; expected it to be escaped");
      }
      if (c == '\\') {
        result.append(decoded(from, next - 1)).append(escape());
        from = next;
      }
    }
    result.append(decoded(from, next - 1));
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(result)) {
      throw refuse("half of a surrogate pair in a text");
    }
    return result.toString();
  }

  /** Reads a bare word, such as {@code True}. */
  String word() {
    return run(Character::isLetter);
  }

  /**
   * Reads a value of JSON that nothing is to be kept of.
   *
   * @param depth how deep objects and lists may nest in it
   */
  void skip(int depth) throws IOException {
    char first = peek();
    token = next;
    if (first == '"') {
      string();
    } else if (first != '{' && first != '[') {
      String scalar = run(c -> Character.isLetterOrDigit(c) || "+-.".indexOf(c) >= 0);
      if (!SCALAR.matcher(scalar).matches()) {
        next = token;
        throw refuse("expected a value, got " + found());
      }
    } else if (depth == 0) {
      throw refuse("objects and lists that nest deeper than expected");
    } else if (first == '{') {
      object(_ -> skip(depth - 1));
    } else {
      items('[', ']', () -> skip(depth - 1));
    }
  }

  /** Throws unless nothing but white space follows. */
  void end() throws TensorFormatException {
    peek();
    token = next;
    if (next < bytes.length) {
      throw refuse("expected the end of the header, got " + found());
    }
  }

  /** Returns the exception that refuses the last token. */
  TensorFormatException refuse(String reason) {
    return source.refuse(start + token, reason);
  }

  /** Returns the exception that reports the last token as right, and only no tensor of ours. */
  TensorFormatException unsupported(String reason) {
    return source.unsupported(start + token, reason);
  }

  /** Reads what is between brackets and separated by commas. */
  private void items(char open, char close, Item item) throws IOException {
    need(open);
    if (!take(close)) {
      do {
        item.read();
      } while (take(',') && !(dialect == Dialect.PYTHON && peek() == close));
      need(close);
    }
  }

  private long integer() throws TensorFormatException {
    String digits = run(Character::isDigit);
    if (digits.isEmpty() || (digits.startsWith("0") && digits.length() > 1)) {
      next = token;
      throw refuse("expected a whole number from 0, without leading zeros, got " + found());
    }
    if (digits.length() > 19 || Long.parseUnsignedLong(digits) < 0) {
      throw refuse("a number beyond 2^63 - 1");
    }
    if (dialect == Dialect.PYTHON && next < bytes.length && at(next) == 'L') {
      next++; // as Python 2 wrote long integers
    }
    return Long.parseLong(digits);
  }

  /** Reads a token of characters of a kind; it is empty if there is none. */
  private String run(IntPredicate kind) {
    peek();
    token = next;
    while (next < bytes.length && kind.test(at(next))) {
      next++;
    }
    return new String(bytes, token, next - token, StandardCharsets.ISO_8859_1);
  }

  private char escape() throws TensorFormatException {
    char c = character();
    int at = "\"\\/bfnrtu".indexOf(c);
    if (at < 0 || dialect == Dialect.PYTHON) {
      next--;
      throw refuse("an unknown escape: a backslash and " + found());
    }
    if (c != 'u') {
      return "\"\\/\b\f\n\r\t".charAt(at);
    }
    int code = 0;
    for (int i = 0; i < 4; i++) {
      char digit = character();
      if (!HexFormat.isHexDigit(digit)) {
        next--;
        throw refuse("expected four hexadecimal digits of an escape, got " + found());
      }
      code = code << 4 | HexFormat.fromHexDigit(digit);
    }
    return (char) code;
  }

  private char character() throws TensorFormatException {
    if (next == bytes.length) {
      throw refuse("a text without an end");
    }
    return at(next++);
  }

  private String decoded(int from, int to) throws TensorFormatException {
    ByteBuffer part = ByteBuffer.wrap(bytes, from, to - from);
    try {
      return charset.newDecoder().decode(part).toString();
    } catch (CharacterCodingException e) {
      throw source.refuse(start + part.position(), "the header is not " + charset);
    }
  }

  private boolean take(char c) {
    boolean there = peek() == c;
    if (there) {
      token = next++;
    }
    return there;
  }

  private void need(char c) throws TensorFormatException {
    if (!take(c)) {
      token = next;
      throw refuse("expected '%c', got %s".formatted(c, found()));
    }
  }

  /** Skips white space; returns what follows, or 0 at the end, which no token begins with. */
  private char peek() {
    while (next < bytes.length && " \t\n\r".indexOf(at(next)) >= 0) {
      next++;
    }
    return next < bytes.length ? at(next) : 0;
  }

  private char at(int index) {
    return (char) (bytes[index] & 0xff);
  }

  private String found() {
    int n = Math.min(4, bytes.length - next); // no character takes more
    return n == 0 ? "the end" : Quoted.text(new String(bytes, next, n, charset).substring(0, 1));
  }
}
