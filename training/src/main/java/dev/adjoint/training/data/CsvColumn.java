package dev.adjoint.training.data;

import static dev.adjoint.training.data.DataFormatException.quoted;

import dev.adjoint.nn.predict.Column;
import dev.adjoint.tensor.Tensor;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PrimitiveIterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Collects the values of one column of a CSV file. */
sealed interface CsvColumn {

  /** Where a field is. */
  record Place(Path file, long line) {
    DataFormatException refuse(String reason) {
      return DataFormatException.atLine(file, line, reason);
    }
  }

  /** Returns a column that has no values yet. */
  static CsvColumn of(Column column) {
    return switch (column) {
      case Column.Numeric numeric -> new Numeric(numeric);
      case Column.Category category -> new Categorical(category);
    };
  }

  /** Returns the name in the header. */
  String name();

  /** Adds the field of the next line. */
  void add(String field, Place place) throws DataFormatException;

  /** Returns the number of features, of the values so far. */
  int width();

  /** Returns the names of the features that the column gives. */
  List<String> features();

  /** Returns the names of the values: that of a number, or all categories. */
  List<String> labels();

  /** Writes the features into rows of a width, from a place in each row. */
  void write(float[] rows, int width, int at);

  /** Returns what a schema says of the column when it has seen this file. */
  Column found();

  /** Returns the features of columns side by side: of shape (lines, features). */
  static Tensor matrix(List<? extends CsvColumn> columns, int lines) {
    int width = columns.stream().mapToInt(CsvColumn::width).sum();
    float[] rows = new float[lines * width];
    int at = 0;
    for (CsvColumn column : columns) {
      column.write(rows, width, at);
      at += column.width();
    }
    return Tensor.of(rows, lines, width);
  }

  /** Collects numbers: one feature. */
  final class Numeric implements CsvColumn {

    private static final Pattern WHOLE = Pattern.compile("[+-]?0*+(\\d*+)");

    /** From here on float32 does not hold every whole number. */
    private static final float LARGEST_EXACT = 1 << 24;

    private final Column.Numeric column;

    /** The bits of the numbers, since there is no stream of floats. */
    private final IntStream.Builder values = IntStream.builder();

    private Numeric(Column.Numeric column) {
      this.column = column;
    }

    @Override
    public void add(String field, Place place) throws DataFormatException {
      Column.Missing missing = column.missing();
      boolean isMissing = missing.markers().contains(field);
      float value = isMissing ? (float) missing.value() : number(field, place);
      values.add(Float.floatToRawIntBits(value));
    }

    private float number(String field, Place place) throws DataFormatException {
      float number = Column.Numeric.isDecimal(field) ? Float.parseFloat(field) : Float.NaN;
      if (!Float.isFinite(number)) {
        throw place.refuse(
            "column %s is %s; expected a number%s"
                .formatted(
                    quoted(name()),
                    quoted(field),
                    Float.isInfinite(number) ? " that float32 holds" : ""));
      }
      if (Math.abs(number) >= LARGEST_EXACT) {
        requireExact(field, number, place);
      }
      return number;
    }

    /** Refuses a whole number that would silently become another one, as a long id does. */
    private void requireExact(String field, float number, Place place) throws DataFormatException {
      Matcher whole = WHOLE.matcher(field);
      String held = new BigDecimal(Math.abs(number)).toPlainString();
      if (whole.matches() && !whole.group(1).equals(held)) {
        throw place.refuse(
            "column %s is %s, which float32 would round to %s; expected a category if it is an id,"
                    .formatted(quoted(name()), quoted(field), held)
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
  final class Categorical implements CsvColumn {

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
    public void add(String field, Place place) throws DataFormatException {
      Integer number = numbers.get(field);
      if (number == null) {
        boolean isNone = column.missing().markers().contains(field);
        number = isNone || closed && column.ignoresUnknown() ? NONE : numberOfNew(field, place);
      }
      values.add(number);
    }

    private int numberOfNew(String field, Place place) throws DataFormatException {
      if (closed) {
        String all = numbers.size() <= MOST_LISTED ? numbers.keySet().toString() : "those known";
        throw refuse(field, "one of " + all, place);
      }
      if (field.isEmpty()) {
        throw refuse(field, "a category", place);
      }
      if (!Column.Category.accepts(field)) {
        throw refuse(field, "a category, which is one short line", place);
      }
      if (numbers.size() == MOST) {
        throw refuse(field, "at most %d categories".formatted(MOST), place);
      }
      numbers.put(field, numbers.size());
      return numbers.size() - 1;
    }

    private DataFormatException refuse(String field, String expected, Place place) {
      return place.refuse(
          "column %s is %s; expected %s".formatted(quoted(name()), quoted(field), expected));
    }

    @Override
    public String name() {
      return column.name();
    }

    @Override
    public List<String> labels() {
      return closed ? List.copyOf(numbers.keySet()) : ClassNames.sorted(numbers.keySet());
    }

    /** Returns the place of each line's category among all categories, or -1: once. */
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
