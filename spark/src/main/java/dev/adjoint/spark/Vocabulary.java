package dev.adjoint.spark;

import com.google.common.collect.Iterables;
import dev.adjoint.nn.predict.Column;
import dev.adjoint.nn.predict.Columns;
import dev.adjoint.training.data.Rows;
import dev.adjoint.training.data.Schema;
import dev.adjoint.training.data.Table;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;

/** Finds the categories of the columns that do not say theirs, in one pass over the data. */
final class Vocabulary {

  /** One more than a table accepts: so many are enough to refuse a column. */
  private static final int MOST = 1001;

  private Vocabulary() {}

  /** A column of categories to be found. */
  private record Open(int place, String name, Set<String> markers) implements Serializable {

    void add(Row row, Set<String> found) {
      Object cell = row.get(place);
      String text = cell == null ? "" : cell.toString().strip();
      if (cell != null && found.size() < MOST && !markers.contains(text)) {
        found.add(text);
      }
    }
  }

  /**
   * Returns a schema that says all categories and classes.
   *
   * @param cells the columns of the schema, in its order
   */
  @SuppressWarnings("unchecked") // targets of the same kind
  static <Y> Schema<Y> close(Schema<Y> schema, JavaRDD<Row> cells) throws IOException {
    List<Column> columns = SchemaForm.columns(schema);
    List<Open> open = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i) instanceof Column.Category category && category.categories().isEmpty()) {
        open.add(new Open(i, category.name(), Set.copyOf(category.missing().markers())));
      }
    }
    if (open.isEmpty()) {
      return schema;
    }
    List<Set<String>> found =
        cells
            .mapPartitions(rows -> List.of(found(rows, open)).iterator())
            .treeAggregate(
                found(Collections.emptyIterator(), open), Vocabulary::merge, Vocabulary::merge);
    List<Column> closed = new ArrayList<>(columns);
    for (int i = 0; i < found.size(); i++) {
      Column.Category column = (Column.Category) columns.get(open.get(i).place());
      closed.set(
          open.get(i).place(),
          new Column.Category(
              column.name(),
              sorted(column.name(), found.get(i)),
              column.missing(),
              column.ignoresUnknown()));
    }
    int features = schema.columns().list().size();
    Schema<?> all =
        closed.getLast() instanceof Column.Category label
            ? Schema.label(label.name(), label.categories().toArray(String[]::new))
            : schema;
    return (Schema<Y>) all.features(new Columns(closed.subList(0, features)));
  }

  private static List<Set<String>> found(Iterator<Row> rows, List<Open> open) {
    List<Set<String>> found = open.stream().<Set<String>>map(_ -> new TreeSet<>()).toList();
    rows.forEachRemaining(row -> {
      for (int i = 0; i < open.size(); i++) {
        open.get(i).add(row, found.get(i));
      }
    });
    return new ArrayList<>(found);
  }

  private static List<Set<String>> merge(List<Set<String>> some, List<Set<String>> others) {
    for (int i = 0; i < some.size(); i++) {
      some.get(i).addAll(others.get(i));
    }
    return some;
  }

  /** Puts categories in the order in which a table does, which refuses what can be none. */
  private static List<String> sorted(String column, Set<String> found) throws IOException {
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "SparkTable: column '%s' has no categories in any row; expected some".formatted(column));
    }
    Iterable<List<?>> rows = Iterables.transform(found, text -> List.of(text, 0));
    return Table.read(
            Rows.of("the categories of the column", List.of(column, column + "'"), rows),
            Schema.label(column).numeric(column + "'"))
        .labels();
  }
}
