package dev.adjoint.training.data;

import dev.adjoint.io.FileInput;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.zip.ZipException;

/**
 * Reads the lines of text files in UTF-8. A line ends with a line feed, before which a carriage
 * return does not count; neither does a byte order mark at the beginning of the file. The file may
 * be packed by gzip. Files whose lines would take more than half of the memory that the JVM may use
 * are refused.
 */
public final class TextLines {

  private static final int MOST_LINES = 10_000_000;
  private static final int MOST_BYTES = 1 << 20;
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private TextLines() {}

  /**
   * Reads a file of at most ten million lines of at most 2^20 bytes each.
   *
   * @throws DataFormatException if the file has more, or is not UTF-8
   */
  public static List<String> read(Path file) throws IOException {
    return read(file, MOST_LINES, MOST_BYTES);
  }

  /**
   * Reads a file.
   *
   * @param mostLines how many lines the file may have
   * @param mostBytes how many bytes a line may have
   * @throws DataFormatException if the file has more, or is not UTF-8
   */
  public static List<String> read(Path file, int mostLines, int mostBytes) throws IOException {
    Kept kept = new Kept(file);
    scan(file, mostLines, mostBytes, kept);
    return Collections.unmodifiableList(kept.lines);
  }

  /** Takes the lines of a file, one after the other. */
  interface LineConsumer {
    void accept(String line) throws IOException;
  }

  /** Keeps lines, as long as there is memory for them. */
  private static final class Kept implements LineConsumer {

    /** What a line takes beside its characters: objects, and the list that grows. */
    private static final int BYTES_PER_LINE = 64;

    private final Path file;
    private final List<String> lines = new ArrayList<>();
    private long bytes;

    Kept(Path file) {
      this.file = file;
    }

    @Override
    public void accept(String line) throws IOException {
      lines.add(line);
      bytes += BYTES_PER_LINE + 2L * line.length();
      if (MemoryLimit.isExceededBy(bytes)) {
        throw DataFormatException.atLine(
            file, lines.size(), MemoryLimit.refusal("the lines up to here", bytes));
      }
    }
  }

  /** Gives the lines of a file to a consumer. */
  static void scan(Path file, int mostLines, int mostBytes, LineConsumer consumer)
      throws IOException {
    try (InputStream in = FileInput.open(file)) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      int next = in.read();
      for (int line = 1; next >= 0; line++) {
        if (line > mostLines) {
          throw DataFormatException.atLine(
              file, line, "expected at most %d lines".formatted(mostLines));
        }
        for (; next >= 0 && next != '\n'; next = in.read()) {
          if (bytes.size() == mostBytes) {
            throw DataFormatException.atLine(
                file, line, "expected at most %d bytes".formatted(mostBytes));
          }
          bytes.write(next);
        }
        consumer.accept(decode(file, line, bytes.toByteArray()));
        bytes.reset();
        next = next < 0 ? next : in.read();
      }
    } catch (ZipException | EOFException e) {
      throw DataFormatException.gzip(file, e);
    }
  }

  private static String decode(Path file, int line, byte[] bytes) throws DataFormatException {
    int length =
        bytes.length > 0 && bytes[bytes.length - 1] == '\r' ? bytes.length - 1 : bytes.length;
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, length);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
      return line == 1 && text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw DataFormatException.atLine(
          file, line, "is not UTF-8 from its byte %d on".formatted(buffer.position()));
    }
  }
}
