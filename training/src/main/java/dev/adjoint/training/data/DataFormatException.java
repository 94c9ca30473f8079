package dev.adjoint.training.data;

import dev.adjoint.io.Quoted;
import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Thrown for a file of data that is not what its format or its schema allows, or is damaged; the
 * message says which file, where and why, as in {@code iris.csv, line 17: column 'petal width' is
 * 'abc'; expected a number}.
 */
public final class DataFormatException extends IOException {

  @Serial private static final long serialVersionUID = 1;

  private DataFormatException(String message, @Nullable Throwable cause) {
    super(Quoted.message(message), cause); // it repeats what files say
  }

  static DataFormatException of(Path file, String reason) {
    return of(file, reason, null);
  }

  static DataFormatException of(Path file, String reason, @Nullable Throwable cause) {
    return new DataFormatException("%s: %s".formatted(file, reason), cause);
  }

  /** Reports the row that rows are at. */
  static DataFormatException at(Rows rows, String reason) {
    return new DataFormatException("%s: %s".formatted(rows.place(), reason), null);
  }

  /**
   * Reports a line of a text.
   *
   * @param line from 1
   */
  static DataFormatException atLine(Path file, long line, String reason) {
    return new DataFormatException("%s, line %d: %s".formatted(file, line, reason), null);
  }

  /**
   * Reports a byte of a file, or of what is packed in it.
   *
   * @param position from 0
   */
  static DataFormatException atByte(Path file, long position, String reason) {
    return new DataFormatException("%s, byte %d: %s".formatted(file, position, reason), null);
  }

  /** Reports a file that cannot be unpacked. */
  static DataFormatException gzip(Path file, IOException e) {
    return of(file, "cannot be unpacked: " + e.getMessage(), e);
  }
}
