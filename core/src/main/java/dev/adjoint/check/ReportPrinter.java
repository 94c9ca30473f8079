package dev.adjoint.check;

import dev.adjoint.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints a report for people: aligned columns, failures with all their numbers, then hints. */
final class ReportPrinter {

  private ReportPrinter() {}

  static String print(GradientReport report, String settings, Shape output) {
    StringBuilder text = new StringBuilder("Gradient check ");
    text.append(report.isOk() ? "passed: " : "FAILED: " + headline(report) + "\n").append(settings);
    if (output.size() != 1) {
      text.append("; of the output, shape ").append(output).append(", weighed by random numbers");
    }
    text.append('\n').append(table(summary(report.inputs())));
    for (InputReport input : report.inputs()) {
      if (!input.isOk()) {
        text.append("\nworst of ").append(input.failed()).append(" failures in ");
        text.append(title(input)).append(":\n").append(table(offenders(input)));
        text.append(hint(input));
      }
    }
    if (report.suspects().size() > 1) {
      report.suspects().forEach(suspect -> text.append("\nsuspect: ").append(suspect));
      text.append('\n');
    }
    for (String finding : report.findings()) {
      text.append("\nnot consistent: ").append(finding).append('\n');
    }
    if (report.kinks() > 0) {
      text.append("\n").append(report.kinks());
      text.append(" at a kink: the slopes on both sides differ, so nothing is proved there;");
      text.append(" move the input to check the branches\n");
    }
    return text.toString().stripTrailing();
  }

  /** Returns what a failure is about, in one line. */
  private static String headline(GradientReport report) {
    String what =
        report.inputs().stream()
            .filter(input -> !input.isOk())
            .findFirst()
            .map(ReportPrinter::headline)
            .orElseGet(() -> report.findings().getFirst());
    List<String> suspects = report.suspects();
    return switch (suspects.size()) {
      case 0 -> what;
      case 1 -> what + "; suspect: " + suspects.getFirst();
      default -> "%s; %d suspects: %s, ...".formatted(what, suspects.size(), suspects.getFirst());
    };
  }

  private static String headline(InputReport input) {
    Comparison worst = input.offenders().getFirst();
    return "%s at %s: analytic %s, numeric %s"
        .formatted(title(input), worst.place(), number(worst.analytic()), number(worst.numeric()));
  }

  private static List<List<String>> summary(List<InputReport> inputs) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "input",
            "shape",
            "checked",
            "failed",
            "kinks",
            "worst at",
            "analytic",
            "numeric",
            "abs error",
            "rel error",
            "rule"));
    for (InputReport input : inputs) {
      List<String> row = new ArrayList<>();
      row.add(title(input));
      row.add(input.shape().toString());
      row.add(Integer.toString(input.checked()));
      row.add(Integer.toString(input.failed()));
      row.add(Integer.toString(input.kinks()));
      Comparison worst = input.worst();
      if (worst != null) {
        row.add(worst.place());
        row.add(number(worst.analytic()));
        row.add(number(worst.numeric()));
        row.add(small(worst.absoluteError()));
        row.add(small(worst.relativeError()));
        row.add(worst.verdict().toString());
      }
      rows.add(row);
    }
    return rows;
  }

  private static List<List<String>> offenders(InputReport input) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "at",
            "analytic",
            "numeric",
            "from below",
            "from above",
            "step",
            "truncation",
            "round-off",
            ""));
    for (Comparison c : input.offenders()) {
      rows.add(
          List.of(
              c.place(),
              number(c.analytic()),
              number(c.numeric()),
              number(c.left()),
              number(c.right()),
              small(c.step()),
              small(c.truncation()),
              small(c.roundOff()),
              c.verdict().toString()));
    }
    return rows;
  }

  private static String hint(InputReport input) {
    if (input.failed() > 0 && input.factor() == 0) {
      return "  every one is 0: what was computed in noGrad, or from numbers read out of a tensor, is a constant\n";
    }
    if (input.failed() > 1 && !Double.isNaN(input.factor())) {
      return String.format(
          Locale.ROOT, "  every one is %.4g times the numeric slope\n", input.factor());
    }
    boolean vague =
        input.offenders().stream()
            .allMatch(c -> c.truncation() + c.roundOff() > c.absoluteError() / 10);
    return vague ? "  the differences are as uncertain as the error: look at another point\n" : "";
  }

  private static String title(InputReport input) {
    return input.order() == 1 ? input.name() : input.name() + ", order 2";
  }

  /** Aligns columns: the first to the left, numbers and all others to the right, the last left. */
  private static String table(List<List<String>> rows) {
    int columns = rows.get(0).size();
    StringBuilder text = new StringBuilder();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder("  ");
      for (int i = 0; i < row.size(); i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        boolean left = i == 0 || i == columns - 1;
        line.append(left ? row.get(i) + pad : pad + row.get(i)).append("  ");
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.9g", value);
  }

  private static String small(double value) {
    return String.format(Locale.ROOT, "%.1e", value);
  }
}
