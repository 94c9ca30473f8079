package dev.adjoint.nn.inspect;

import java.util.List;

/** Aligns columns for people. */
final class TextTable {

  private TextTable() {}

  /** Aligns all columns to the left. */
  static String leftAligned(List<List<String>> rows) {
    return aligned(rows, false);
  }

  /** Aligns the first column to the left and the others, numbers, to the right. */
  static String ofNumbers(List<List<String>> rows) {
    return aligned(rows, true);
  }

  private static String aligned(List<List<String>> rows, boolean numbers) {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? "" : "  ");
        line.append(numbers && i > 0 ? pad + row.get(i) : row.get(i) + pad);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
