package dev.adjoint.spark;

import dev.adjoint.nn.predict.Column;
import dev.adjoint.nn.predict.Columns;
import dev.adjoint.training.data.Schema;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a schema says, as Spark can send it to its tasks. */
record SchemaForm(List<Field> features, List<Field> targets) implements Serializable {

  /**
   * What a column says.
   *
   * @param categories null for a column of numbers
   */
  record Field(
      String name,
      @Nullable List<String> categories,
      double missing,
      Set<String> markers,
      boolean ignoresUnknown)
      implements Serializable {

    static Field of(Column column) {
      Column.Category category = column instanceof Column.Category is ? is : null;
      return new Field(
          column.name(),
          category == null ? null : category.categories(),
          column.missing().value(),
          column.missing().markers(),
          category != null && category.ignoresUnknown());
    }

    Column column() {
      Column.Missing rule = new Column.Missing(missing, markers);
      return categories == null
          ? new Column.Numeric(name, rule)
          : new Column.Category(name, categories, rule, ignoresUnknown);
    }
  }

  static SchemaForm of(Schema<?> schema) {
    return new SchemaForm(
        schema.columns().list().stream().map(Field::of).toList(),
        schema.targets().stream().map(Field::of).toList());
  }

  /** Returns all columns of a schema, as its names are. */
  static List<Column> columns(Schema<?> schema) {
    return Stream.concat(schema.columns().list().stream(), schema.targets().stream()).toList();
  }

  Schema<?> schema() {
    List<String> classes = targets.getFirst().categories();
    Schema<?> schema =
        classes == null
            ? Schema.target(targets.stream().map(Field::name).toArray(String[]::new))
            : Schema.label(targets.getFirst().name(), classes.toArray(String[]::new));
    return schema.features(new Columns(features.stream().map(Field::column).toList()));
  }
}
