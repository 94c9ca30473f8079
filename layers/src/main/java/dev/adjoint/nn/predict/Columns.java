package dev.adjoint.nn.predict;

import com.google.common.base.Splitter;
import com.google.common.collect.ArrayListMultimap;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Iterators;
import com.google.common.collect.ListMultimap;
import dev.adjoint.io.Quoted;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
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

  private static final int LONGEST_LINE = 1000;

  /** Splits a text before each line that is not indented. */
  private static final Splitter COLUMNS = Splitter.onPattern("\n(?! )").omitEmptyStrings();

  private final ImmutableList<Column> list;
  private final int width;

  /** Creates an empty value, to which columns are added. */
  public Columns() {
    this(List.of());
  }

  /** Creates a value of these columns. */
  public Columns(List<? extends Column> columns) {
    list = ImmutableList.copyOf(columns);
    requireOnce("columns", names());
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

  int width() {
    return width;
  }

  /** Tells whether a text lists the features, one a line, without holding them all. */
  boolean areFeatures(String text) {
    return Iterators.elementsEqual(
        list.stream().flatMap(Column::features).iterator(), text.lines().iterator());
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
          "unknown columns %s; expected some of %s"
              .formatted(Quoted.list(unknown), Quoted.list(names())));
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(operation + ": " + String.join("; ", faults));
    }
    return row;
  }

  /** Throws unless the features, if there are any, are the last axis of the input. */
  void requireFeatures(Inputs inputs) {
    if (width > 0) {
      Tensor x = inputs.onlyTensor();
      if (x.rank() == 0 || x.size(-1) != width) {
        throw new IllegalArgumentException(
            "predict: input of shape %s; expected (..., %d), the features %s"
                .formatted(x.shape(), width, features()));
      }
    }
  }

  /** Returns why a model refuses inputs, if it is not what the model says: one example alone. */
  IllegalArgumentException explained(Inputs inputs, IllegalArgumentException refusal) {
    Shape alone = inputs.aloneShape();
    return alone == null
        ? refusal
        : new IllegalArgumentException(
            "predict: input of shape %s; expected (N, %s), examples along axis 0, as x.unsqueeze(0) has one (%s)"
                .formatted(alone, width > 0 ? width : "...", refusal.getMessage()),
            refusal);
  }

  /** Says which features of an example are not finite, if they have names. */
  String notFinite(Inputs inputs, int example) {
    if (width == 0 || inputs.onlyTensor().rank() != 2) {
      return "";
    }
    double[] row = inputs.onlyTensor().select(0, example).toDoubleArray();
    List<String> names = features();
    List<String> found =
        IntStream.range(0, row.length)
            .filter(i -> !Double.isFinite(row[i]))
            .mapToObj(i -> "%s is %s".formatted(names.get(i), row[i]))
            .toList();
    return found.isEmpty() ? "" : " where " + String.join(", ", found);
  }

  // ---- as a text -------------------------------------------------------------------------------

  /**
   * Writes the columns: a line for each, and below it, indented, what is said of it.
   *
   * <pre>
   * numeric tenure
   *   missing NaN
   *   marker
   * category contract
   *   value one year
   *   value two years
   *   unknown ignored
   * </pre>
   */
  String text() {
    StringBuilder text = new StringBuilder();
    for (Column column : list) {
      if (column instanceof Column.Category category) {
        text.append("category ").append(category.name()).append('\n');
        category.categories().forEach(c -> text.append("  value ").append(c).append('\n'));
        text.append(category.ignoresUnknown() ? "  unknown ignored\n" : "");
      } else {
        text.append("numeric ").append(column.name()).append('\n');
      }
      Column.Missing missing = column.missing();
      if (missing.isAllowed()) {
        text.append("  missing ").append(missing.value()).append('\n');
        missing.markers().forEach(m -> text.append("  marker ").append(m).append('\n'));
      }
    }
    return text.toString();
  }

  /**
   * Reads columns.
   *
   * @throws IllegalArgumentException if that is not what {@link #text} writes
   */
  static Columns read(String text) {
    Columns columns = new Columns(COLUMNS.splitToStream(text).map(Columns::column).toList());
    if (!columns.text().equals(text)) {
      throw new IllegalArgumentException(
          "columns: the text is malformed; expected one that a predictor has saved");
    }
    return columns;
  }

  private static Column column(String text) {
    ListMultimap<String, String> said = ArrayListMultimap.create(2, 1); // by the first word
    for (String line : Splitter.on('\n').split(text)) {
      int start = line.startsWith("  ") ? 2 : 0;
      int space = Math.max(start, line.indexOf(' ', start));
      said.put(line.substring(start, space), line.substring(Math.min(space + 1, line.length())));
    }
    Column.Missing rule =
        said.containsKey("marker")
            ? new Column.Missing(
                Double.parseDouble(String.join("", said.get("missing"))),
                ImmutableSet.copyOf(said.get("marker")))
            : Column.Missing.NEVER;
    return said.containsKey("category")
        ? new Column.Category(
            said.get("category").getFirst(), said.get("value"), rule, said.containsKey("unknown"))
        : new Column.Numeric(String.join("", said.get("numeric")), rule);
  }

  /** Tells whether a text can be written as a line, and read as the same. */
  static boolean isLine(String text) {
    return !text.isEmpty()
        && text.length() <= LONGEST_LINE
        && text.lines().count() == 1
        && text.strip().length() == text.length();
  }

  /** Throws if a text cannot be written as a line. */
  static void requireLine(String what, String text) {
    if (!isLine(text)) {
      throw new IllegalArgumentException(
          "%s: %s of %d characters; expected a text on one line, without white space at its ends, of at most %d"
              .formatted(what, Quoted.text(text), text.length(), LONGEST_LINE));
    }
  }

  /** Throws if a text is there twice. */
  static void requireOnce(String what, Collection<String> texts) {
    Set<String> known = new HashSet<>();
    for (String text : texts) {
      if (!known.add(text)) {
        throw new IllegalArgumentException(
            "%s: %s is there twice; expected each once".formatted(what, Quoted.text(text)));
      }
    }
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
