package dev.adjoint.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A table as a text whose columns are aligned, two spaces apart.
 *
 * @hidden
 */
public final class TextTable {
  private final int left;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * Creates an empty table.
   *
   * @param left how many columns are aligned to the left: the others are, to the right
   */
  public TextTable(int left) {
    this.left = left;
  }

  /** Adds a row, such as the head, of as many cells as all others have. */
  public TextTable row(List<?> cells) {
    rows.add(cells.stream().map(Object::toString).toList());
    return this;
  }

  /** Adds a row with a name. */
  public TextTable row(String name, List<?> cells) {
    List<Object> row = new ArrayList<>(cells);
    row.addFirst(name);
    return row(row);
  }

  /** Adds a row of numbers to three digits; NaN is an empty cell. */
  public TextTable row(String name, double... numbers) {
    return row(
        name,
        Arrays.stream(numbers)
            .mapToObj(n -> Double.isNaN(n) ? "" : String.format(Locale.ROOT, "%.3g", n))
            .toList());
  }

  /** Returns the rows, each a line. */
  @Override
  public String toString() {
    int[] widths = new int[rows.isEmpty() ? 0 : rows.getFirst().size()];
    rows.forEach(row -> Arrays.setAll(widths, i -> Math.max(widths[i], row.get(i).length())));
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? "" : "  ");
        line.append(i < left ? row.get(i) + pad : pad + row.get(i));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
