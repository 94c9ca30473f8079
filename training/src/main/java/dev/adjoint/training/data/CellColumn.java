package dev.adjoint.training.data;

import dev.adjoint.io.Quoted;
import dev.adjoint.nn.predict.Column;
import dev.adjoint.tensor.Tensor;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PrimitiveIterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Collects the values of one column of a table. */
sealed interface CellColumn {

  /** Returns a column that has no values yet. */
  static CellColumn of(Column column) {
    return switch (column) {
      case Column.Numeric numeric -> new Numeric(numeric);
      case Column.Category category -> new Categorical(category);
    };
  }

  /** Returns the name in the header. */
  String name();

  /** Adds the cell of the next row. */
  void add(@Nullable Object cell, Rows row) throws DataFormatException;

  /** Returns the number of features, of the values so far. */
  int width();

  /** Returns the names of the features that the column gives. */
  List<String> features();

  /** Returns the names of the values: that of a number, or all categories. */
  List<String> labels();

  /** Writes the features into rows of a width, from a place in each row. */
  void write(float[] rows, int width, int at);

  /** Returns what a schema says of the column when it has seen this table. */
  Column found();

  /** Says what a cell is and what it should be. */
  private static DataFormatException refuse(
      String column, @Nullable Object cell, String expected, Rows row) {
    return DataFormatException.at(
        row,
        "column %s is %s; expected %s"
            .formatted(
                Quoted.text(column),
                cell == null ? "null" : Quoted.text(cell.toString()),
                expected));
  }

  /** Returns the features of columns side by side: of shape (rows, features). */
  static Tensor matrix(List<? extends CellColumn> columns, int count) {
    int width = columns.stream().mapToInt(CellColumn::width).sum();
    float[] rows = new float[count * width];
    int at = 0;
    for (CellColumn column : columns) {
      column.write(rows, width, at);
      at += column.width();
    }
    return Tensor.of(rows, count, width);
  }

  /** Collects numbers: one feature. */
  final class Numeric implements CellColumn {

    private static final Pattern WHOLE = Pattern.compile("[+-]?0*+(\\d*+)");

    /** What programs write where there is no number. */
    private static final Pattern MARKER =
        Pattern.compile("|[?-]|n/?a|nan|null|none", Pattern.CASE_INSENSITIVE);

    private static final Pattern WITH_COMMAS = Pattern.compile("[+-]?[0-9.]*+,[0-9.,]*+");

    /** From here on float32 does not hold every whole number. */
    private static final float LARGEST_EXACT = 1 << 24;

    private final Column.Numeric column;

    /** The bits of the numbers, since there is no stream of floats. */
    private final IntStream.Builder values = IntStream.builder();

    private Numeric(Column.Numeric column) {
      this.column = column;
    }

    @Override
    public void add(@Nullable Object cell, Rows row) throws DataFormatException {
      values.add(
          Float.floatToRawIntBits(
              isMissing(cell) ? (float) column.missing().value() : number(cell, row)));
    }

    private boolean isMissing(@Nullable Object cell) {
      return cell == null || cell instanceof Number number && Double.isNaN(number.doubleValue())
          ? column.missing().isAllowed()
          : cell instanceof String text && column.missing().markers().contains(text.strip());
    }

    private float number(@Nullable Object cell, Rows row) throws DataFormatException {
      float number =
          switch (cell) {
            case Number is -> is.floatValue();
            case String text when Column.Numeric.isDecimal(text.strip()) ->
                Float.parseFloat(text.strip());
            case null, default -> Float.NaN;
          };
      if (!Float.isFinite(number)) {
        throw refuse(
            name(),
            cell,
            "a number" + (Float.isInfinite(number) ? " that float32 holds" : hint(cell)),
            row);
      }
      if (Math.abs(number) >= LARGEST_EXACT) {
        requireExact(
            cell instanceof BigDecimal decimal ? decimal.toPlainString() : String.valueOf(cell),
            number,
            row);
      }
      return number;
    }

    /** Says what helps where a number is missing or written with commas. */
    private static String hint(@Nullable Object cell) {
      String text = cell == null ? "" : cell.toString().strip();
      return MARKER.matcher(text).matches()
          ? ", or Schema.missing for a feature"
          : WITH_COMMAS.matcher(text).matches() ? " with a decimal point" : "";
    }

