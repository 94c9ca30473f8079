package dev.adjoint.training.data;

import static java.util.stream.Collectors.joining;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Says what the columns of a CSV file are to a model: by their names in the header, in the order in
 * which the model gets them. Columns that it does not name are left out.
 *
 * <pre>{@code
 * Schema<IntTensor> cars = Schema.label("origin")
 *     .numeric("weight", "power")
 *     .category("color")
 *     .missing(Double.NaN, "", "?");
 * }</pre>
 *
 * <p>Schemas are immutable. A missing value is refused unless {@link #missing} says what to take
 * for it.
 *
 * @param <Y> the type of the targets
 */
public final class Schema<Y> {

  /**
   * Names a column.
   *
   * @param categories what a field may be; none where that is collected from the file, null where
   *     fields are numbers
   */
  record Column(String name, @Nullable List<String> categories) {

    static Column numeric(String name) {
      return new Column(name, null);
    }
  }

  /**
   * Says what to take for a missing value.
   *
   * @param markers the fields that count as missing
   */
  record Missing(double value, Set<String> markers) {
    static final Missing NEVER = new Missing(Double.NaN, Set.of());
  }

  /** Makes a data set of the inputs and of the columns of the targets. */
  interface Assembly<Y> {
    Dataset<Tensor, Y> dataset(Tensor inputs, List<CsvColumn> targets);
  }

  private final List<Column> features;
  private final List<Column> targets;
  private final Assembly<Y> assembly;
  private final Missing missing;
  private final char separator;

  private Schema(
      List<Column> features,
      List<Column> targets,
      Assembly<Y> assembly,
      Missing missing,
      char separator) {
    this.features = features;
    this.targets = targets;
    this.assembly = assembly;
    this.missing = missing;
    this.separator = separator;
    Set<String> names = new HashSet<>();
    for (Column column : columns()) {
      if (!names.add(column.name)) {
        throw new IllegalArgumentException(
            "Schema: column '%s' is there twice; expected each once".formatted(column.name));
      }
    }
  }

  /**
   * Begins the schema of a classification.
   *
   * @param column of the classes
   * @param classes all that there are, in the order of their numbers; if none is given, those in
   *     the file are taken, sorted
   */
  public static Schema<IntTensor> label(String column, String... classes) {
    return new Schema<>(
        List.of(),
        List.of(category("label", column, classes)),
        (inputs, targets) ->
            Dataset.of(inputs, IntTensor.of(((CsvColumn.Categorical) targets.getFirst()).codes())),
        Missing.NEVER,
        ',');
  }

  /**
   * Begins the schema of a regression.
   *
   * @param columns of numbers; the targets are of shape (n, columns)
   */
  public static Schema<Tensor> target(String... columns) {
    if (columns.length == 0) {
      throw new IllegalArgumentException("target: no columns; expected at least one");
    }
    return new Schema<>(
        List.of(),
        Stream.of(columns).map(Column::numeric).toList(),
        (inputs, targets) -> Dataset.of(inputs, CsvColumn.matrix(targets, inputs.size(0))),
        Missing.NEVER,
        ',');
  }

  /** Adds columns of finite numbers, each of which is a feature. */
  public Schema<Y> numeric(String... columns) {
    return with(Stream.of(columns).map(Column::numeric).toList());
  }

  /**
   * Adds a column of categories, each of which is a feature: 1 where an example belongs to it, else
   * 0.
   *
   * @param categories all that there are; if none is given, those in the file are taken, sorted
   */
  public Schema<Y> category(String column, String... categories) {
    return with(List.of(category("category", column, categories)));
  }

  /**
   * Says which fields of features count as missing, and what to take for them. A missing category
   * is none of the categories: all its features are 0. Targets must not be missing.
   *
   * @param value of a numeric feature: NaN, or a number
   * @param markers such as {@code "NA"} or {@code "?"}; if none is given, it is the empty field
   */
  public Schema<Y> missing(double value, String... markers) {
    if (Double.isInfinite((float) value)) {
      throw new IllegalArgumentException(
          "missing: %s for a missing value; expected NaN or a number that float32 holds"
              .formatted(value));
    }
    Set<String> fields = markers.length == 0 ? Set.of("") : new HashSet<>(List.of(markers));
    return new Schema<>(features, targets, assembly, new Missing(value, fields), separator);
  }

  /** Says what separates the fields of a line: a comma unless it is given. */
  public Schema<Y> separator(char character) {
    return new Schema<>(features, targets, assembly, missing, character);
  }

  /** Returns the schema that expects the categories that were found. */
  Schema<Y> withFound(List<CsvColumn> foundFeatures, List<CsvColumn> foundTargets) {
    return new Schema<>(
        foundFeatures.stream().map(CsvColumn::found).toList(),
        foundTargets.stream().map(CsvColumn::found).toList(),
        assembly,
        missing,
        separator);
  }

  List<Column> features() {
    return features;
  }

  List<Column> targets() {
    return targets;
  }

  Assembly<Y> assembly() {
    return assembly;
  }

  Missing missing() {
    return missing;
  }

  char separator() {
    return separator;
  }

  private List<Column> columns() {
    return Stream.concat(features.stream(), targets.stream()).toList();
  }

  private Schema<Y> with(List<Column> more) {
    List<Column> all = new ArrayList<>(features);
    all.addAll(more);
    return new Schema<>(List.copyOf(all), targets, assembly, missing, separator);
  }

  private static Column category(String operation, String column, String... categories) {
    if (Stream.of(categories).distinct().count() < categories.length) {
      throw new IllegalArgumentException(
          "%s: column '%s' has categories %s; expected each once"
              .formatted(operation, column, List.of(categories)));
    }
    return new Column(column, List.of(categories));
  }

  @Override
  public String toString() {
    return columns().stream().map(Column::name).collect(joining(", ", "Schema(", ")"));
  }
}
