package dev.adjoint.nn.inspect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Aligns columns for people: the first to the left, and the others, if of numbers, to the right.
 */
final class TextTable {

  private final boolean ofNumbers;
  private final List<List<String>> rows = new ArrayList<>();

  TextTable(boolean ofNumbers) {
    this.ofNumbers = ofNumbers;
  }

  /** Adds a row, such as the head. */
  void row(String name, List<?> cells) {
    List<String> row = new ArrayList<>(List.of(name));
    cells.forEach(cell -> row.add(cell.toString()));
    rows.add(row);
  }

  /** Adds a row of numbers to three digits; NaN is an empty cell. */
  void row(String name, double... numbers) {
    row(
        name,
        Arrays.stream(numbers)
            .mapToObj(n -> Double.isNaN(n) ? "" : String.format(Locale.ROOT, "%.3g", n))
            .toList());
  }

  @Override
  public String toString() {
    int[] widths = new int[rows.getFirst().size()];
    rows.forEach(row -> Arrays.setAll(widths, i -> Math.max(widths[i], row.get(i).length())));
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? "" : "  ");
        line.append(ofNumbers && i > 0 ? pad + row.get(i) : row.get(i) + pad);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
