package dev.adjoint.spark;

import static java.util.stream.Collectors.joining;

import dev.adjoint.io.Quoted;
import dev.adjoint.nn.predict.Column;
import dev.adjoint.training.data.Rows;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampType;
import org.jspecify.annotations.Nullable;

/** The cells of Spark's rows, as columns take them. */
final class Cells implements Rows {

  private static final int LONGEST_PLACE = 300;

  private final List<String> columns;
  private final Iterator<Row> rows;
  private final int most;
  private int count;
  private Row row = RowFactory.create();

  /**
   * Reads rows.
   *
   * @param columns the names of all their columns
   * @param most how many rows are read of these at the most
   */
  Cells(List<String> columns, Iterator<Row> rows, int most) {
    this.columns = columns;
    this.rows = rows;
    this.most = most;
  }

  /**
   * Returns a table of some columns alone.
   *
   * @throws IllegalArgumentException if one is not there, there twice, or of a type without cells
   */
  static Dataset<Row> select(String operation, Dataset<Row> table, List<Column> columns) {
    columns.forEach(column -> require(operation, table.schema(), column));
    return table.select(
        columns.stream()
            .map(column -> column(column.name()))
            .toArray(org.apache.spark.sql.Column[]::new));
  }

  /** Returns a column by its name, which may have dots. */
  static org.apache.spark.sql.Column column(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }

  /**
   * Returns where a column is in a table.
   *
   * @throws IllegalArgumentException if it is not there, or there twice
   */
  static int place(String operation, StructType table, String column) {
    List<String> names = List.of(table.fieldNames());
    int place = names.indexOf(column);
    if (place < 0 || place != names.lastIndexOf(column)) {
      throw new IllegalArgumentException(
          "%s: %s column %s; the columns are %s"
              .formatted(
                  operation,
                  place < 0 ? "no" : "more than one",
                  Quoted.text(column),
                  Quoted.list(names)));
    }
    return place;
  }

  /**
   * Requires a column.
   *
   * @throws IllegalArgumentException if it is not there, there twice, or of a type without cells
   */
  static void require(String operation, StructType table, Column column) {
    StructField field = table.fields()[place(operation, table, column.name())];
    boolean isNumeric = column instanceof Column.Numeric;
    if (!fits(field.dataType(), isNumeric)) {
      throw new IllegalArgumentException(
          "%s: column %s is of type %s; expected %s"
              .formatted(
                  operation,
                  Quoted.text(column.name()),
                  field.dataType().simpleString(),
                  isNumeric
                      ? "numbers, or texts that are numbers"
                      : "texts, numbers, booleans or dates"));
    }
  }

  /**
   * Requires a column of vectors or of arrays of numbers.
   *
   * @return its type
   * @throws IllegalArgumentException if it is not there, there twice, or of another type
   */
  static DataType requireVectors(String operation, StructType table, String column) {
    DataType type = table.fields()[place(operation, table, column)].dataType();
    boolean isArray = type instanceof ArrayType array && array.elementType() instanceof NumericType;
    if (!isArray && !type.equals(SQLDataTypes.VectorType())) {
      throw new IllegalArgumentException(
          "%s: column %s is of type %s; expected vectors, or arrays of numbers"
              .formatted(operation, Quoted.text(column), type.simpleString()));
    }
    return type;
  }

  private static boolean fits(DataType type, boolean isNumeric) {
    return switch (type) {
      case NumericType _, StringType _ -> true;
      case BooleanType _, DateType _, TimestampType _ -> !isNumeric;
      default -> false;
    };
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  public boolean next() {
    if (count == most || !rows.hasNext()) {
      return false;
    }
    count++;
    row = rows.next();
    return true;
  }

  @Override
  public @Nullable Object cell(int column) {
    return row.get(column);
  }

  /** Shows the row itself: its number would be that of a partition, and another the next time. */
  @Override
  public String place() {
    return show(row, columns);
  }

  /** Shows the cells of a row, as far as they are short. */
  static String show(Row row, List<String> columns) {
    String all =
        IntStream.range(0, row.size())
            .mapToObj(i -> columns.get(i) + "=" + row.get(i))
            .collect(joining(", ", "row {", "}"));
    return all.length() <= LONGEST_PLACE ? all : all.substring(0, LONGEST_PLACE) + "...";
  }
}
