package dev.adjoint.training.data;

import com.google.common.base.Throwables;
import de.siegmar.fastcsv.reader.CommentStrategy;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.adjoint.io.FileInput;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipException;

/** The lines of a CSV file, of which those that are none are refused. */
final class CsvRows implements Rows {

  private static final int BYTE_ORDER_MARK = 0xFEFF;
  private static final List<String> BLANK = List.of("");

  private final Path file;
  private final BufferedReader text;
  private final Iterator<CsvRecord> records;
  private final boolean hasHeader;
  private final List<String> columns;
  private List<String> fields = List.of();
  private long line;

  /** Whether the line has been read, but not given yet. */
  private boolean ahead;

  private boolean anyGiven;

  CsvRows(Path file, Schema.CsvFormat csv) throws IOException {
    this.file = file;
    text =
        new BufferedReader(
            new InputStreamReader(
                FileInput.open(file),
                StandardCharsets.UTF_8.newDecoder())); // which reports what is not UTF-8
    Character comment = csv.comment();
    records =
        CsvReader.builder()
            .fieldSeparator(csv.separator())
            .commentStrategy(comment == null ? CommentStrategy.NONE : CommentStrategy.SKIP)
            .commentCharacter(comment == null ? '#' : comment)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE) // our message says what is expected
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .allowUnclosedQuote(false)
            .allowExtraCharsAfterClosingQuote(false)
            .ofCsvRecord(text)
            .iterator();
    hasHeader = csv.header().isEmpty();
    try {
      ahead = readLine();
      if (!ahead) {
        throw DataFormatException.of(
            file, "is empty; expected " + (hasHeader ? "a header" : "examples"));
      }
    } catch (Throwable e) {
      try (text) {
        throw e;
      }
    }
    columns = hasHeader ? fields : csv.header();
    ahead = !hasHeader;
  }

  @Override
  public boolean next() throws IOException {
    if (!ahead && !readLine()) {
      if (!anyGiven) {
        throw DataFormatException.at(this, "nothing follows the header; expected examples");
      }
      return false;
    }
    ahead = false;
    anyGiven = true;
    if (fields.size() != columns.size()) {
      throw DataFormatException.at(
          this,
          "%d %s; expected %d, as in the %s"
              .formatted(
                  fields.size(),
                  fields.size() == 1 ? "field" : "fields",
                  columns.size(),
                  hasHeader ? "header" : "schema"));
    }
    return true;
  }

  /** Goes to the next line with more than white space, and returns whether there is one. */
  private boolean readLine() throws IOException {
    try {
      if (line == 0) {
        skipByteOrderMark();
      }
      while (records.hasNext()) {
        CsvRecord record = records.next();
        fields = record.getFields().stream().map(String::strip).toList();
        line = record.getStartingLineNumber();
        if (!fields.equals(BLANK)) {
          return true;
        }
      }
      return false;
    } catch (CsvParseException e) {
      throw DataFormatException.of(
          file,
          "not CSV after line %d: %s".formatted(line, Throwables.getRootCause(e).getMessage()));
    } catch (IOException e) {
      throw named(e);
    } catch (UncheckedIOException e) {
      throw named(Objects.requireNonNull(e.getCause()));
    }
  }

  private void skipByteOrderMark() throws IOException {
    text.mark(1);
    if (text.read() != BYTE_ORDER_MARK) {
      text.reset();
    }
  }

  private IOException named(IOException e) throws IOException {
    return switch (e) {
      case CharacterCodingException cause -> notUtf8(cause);
      case ZipException cause -> DataFormatException.gzip(file, cause);
      case EOFException cause -> DataFormatException.gzip(file, cause);
      default -> e;
    };
  }

  /** Looks for the line once more, since the text was read ahead of the records. */
  private IOException notUtf8(CharacterCodingException found) throws IOException {
    TextLines.scan(file, Integer.MAX_VALUE, Integer.MAX_VALUE, _ -> {});
    return found;
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  /** Returns a field of the line, without white space around it. */
  @Override
  public String cell(int column) {
    return fields.get(column);
  }

  @Override
  public String place() {
    return "%s, line %s".formatted(file, line);
  }

  @Override
  public void close() throws IOException {
    text.close();
  }
}
