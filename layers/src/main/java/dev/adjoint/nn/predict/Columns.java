package dev.adjoint.nn.predict;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The columns of a table, and how an example, its fields by name, becomes the features of a model:
 * the part of the preprocessing that is no layer.
 *
 * <pre>{@code
 * Columns columns =
 *     new Columns()
 *         .numeric("tenure", "charges")
 *         .category("contract", "month to month", "one year", "two years")
 *         .missing(Double.NaN);
 * double[] row = columns.row(Map.of("tenure", 7, "contract", "one year")); // {7, NaN, 0, 1, 0}
 * }</pre>
 *
 * <p>A number is one feature; a category is one feature for each that there is, 1 where an example
 * belongs to it, else 0. A field that is missing is refused unless {@link #missing} says what to
 * take for it. Columns are immutable. The schema of a CSV file gives those that it has found there.
 */
public final class Columns {

  private final ImmutableList<Column> list;
  private final int width;

  /** Creates none, to which columns are added. */
  public Columns() {
    this(List.of());
  }

  /** Creates these columns. */
  public Columns(List<? extends Column> columns) {
    list = ImmutableList.copyOf(columns);
    Set<String> names = new HashSet<>();
    for (Column column : list) {
      if (!names.add(column.name())) {
        throw new IllegalArgumentException(
            "columns: '%s' is there twice; expected each once".formatted(column.name()));
      }
    }
    width = list.stream().mapToInt(Column::width).reduce(0, Math::addExact);
  }

  /** Adds columns of finite numbers, each of which is a feature. */
  public Columns numeric(String... names) {
    return with(Stream.of(names).map(name -> new Column.Numeric(name, Column.Missing.NEVER)));
  }

  /**
   * Adds a column of categories.
   *
   * @param categories all that there are, in the order of their features; none if they are still to
   *     be collected from a file
   */
  public Columns category(String name, String... categories) {
    return with(
        Stream.of(new Column.Category(name, List.of(categories), Column.Missing.NEVER, false)));
  }

  /**
   * Says which fields count as missing and what to take for them, in the columns so far for which
   * nothing of the kind was said: {@code numeric("a").missing(-1).numeric("b").missing(7)} takes -1
   * for an a and 7 for a b. A missing category is none of the categories: all its features are 0.
   *
   * @param value of a numeric feature: NaN, for which {@link dev.adjoint.nn.norm.Imputation} puts
   *     the median of the training data, or a number
   * @param markers such as {@code "NA"} or {@code "?"}; if none is given, it is the empty field. A
   *     field that is not there at all, or NaN, is missing as well
   */
  public Columns missing(double value, String... markers) {
    Column.Missing rule =
        new Column.Missing(
            value, ImmutableSet.copyOf(markers.length == 0 ? new String[] {""} : markers));
    if (list.stream().allMatch(column -> column.missing().isAllowed())) {
      throw new IllegalArgumentException(
          "missing: there is no column before it that it could be about; expected it after those"
              + " that it is about");
    }
    return new Columns(
        list.stream()
            .map(column -> column.missing().isAllowed() ? column : column.with(rule))
            .toList());
  }

  /**
   * Lets fields of the columns so far be categories that are not known, of which all features are
   * 0; without this they are refused.
   */
  public Columns ignoreUnknown() {
    return new Columns(
        list.stream()
            .map(column ->
                column instanceof Column.Category c
                    ? new Column.Category(c.name(), c.categories(), c.missing(), true)
                    : column)
            .toList());
  }

  private Columns with(Stream<? extends Column> more) {
    return new Columns(Stream.concat(list.stream(), more).toList());
  }

  /** Returns all columns, in the order of their features. */
  public List<Column> list() {
    return list;
  }

  /** Returns the names of the features: that of a numeric column, and "color=red". */
  public List<String> features() {
    return list.stream().flatMap(Column::features).toList();
  }

  /** Returns how many features there are. */
  int width() {
    return width;
  }

  /** Tells whether text lists the features, one a line, without holding them all. */
  boolean areFeatures(Iterator<String> lines) {
    Iterator<String> names = list.stream().flatMap(Column::features).iterator();
    while (names.hasNext() && lines.hasNext()) {
      if (!names.next().equals(lines.next())) {
        return false;
      }
    }
    return names.hasNext() == lines.hasNext();
  }

  /**
   * Returns the features of an example.
   *
   * @param example the fields by the names of their columns: a {@link Number} or a text that is one
   *     for a numeric column, and for a category anything whose {@code toString} names it
   * @throws IllegalArgumentException naming every column that is not known, missing, or not what it
   *     may be
   */
  public double[] row(Map<String, ?> example) {
    return row("columns", example);
  }

  double[] row(String operation, Map<String, ?> example) {
    double[] row = new double[width];
    List<String> faults = new ArrayList<>();
    Set<String> unknown = new TreeSet<>(example.keySet());
    int at = 0;
    for (Column column : list) {
      String fault = column.write(example.get(column.name()), row, at);
      if (fault != null) {
        faults.add(fault);
      }
      unknown.remove(column.name());
      at += column.width();
    }
    if (!unknown.isEmpty()) {
      faults.add(
          "%s is none of the columns; these are %s"
              .formatted(Texts.listed(unknown), Texts.listed(names())));
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(operation + ": " + String.join("; ", faults));
    }
    return row;
  }

  private List<String> names() {
    return list.stream().map(Column::name).toList();
  }

  /** Returns the names of the columns. */
  @Override
  public String toString() {
    return "Columns" + names();
  }
}