    /** Refuses a whole number that would silently become another one, as a long id does. */
    private void requireExact(String text, float number, Rows row) throws DataFormatException {
      Matcher whole = WHOLE.matcher(text.strip());
      String held = new BigDecimal(Math.abs(number)).toPlainString();
      if (whole.matches() && !whole.group(1).equals(held)) {
        throw DataFormatException.at(
            row,
            "column %s is %s, which float32 would round to %s; expected a category if it is an id,"
                    .formatted(Quoted.text(name()), Quoted.text(text.strip()), held)
                + " a smaller number, or one with a decimal point, which may be rounded");
      }
    }

    @Override
    public String name() {
      return column.name();
    }

    @Override
    public int width() {
      return 1;
    }

    @Override
    public List<String> features() {
      return List.of(name());
    }

    @Override
    public List<String> labels() {
      return List.of(name());
    }

    @Override
    public void write(float[] rows, int width, int at) {
      int place = at;
      for (PrimitiveIterator.OfInt bits = values.build().iterator(); bits.hasNext(); ) {
        rows[place] = Float.intBitsToFloat(bits.nextInt());
        place += width;
      }
    }

    @Override
    public Column found() {
      return column;
    }
  }

  /** Collects categories: a feature for each of them. */
  final class Categorical implements CellColumn {

    /** What has more is a text, not a category, and its features would not fit into memory. */
    private static final int MOST = 1000;

    private static final int MOST_LISTED = 20;
    private static final int NONE = -1;

    private final Column.Category column;
    private final boolean closed;

    /** The categories, numbered in the order in which they came. */
    private final Map<String, Integer> numbers = new LinkedHashMap<>();

    private final IntStream.Builder values = IntStream.builder();

    private Categorical(Column.Category column) {
      this.column = column;
      this.closed = !column.categories().isEmpty();
      column.categories().forEach(category -> numbers.put(category, numbers.size()));
    }

    @Override
    public void add(@Nullable Object cell, Rows row) throws DataFormatException {
      String text = cell == null ? "" : cell.toString().strip();
      Integer number = cell == null ? null : numbers.get(text);
      if (number == null) {
        Column.Missing missing = column.missing();
        boolean isNone =
            cell == null
                ? missing.isAllowed()
                : missing.markers().contains(text) || closed && column.ignoresUnknown();
        number = isNone ? NONE : numberOfNew(cell, text, row);
      }
      values.add(number);
    }

    private int numberOfNew(@Nullable Object cell, String text, Rows row)
        throws DataFormatException {
      if (cell != null && closed) {
        String all = numbers.size() <= MOST_LISTED ? numbers.keySet().toString() : "those known";
        throw refuse(name(), text, "one of " + all, row);
      }
      if (text.isEmpty()) {
        throw refuse(name(), cell == null ? null : text, "a category", row);
      }
      if (!Column.Category.accepts(text)) {
        throw refuse(name(), text, "a category, which is one short line", row);
      }
      if (numbers.size() == MOST) {
        throw refuse(name(), text, "at most %d categories".formatted(MOST), row);
      }
      numbers.put(text, numbers.size());
      return numbers.size() - 1;
    }

    @Override
    public String name() {
      return column.name();
    }

    @Override
    public List<String> labels() {
      return closed ? List.copyOf(numbers.keySet()) : ClassNames.sorted(numbers.keySet());
    }

    /** Returns the place of each row's category among all categories, or -1: once. */
    int[] codes() {
      List<String> categories = labels();
      int[] code = new int[categories.size()];
      numbers.forEach((category, number) -> code[number] = categories.indexOf(category));
      return values.build().map(number -> number == NONE ? NONE : code[number]).toArray();
    }

    @Override
    public int width() {
      return numbers.size();
    }

    @Override
    public List<String> features() {
      return labels().stream().map(category -> name() + "=" + category).toList();
    }

    @Override
    public void write(float[] rows, int width, int at) {
      int[] codes = codes();
      for (int row = 0; row < codes.length; row++) {
        if (codes[row] != NONE) {
          rows[row * width + at + codes[row]] = 1;
        }
      }
    }

    @Override
    public Column found() {
      return new Column.Category(name(), labels(), column.missing(), column.ignoresUnknown());
    }
  }
}
