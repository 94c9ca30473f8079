package dev.adjoint.training.data;

import com.google.common.base.Throwables;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.adjoint.io.FileInput;
import java.io.BufferedReader;
import java.io.Closeable;
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

/** Gives the lines of a CSV file as lists of fields, and refuses what is none. */
final class CsvLines implements Closeable {

  private static final int BYTE_ORDER_MARK = 0xFEFF;

  private final Path file;
  private final BufferedReader text;
  private final Iterator<CsvRecord> records;
  private List<String> fields = List.of();
  private long line;

  CsvLines(Path file, char separator) throws IOException {
    this.file = file;
    text =
        new BufferedReader(
            new InputStreamReader(
                FileInput.open(file),
                StandardCharsets.UTF_8.newDecoder())); // which reports what is not UTF-8
    records =
        CsvReader.builder()
            .fieldSeparator(separator)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE) // our message says what is expected
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .allowUnclosedQuote(false)
            .allowExtraCharsAfterClosingQuote(false)
            .ofCsvRecord(text)
            .iterator();
  }

  /** Goes to the next line that is not empty, and returns whether there is one. */
  boolean next() throws IOException {
    try {
      if (line == 0) {
        skipByteOrderMark();
      }
      if (!records.hasNext()) {
        return false;
      }
      CsvRecord record = records.next();
      fields = record.getFields().stream().map(String::strip).toList();
      line = record.getStartingLineNumber();
      return true;
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

  /** Returns the fields of the line, without white space around them. */
  List<String> fields() {
    return fields;
  }

  /** Returns where the line is. */
  CsvColumn.Place place() {
    return new CsvColumn.Place(file, line);
  }

  @Override
  public void close() throws IOException {
    text.close();
  }
}
