package dev.adjoint.training.data;

import static dev.adjoint.training.data.DataFormatException.quoted;

import dev.adjoint.nn.predict.Column;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads tables of comma-separated values (<a href="https://www.rfc-editor.org/rfc/rfc4180">RFC
 * 4180</a>) in UTF-8, with a header, or {@linkplain Schema#withoutHeader without}.
 *
 * <pre>{@code
 * Csv.Table<IntTensor> iris =
 *     Csv.read(Path.of("iris.csv"), Schema.label("species").numeric("petal length", "petal width"));
 * DataLoader<Tensor, IntTensor> loader = new DataLoader<>(iris.dataset(), 16).shuffle(1);
 * }</pre>
 *
 * <p>White space around a field and empty lines do not count. The file may be packed by gzip.
 * Numbers become float32; a whole number that float32 does not hold, such as 16777217, is refused,
 * since two ids would become one. Categories and classes that are found are sorted: by value if all
 * are numbers, else as texts. Everything else that is not as the schema says is refused, and so is
 * a file whose rows would take more than half of the memory that the JVM may use: each category is
 * a feature, so that a thousand of them make a large matrix of a small file.
 */
public final class Csv {

  private static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

  /** What a field takes while the lines are read: four bytes, in lists that are half empty. */
  private static final int BYTES_PER_FIELD = 8;

  private Csv() {}

  /**
   * The content of a file.
   *
   * @param dataset an example for each line: inputs of shape (n, features), and classes of shape
   *     (n) or targets of shape (n, columns)
   * @param features the names of the columns of the inputs: that of a numeric column, and {@code
   *     color=red} for a category
   * @param labels the names of the classes in the order of their numbers; of a regression, those of
   *     the columns of the targets
   * @param schema the schema with all categories and classes that were found, which reads another
   *     file to the same features and numbers
   */
  public record Table<Y>(
      Dataset<Tensor, Y> dataset, List<String> features, List<String> labels, Schema<Y> schema) {}

  /**
   * Reads a file into memory.
   *
   * @throws DataFormatException if the file is not CSV in UTF-8, or not what the schema says
   */
  public static <Y> Table<Y> read(Path file, Schema<Y> schema) throws IOException {
    if (schema.features().isEmpty()) {
      throw new IllegalArgumentException(
          "%s: no features; expected at least one".formatted(schema));
    }
    List<CsvColumn> features = columns(schema.features());
    List<CsvColumn> targets = columns(schema.targets());
    int lines = readLines(file, features, targets, schema);
    return new Table<>(
        schema.assembly().dataset(CsvColumn.matrix(features, lines), targets),
        features.stream().flatMap(column -> column.features().stream()).toList(),
        targets.stream().flatMap(column -> column.labels().stream()).toList(),
        schema.withFound(features, targets));
  }

  private static List<CsvColumn> columns(List<Column> columns) {
    return columns.stream().map(CsvColumn::of).toList();
  }

  /** Reads all lines into columns and returns their number. */
  private static int readLines(
      Path file, List<CsvColumn> features, List<CsvColumn> targets, Schema<?> schema)
      throws IOException {
    List<CsvColumn> columns = Stream.concat(features.stream(), targets.stream()).toList();
    try (CsvLines lines = new CsvLines(file, schema.separator())) {
      boolean hasHeader = schema.header().isEmpty();
      if (!lines.next()) {
        throw DataFormatException.of(
            file, "is empty; expected " + (hasHeader ? "a header" : "examples"));
      }
      List<String> header = hasHeader ? lines.fields() : schema.header();
      int[] places = new int[columns.size()];
      for (int i = 0; i < places.length; i++) {
        places[i] = place(columns.get(i).name(), header, lines.place());
      }
      int count = 0;
      for (boolean more = !hasHeader || lines.next(); more; more = lines.next()) {
        if (lines.fields().size() != header.size()) {
          throw lines
              .place()
              .refuse(
                  "%d fields; expected %d, as in the %s"
                      .formatted(
                          lines.fields().size(), header.size(), hasHeader ? "header" : "schema"));
        }
        for (int i = 0; i < places.length; i++) {
          columns.get(i).add(lines.fields().get(places[i]), lines.place());
        }
        count++;
        requireMemory(count, features, columns.size(), lines.place());
      }
      if (count == 0) {
        throw lines.place().refuse("nothing follows the header; expected examples");
      }
      return count;
    }
  }

  /** Refuses rows that would not fit into memory, while only their fields are there. */
  private static void requireMemory(
      int rows, List<CsvColumn> features, int columns, CsvColumn.Place place)
      throws DataFormatException {
    long width = 0;
    for (CsvColumn feature : features) {
      width += feature.width();
    }
    long bytes = rows * (width * Float.BYTES + (long) columns * BYTES_PER_FIELD);
    if (width * rows > MOST_ELEMENTS) {
      throw place.refuse(
          "%d rows of %d features; a tensor holds at most %d numbers"
              .formatted(rows, width, MOST_ELEMENTS));
    }
    if (Memory.isExceededBy(bytes)) {
      throw place.refuse(
          Memory.refusal("the %d rows of %d features up to here".formatted(rows, width), bytes));
    }
  }

  /** Returns where a column is in the header. */
  private static int place(String column, List<String> header, CsvColumn.Place line)
      throws DataFormatException {
    int place = header.indexOf(column);
    if (place < 0 || place != header.lastIndexOf(column)) {
      throw line.refuse(
          "%s column %s; the columns are %s"
              .formatted(
                  place < 0 ? "no" : "more than one", quoted(column), quoted(header.toString())));
    }
    return place;
  }
}
