package dev.adjoint.training.data;

import com.google.common.base.CharMatcher;
import dev.adjoint.io.Quoted;
import dev.adjoint.nn.predict.Column;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/**
 * The content of a table, as a {@link Schema} makes examples of it.
 *
 * @param dataset an example for each row: inputs of shape (n, features), and classes of shape (n)
 *     or targets of shape (n, columns)
 * @param features the names of the columns of the inputs: that of a numeric column, and {@code
 *     color=red} for a category
 * @param labels the names of the classes in the order of their numbers; of a regression, those of
 *     the columns of the targets
 * @param schema the schema with all categories and classes that were found, which reads another
 *     table to the same features and numbers
 */
public record Table<Y>(
    Dataset<Tensor, Y> dataset, List<String> features, List<String> labels, Schema<Y> schema) {

  private static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

  /** What a cell takes while the rows are read: four bytes, in lists that are half empty. */
  private static final int BYTES_PER_CELL = 8;

  /**
   * Reads all rows into memory.
   *
   * <p>Numbers become float32; a whole number that float32 does not hold, such as 16777217, is
   * refused, since two ids would become one. Categories and classes that are found are sorted: by
   * value if all are numbers, else as texts. Everything else that is not as the schema says is
   * refused, and so are rows that would take more than half of the memory that the JVM may use:
   * each category is a feature, so that a thousand of them make a large matrix of a small table.
   *
   * @param rows which are not closed
   * @throws DataFormatException if the rows are not what the schema says
   */
  public static <Y> Table<Y> read(Rows rows, Schema<Y> schema) throws IOException {
    schema.requireFeatures();
    List<CellColumn> features = columns(schema.features());
    List<CellColumn> targets = columns(schema.targets());
    int count = readRows(rows, features, targets);
    return new Table<>(
        schema.assembly().dataset(CellColumn.matrix(features, count), targets),
        features.stream().flatMap(column -> column.features().stream()).toList(),
        targets.stream().flatMap(column -> column.labels().stream()).toList(),
        schema.withFound(features, targets));
  }

  private static List<CellColumn> columns(List<Column> columns) {
    return columns.stream().map(CellColumn::of).toList();
  }

  /** Reads all rows into columns and returns their number. */
  private static int readRows(Rows rows, List<CellColumn> features, List<CellColumn> targets)
      throws IOException {
    List<CellColumn> columns = Stream.concat(features.stream(), targets.stream()).toList();
    int[] places = new int[columns.size()];
    for (int i = 0; i < places.length; i++) {
      places[i] = place(columns.get(i).name(), rows);
    }
    int count = 0;
    while (rows.next()) {
      for (int i = 0; i < places.length; i++) {
        columns.get(i).add(rows.cell(places[i]), rows);
      }
      count++;
      requireMemory(count, features, columns.size(), rows);
    }
    if (count == 0) {
      throw DataFormatException.at(rows, "no rows; expected examples");
    }
    return count;
  }

  /** Refuses rows that would not fit into memory, while only their cells are there. */
  private static void requireMemory(int count, List<CellColumn> features, int columns, Rows rows)
      throws DataFormatException {
    long width = 0;
    for (CellColumn feature : features) {
      width += feature.width();
    }
    long bytes = count * (width * Float.BYTES + (long) columns * BYTES_PER_CELL);
    if (width * count > MOST_ELEMENTS) {
      throw DataFormatException.at(
          rows,
          "%d rows of %d features; a tensor holds at most %d numbers"
              .formatted(count, width, MOST_ELEMENTS));
    }
    if (MemoryLimit.isExceededBy(bytes)) {
      throw DataFormatException.at(
          rows,
          MemoryLimit.refusal(
              "the %d rows of %d features up to here".formatted(count, width), bytes));
    }
  }

  /** Returns where a column is among those of the rows. */
  private static int place(String column, Rows rows) throws DataFormatException {
    int place = rows.columns().indexOf(column);
    if (place < 0 || place != rows.columns().lastIndexOf(column)) {
      throw DataFormatException.at(
          rows,
          "%s column %s; the columns are %s%s"
              .formatted(
                  place < 0 ? "no" : "more than one",
                  Quoted.text(column),
                  Quoted.text(rows.columns().toString()),
                  hint(rows.columns())));
    }
    return place;
  }

  /** Says what the schema lacks if these columns do not look like names. */
  private static String hint(List<String> columns) {
    String first = columns.isEmpty() ? "" : columns.getFirst();
    int separator = CharMatcher.anyOf(",;\t|").indexIn(first);
    if (first.startsWith("#")) {
      return "; expected comment('#') if that is one";
    }
    if (columns.size() == 1 && separator >= 0) {
      char found = first.charAt(separator);
      return "; expected separator('%s')".formatted(found == '\t' ? "\\t" : found);
    }
    return columns.stream().anyMatch(Column.Numeric::isDecimal)
        ? "; expected withoutHeader(...) if they are an example"
        : "";
  }
}
