package dev.adjoint.check;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints a report for people: aligned columns, failures with all their numbers, then hints. */
final class ReportPrinter {

  private ReportPrinter() {}

  static String print(GradientReport report) {
    StringBuilder text = new StringBuilder("Gradient check ").append(headline(report));
    text.append(report.check().settings());
    if (report.output().size() != 1) {
      text.append("; of the output, shape ")
          .append(report.output())
          .append(", weighed by random numbers");
    }
    text.append('\n').append(table(summary(report.inputs())));
    for (InputReport input : report.inputs()) {
      if (!input.isOk()) {
        text.append('\n').append(count(input)).append(" in ").append(title(input)).append(":\n");
        text.append(table(offenders(input))).append(hint(input));
      }
    }
    if (report.suspects().size() > 1) {
      report.suspects().forEach(suspect -> text.append("\nsuspect: ").append(suspect));
      text.append('\n');
    }
    for (String finding : report.findings()) {
      text.append("\nnot consistent: ").append(finding).append('\n');
    }
    return text.append(kinks(report)).toString().stripTrailing();
  }

  /** Returns what the report says, up to where the settings follow. */
  private static String headline(GradientReport report) {
    List<InputReport> inputs = report.inputs();
    for (InputReport input : inputs) {
      if (input.failed() > 0) {
        return "FAILED: %s: %s%s\n"
            .formatted(place(input), both(input.offenders().getFirst()), suspects(report));
      }
    }
    if (!report.findings().isEmpty()) {
      return "FAILED: " + report.findings().getFirst() + suspects(report) + "\n";
    }
    InputReport vague =
        Collections.max(inputs, Comparator.comparingDouble(InputReport::resolution));
    if (vague.undecided() > 0) {
      return "UNDECIDED: %s; expected %s: %s\n"
          .formatted(
              doubt(vague),
              percent(report.check().tolerance.resolution()),
              both(vague.offenders().getFirst()));
    }
    boolean sharp = vague.resolution() <= 10 * report.check().tolerance.relative();
    return sharp ? "passed: " : "passed, but " + doubt(vague) + ": ";
  }

  private static String suspects(GradientReport report) {
    List<String> suspects = report.suspects();
    return switch (suspects.size()) {
      case 0 -> "";
      case 1 -> "; suspect: " + suspects.getFirst();
      default -> "; %d suspects: %s, ...".formatted(suspects.size(), suspects.getFirst());
    };
  }

  private static String both(Comparison c) {
    return "analytic %s, numeric %s".formatted(number(c.analytic()), number(c.numeric()));
  }

  /** Names an input and its worst element. */
  private static String place(InputReport input) {
    Comparison worst = input.worst();
    String name = title(input);
    return worst == null || worst.place().equals("[]") ? name : name + " at " + worst.place();
  }

  private static String doubt(InputReport input) {
    return input.resolution() < 1
        ? place(input) + " could be checked only to within " + percent(input.resolution())
        : place(input) + " could not be checked";
  }

  private static String count(InputReport input) {
    List<String> parts = new ArrayList<>();
    if (input.failed() > 0) {
      parts.add(input.failed() + (input.failed() == 1 ? " failure" : " failures"));
    }
    if (input.undecided() > 0) {
      parts.add(input.undecided() + " undecided");
    }
    int shown = input.offenders().size();
    boolean all = shown == input.failed() + input.undecided();
    return (all ? "" : "worst " + shown + " of ") + String.join(" and ", parts);
  }

  /** Names each kink once: that of the gradient, and not that of its own gradient besides. */
  private static String kinks(GradientReport report) {
    if (report.kinks() == 0) {
      return "";
    }
    Map<String, String> operations = new LinkedHashMap<>();
    for (InputReport input : report.inputs()) {
      if (!input.kinkOf().isEmpty()) {
        operations.putIfAbsent(
            input.name(), input.name() + " is exactly at the kink of " + input.kinkOf());
      }
    }
    String named = String.join(", ", operations.values());
    return "\n%d at a kink: %s%s\n"
        .formatted(
            report.kinks(),
            named.isEmpty() ? "" : named + ", where ",
            "the slopes on both sides differ, so nothing is proved; move the input to check the"
                + " branches");
  }

  private static List<List<String>> summary(List<InputReport> inputs) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        header(
            "input,shape,checked,failed,undecided,kinks,worst at,analytic,numeric,rel error,"
                + "resolution,rule"));
    for (InputReport input : inputs) {
      List<String> row = new ArrayList<>(List.of(title(input), input.shape().toString()));
      for (int count :
          new int[] {input.checked(), input.failed(), input.undecided(), input.kinks()}) {
        row.add(Integer.toString(count));
      }
      Comparison worst = input.worst();
      if (worst != null) {
        Collections.addAll(row, worst.place(), number(worst.analytic()), number(worst.numeric()));
        boolean known = worst.verdict() != Verdict.ZERO && worst.verdict() != Verdict.KINK;
        String resolution = known ? small(worst.resolution()) : "-";
        Collections.addAll(
            row, small(worst.relativeError()), resolution, worst.verdict().toString());
      }
      rows.add(row);
    }
    return rows;
  }

  private static List<List<String>> offenders(InputReport input) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(header("at,analytic,numeric,from below,from above,step,truncation,round-off,"));
    for (Comparison c : input.offenders()) {
      List<String> row = new ArrayList<>(List.of(c.place()));
      for (double slope : List.of(c.analytic(), c.numeric(), c.left(), c.right())) {
        row.add(number(slope));
      }
      for (double error : List.of(c.step(), c.truncation(), c.roundOff())) {
        row.add(small(error));
      }
      row.add(c.verdict().toString());
      rows.add(row);
    }
    return rows;
  }

  private static List<String> header(String columns) {
    return List.of(columns.split(",", -1));
  }

  private static String hint(InputReport input) {
    Comparison worst = input.offenders().getFirst();
    String those = input.failed() == 1 ? "it is" : "every one is";
    if (input.failed() > 0 && input.factor() == 0) {
      return "  "
          + those
          + " 0: what was computed in noGrad, or from numbers read out of a tensor, or by a"
          + " backward() without createGraph(), is a constant\n";
    }
    if (input.failed() > 1 && !Double.isNaN(input.factor())) {
      return String.format(
          Locale.ROOT, "  every one is %.4g times the numeric slope\n", input.factor());
    }
    return switch (worst.verdict()) {
      case NOT_FINITE ->
          Double.isFinite(worst.analytic())
              ? "  at every step an output is NaN or infinite: move the input into the domain\n"
              : "";
      case UNDECIDED ->
          worst.truncation() > worst.roundOff()
              ? "  no two steps give the same slope: look at another point, or choose the first"
                  + " step by step(...)\n"
              : "  the outputs move by little more than their rounding: leave out what is constant"
                  + " in them, or ask for less by resolution(...) or tolerance(...)\n";
      default -> "";
    };
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

  private static String percent(double part) {
    BigDecimal percent = BigDecimal.valueOf(100 * part).round(new MathContext(1, RoundingMode.UP));
    return percent.stripTrailingZeros().toPlainString() + " %";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.9g", value);
  }

  private static String small(double value) {
    return String.format(Locale.ROOT, "%.1e", value);
  }
}
