package dev.adjoint.io;

import dev.adjoint.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * Reads a header token by token: the part of JSON (RFC 8259), or of Python's literals, that the
 * formats use. Anything else is refused with its position. Objects are read by callbacks and nest
 * no deeper than the caller expects.
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

  /** Reads the value of one member of an object. */
  interface Member {
    void read(String name) throws IOException;
  }

  /** NumPy's limit on axes. */
  private static final int MOST_NUMBERS = 64;

  /** Characters that are decoded at once. */
  private static final int CHUNK = 1 << 13;

  private final Source source;
  private final Dialect dialect;
  private final Charset charset;
  private final long start;
  private final String text;
  private int next;

  /** Where the last token begins, for messages. */
  private int token;

  /** A place up to which bytes were counted. */
  private int counted;

  private long countedBytes;

  /** Takes the next {@code n} bytes of a source as a text. */
  HeaderText(Source source, int n, Dialect dialect, Charset charset) throws IOException {
    this.source = source;
    this.dialect = dialect;
    this.charset = charset;
    this.start = source.position();
    byte[] bytes = source.bytes(n, "the header");
    int valid = valid(bytes, charset);
    if (valid < n) {
      throw source.refuse(start + valid, "the header is not " + charset);
    }
    this.text = new String(bytes, charset);
    if (!text.startsWith("{")) {
      throw refuse("expected the header to begin with '{', got " + found());
    }
  }

  /** Reads an object whose members have different names. */
  void object(Member member) throws IOException {
    need('{');
    if (take('}')) {
      return;
    }
    Set<String> names = new HashSet<>();
    do {
      String name = string();
      int atName = token;
      if (!names.add(name)) {
        throw refuse("%s is there for a second time".formatted(Quoted.text(name)));
      }
      need(':');
      token = atName; // for a member that refuses its name
      member.read(name);
    } while (take(',') && !endsAfterComma('}'));
    need('}');
  }

  /** Reads a list of whole numbers, at most as many as an array of NumPy has axes. */
  long[] integers() throws TensorFormatException {
    long[] values = new long[MOST_NUMBERS];
    int n = 0;
    need(dialect.open);
    if (!take(dialect.close)) {
      do {
        long value = integer();
        if (n == values.length) {
          throw refuse("more than %d numbers".formatted(n));
        }
        values[n++] = value;
      } while (take(',') && !endsAfterComma(dialect.close));
      need(dialect.close);
    }
    return Arrays.copyOf(values, n);
  }

  /** Reads a shape to its end, and throws if it is not one that a tensor can have. */
  Shape shape() throws TensorFormatException {
    long[] sizes = integers();
    if (sizes.length > Shape.MAX_RANK) {
      throw unsupported(
          "a shape of %d axes; expected at most %d".formatted(sizes.length, Shape.MAX_RANK));
    }
    int[] ints = new int[sizes.length];
    for (int axis = 0; axis < ints.length; axis++) {
      if (sizes[axis] > Integer.MAX_VALUE) {
        throw unsupported("an axis of size %d; expected at most 2^31 - 1".formatted(sizes[axis]));
      }
      ints[axis] = (int) sizes[axis];
    }
    try {
      return Shape.of(ints);
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

  /** Reads a text in quotes. */
  String string() throws TensorFormatException {
    char quote = dialect == Dialect.PYTHON && peek() == '\'' ? '\'' : '"';
    need(quote);
    StringBuilder result = new StringBuilder();
    for (char c = character(); c != quote; c = character()) {
      if (c < ' ') {
        throw refuse("a control character in a text; expected it to be escaped");
      }
      result.append(c == '\\' ? escape() : c);
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(result)) {
      throw refuse("half of a surrogate pair in a text");
    }
    return result.toString();
  }

  /** Reads a bare word, such as {@code True}. */
  String word() {
    peek();
    token = next;
    while (next < text.length() && Character.isLetter(text.charAt(next))) {
      next++;
    }
    return text.substring(token, next);
  }

  /** Throws unless nothing but white space follows. */
  void end() throws TensorFormatException {
    peek();
    token = next;
    if (next < text.length()) {
      throw refuse("expected the end of the header, got " + found());
    }
  }

  /** Returns the exception that refuses the last token. */
  TensorFormatException refuse(String reason) {
    return source.refuse(position(), reason);
  }

  /** Returns the exception that reports the last token as right, and only no tensor of ours. */
  TensorFormatException unsupported(String reason) {
    return source.unsupported(position(), reason);
  }

  /** Returns the byte at which the last token begins; later tokens are counted from there. */
  private long position() {
    if (token < counted) {
      counted = 0;
      countedBytes = 0;
    }
    countedBytes += text.substring(counted, token).getBytes(charset).length;
    counted = token;
    return start + countedBytes;
  }

  /** Returns how many bytes come before one that is not as the charset says. */
  private static int valid(byte[] bytes, Charset charset) {
    CharsetDecoder decoder = charset.newDecoder();
    ByteBuffer from = ByteBuffer.wrap(bytes);
    CharBuffer to = CharBuffer.allocate(CHUNK);
    CoderResult result;
    do {
      result = decoder.decode(from, to.clear(), true);
    } while (result.isOverflow());
    return result.isError() ? from.position() : bytes.length;
  }

  private long integer() throws TensorFormatException {
    peek();
    token = next;
    long value = 0;
    while (next < text.length() && text.charAt(next) >= '0' && text.charAt(next) <= '9') {
      int digit = text.charAt(next++) - '0';
      if (value > (Long.MAX_VALUE - digit) / 10) {
        throw refuse("a number beyond 2^63 - 1");
      }
      value = value * 10 + digit;
    }
    if (next == token || (text.charAt(token) == '0' && next > token + 1)) {
      next = token;
      throw refuse("expected a whole number from 0, without leading zeros, got " + found());
    }
    if (dialect == Dialect.PYTHON && next < text.length() && text.charAt(next) == 'L') {
      next++; // as Python 2 wrote long integers
    }
    return value;
  }

  private char escape() throws TensorFormatException {
    char c = character();
    int at = "\"\\/bfnrtu".indexOf(c);
    if (at < 0 || dialect == Dialect.PYTHON) {
      throw refuse("an unknown escape: a backslash and " + Quoted.text(String.valueOf(c)));
    }
    if (c != 'u') {
      return "\"\\/\b\f\n\r\t".charAt(at);
    }
    int code = 0;
    for (int i = 0; i < 4; i++) {
      char digit = character();
      if (!HexFormat.isHexDigit(digit)) {
        throw refuse(
            "expected four hexadecimal digits of an escape, got "
                + Quoted.text(String.valueOf(digit)));
      }
      code = code << 4 | HexFormat.fromHexDigit(digit);
    }
    return (char) code;
  }

  /** Returns the next character of a text in quotes. */
  private char character() throws TensorFormatException {
    if (next == text.length()) {
      throw refuse("a text without an end");
    }
    return text.charAt(next++);
  }

  private boolean endsAfterComma(char close) {
    return dialect == Dialect.PYTHON && peek() == close;
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
    while (next < text.length() && " \t\n\r".indexOf(text.charAt(next)) >= 0) {
      next++;
    }
    return next < text.length() ? text.charAt(next) : 0;
  }

  private String found() {
    return next == text.length() ? "the end" : Quoted.text(text.substring(next, next + 1));
  }
}
