package dev.adjoint.training.data;

import static java.util.stream.Collectors.joining;

import dev.adjoint.nn.predict.Column;
import dev.adjoint.nn.predict.Columns;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a table as a model uses them: by their names, in the order in which the model gets
 * them. Columns that it does not name are left out. The table is a file of {@link Csv}, or any
 * other {@link Rows}.
 *
 * <pre>{@code
 * Schema<IntTensor> cars = Schema.label("origin")
 *     .numeric("weight", "power")
 *     .category("color")
 *     .missing(Double.NaN, "", "?");
 * }</pre>
 *
 * <p>Schemas are immutable. A missing value is refused unless {@link #missing} says what to take
 * for it. {@link #columns} carry its features into the file of a predictor.
 *
 * @param <Y> the type of the targets
 */
public final class Schema<Y> {

  /** Makes a data set of the inputs and of the columns of the targets. */
  interface Assembly<Y> {
    Dataset<Tensor, Y> dataset(Tensor inputs, List<CellColumn> targets);
  }

  private final Columns features;
  private final List<Column> targets;
  private final Assembly<Y> assembly;
  private final CsvFormat csv;

  /**
   * How the lines of a file of CSV are to be read.
   *
   * @param separator between fields
   * @param header the names of all columns of a file without a header; none if its first line is it
   * @param comment the first character of a comment; null if there are none
   */
  record CsvFormat(char separator, List<String> header, @Nullable Character comment) {
    private static final CsvFormat DEFAULT = new CsvFormat(',', List.of(), null);
  }

  private Schema(Columns features, List<Column> targets, Assembly<Y> assembly, CsvFormat csv) {
    this.features = features;
    this.targets = targets;
    this.assembly = assembly;
    this.csv = csv;
    Set<String> names = new HashSet<>();
    for (Column column : all()) {
      if (!names.add(column.name())) {
        throw new IllegalArgumentException(
            "Schema: column '%s' is there twice; expected each once".formatted(column.name()));
      }
    }
  }

  /**
   * Begins the schema of a classification.
   *
   * @param column of the classes
   * @param classes all that there are, in the order of their numbers; if none is given, those in
   *     the table are taken, sorted
   */
  public static Schema<IntTensor> label(String column, String... classes) {
    return new Schema<>(
        new Columns(),
        new Columns().category(column, classes).list(),
        (inputs, targets) ->
            Dataset.of(inputs, IntTensor.of(((CellColumn.Categorical) targets.getFirst()).codes())),
        CsvFormat.DEFAULT);
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
        new Columns(),
        new Columns().numeric(columns).list(),
        (inputs, targets) -> Dataset.of(inputs, CellColumn.matrix(targets, inputs.size(0))),
        CsvFormat.DEFAULT);
  }

  /** Adds columns of finite numbers, each of which is a feature. */
  public Schema<Y> numeric(String... columns) {
    return with(features.numeric(columns));
  }

  /**
   * Adds a column of categories, each of which is a feature: 1 where an example belongs to it, else
   * 0.
   *
   * @param categories all that there are; if none is given, those in the table are taken, sorted
   */
  public Schema<Y> category(String column, String... categories) {
    return with(features.category(column, categories));
  }

  /**
   * Sets which texts count as missing and the value to take for them, in the features so far for
   * which that was not set: {@code numeric("a").missing(-1).numeric("b").missing(7)} takes -1 for
   * an a and 7 for a b. A missing category is none of the categories: all its features are 0.
   * Targets must not be missing. Null, and NaN, where a table has numbers, are missing as well.
   *
   * @param value of a numeric feature: NaN, for which {@link dev.adjoint.nn.norm.Imputation} puts
   *     the median of the training data, or a number
   * @param markers such as {@code "NA"} or {@code "?"}; if none is given, it is the empty field
   */
  public Schema<Y> missing(double value, String... markers) {
    return with(features.missing(value, markers));
  }

  /**
   * Accepts categories that are neither given nor in the first table, in the features so far; all
   * their features are 0. They are refused by default.
   */
  public Schema<Y> ignoreUnknown() {
    return with(features.ignoreUnknown());
  }

  /** Sets the character that separates the fields of a line of CSV; defaults to a comma. */
  public Schema<Y> separator(char character) {
    return with(new CsvFormat(character, csv.header, csv.comment));
  }

  /**
   * Leaves out the lines of CSV that begin with a character, such as {@code '#'}; none by default.
   */
  public Schema<Y> comment(char character) {
    return with(new CsvFormat(csv.separator, csv.header, character));
  }

  /**
   * Reads CSV without a header, which begin with an example.
   *
   * @param columns the names of all columns of the file, in their order
   */
  public Schema<Y> withoutHeader(String... columns) {
    if (columns.length == 0) {
      throw new IllegalArgumentException("withoutHeader: no columns; expected the name of each");
    }
    return with(new CsvFormat(csv.separator, List.of(columns), csv.comment));
  }

  /**
   * Returns this schema with other features, such as those of a predictor, whose new data it reads:
   * {@code Schema.label("class", labels).features(predictor.columns())}.
   */
  public Schema<Y> features(Columns columns) {
    return with(columns);
  }

  /**
   * Returns how an example becomes the features, for a {@link dev.adjoint.nn.predict.Predictor}: of
   * the schema of a table that was read, with the categories that were found.
   */
  public Columns columns() {
    return features;
  }

  /** Returns the schema that expects the categories that were found. */
  Schema<Y> withFound(List<CellColumn> foundFeatures, List<CellColumn> foundTargets) {
    return new Schema<>(
        new Columns(foundFeatures.stream().map(CellColumn::found).toList()),
        foundTargets.stream().map(CellColumn::found).toList(),
        assembly,
        csv);
  }

  /** Returns the names of the columns: those of the features, and then those of the targets. */
  public List<String> names() {
    return all().stream().map(Column::name).toList();
  }

  void requireFeatures() {
    if (features.list().isEmpty()) {
      throw new IllegalArgumentException("%s: no features; expected at least one".formatted(this));
    }
  }

  List<Column> features() {
    return features.list();
  }

  /** Returns the columns of the targets: one of categories, or of numbers. */
  public List<Column> targets() {
    return targets;
  }

  Assembly<Y> assembly() {
    return assembly;
  }

  CsvFormat csv() {
    return csv;
  }

  private List<Column> all() {
    return Stream.concat(features.list().stream(), targets.stream()).toList();
  }

  private Schema<Y> with(Columns newFeatures) {
    return new Schema<>(newFeatures, targets, assembly, csv);
  }

  private Schema<Y> with(CsvFormat newCsv) {
    return new Schema<>(features, targets, assembly, newCsv);
  }

  @Override
  public String toString() {
    return names().stream().collect(joining(", ", "Schema(", ")"));
  }
}
