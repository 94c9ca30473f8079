package dev.adjoint.nn.predict;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes columns as a text, and reads it: a line for each column, and those of what is said of it.
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
final class ColumnsText {

  private static final Splitter LINES = Splitter.on('\n').omitEmptyStrings();

  private ColumnsText() {}

  static String of(Columns columns) {
    StringBuilder text = new StringBuilder();
    for (Column column : columns.list()) {
      switch (column) {
        case Column.Numeric numeric -> text.append("numeric ").append(numeric.name()).append('\n');
        case Column.Category category -> {
          text.append("category ").append(category.name()).append('\n');
          category.categories().forEach(c -> text.append("  value ").append(c).append('\n'));
          text.append(category.ignoresUnknown() ? "  unknown ignored\n" : "");
        }
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
   * @throws IllegalArgumentException if that is not what {@link #of} writes
   */
  static Columns read(String text) {
    List<Column> columns = new ArrayList<>();
    Reader reader = null;
    for (String line : LINES.split(text)) {
      if (line.startsWith("  ") && reader != null) {
        reader.read(line.substring(2));
      } else {
        if (reader != null) {
          columns.add(reader.column());
        }
        reader = new Reader(line);
      }
    }
    if (reader != null) {
      columns.add(reader.column());
    }
    Columns read = new Columns(columns);
    if (!of(read).equals(text)) {
      throw new IllegalArgumentException("columns: a text that nobody has written so");
    }
    return read;
  }

  /** Reads the lines of one column. */
  private static final class Reader {
    private final String first;
    private final List<String> values = new ArrayList<>();
    private final Set<String> markers = new LinkedHashSet<>();
    private boolean ignoresUnknown;
    private double missing = Double.NaN;

    Reader(String first) {
      this.first = first;
    }

    void read(String line) {
      String text = after(line);
      switch (line.substring(0, line.length() - text.length()).strip()) {
        case "value" -> values.add(text);
        case "marker" -> markers.add(text);
        case "unknown" -> ignoresUnknown = true;
        case "missing" -> missing = number(text);
        default -> throw refuse(line);
      }
    }

    Column column() {
      String name = after(first);
      Column.Missing rule = new Column.Missing(missing, markers);
      return switch (first.substring(0, first.length() - name.length())) {
        case "numeric " -> new Column.Numeric(name, rule);
        case "category " -> new Column.Category(name, values, rule, ignoresUnknown);
        default -> throw refuse(first);
      };
    }

    /** Returns what stands after the first word. */
    private static String after(String line) {
      return line.substring(line.indexOf(' ') + 1);
    }

    private static double number(String text) {
      try {
        return Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw refuse(text);
      }
    }

    private static IllegalArgumentException refuse(String line) {
      return new IllegalArgumentException(
          "columns: the line %s; expected numeric, category, value, missing, marker or unknown"
              .formatted(Texts.quoted(line)));
    }
  }
}
