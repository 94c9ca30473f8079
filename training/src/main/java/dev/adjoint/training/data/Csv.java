package dev.adjoint.training.data;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Reads tables of comma-separated values (<a href="https://www.rfc-editor.org/rfc/rfc4180">RFC
 * 4180</a>) in UTF-8, with a header, or {@linkplain Schema#withoutHeader without}.
 *
 * <pre>{@code
 * Table<IntTensor> iris =
 *     Csv.read(Path.of("iris.csv"), Schema.label("species").numeric("petal length", "petal width"));
 * DataLoader<Tensor, IntTensor> loader = new DataLoader<>(iris.dataset(), 16).shuffle(1);
 * }</pre>
 *
 * <p>White space around a field and empty lines do not count, nor do {@linkplain Schema#comment
 * comments}. The file may be packed by gzip. {@link Table#read} says what its fields become, and
 * what is refused.
 */
public final class Csv {

  private Csv() {}

  /**
   * Reads a file into memory.
   *
   * @throws DataFormatException if the file is not CSV in UTF-8, or not what the schema says
   */
  public static <Y> Table<Y> read(Path file, Schema<Y> schema) throws IOException {
    schema.requireFeatures();
    try (Rows rows = new CsvRows(file, schema.csv())) {
      return Table.read(rows, schema);
    }
  }
}
