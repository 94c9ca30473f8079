package dev.adjoint.check;

import static java.util.stream.Collectors.joining;

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
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** Prints a report for people: aligned columns, failures with all their numbers, then hints. */
final class ReportPrinter {

  /** A column of a table: its title, and what it says of the subject of a row. */
  private record Column<T>(String title, Function<T, String> text) {}

  private static final List<Column<InputReport>> INPUTS =
      List.of(
          new Column<>("input", ReportPrinter::title),
          new Column<>("shape", input -> input.shape().toString()),
          new Column<>("checked", input -> Integer.toString(input.checked())),
          new Column<>("failed", input -> Integer.toString(input.failed())),
          new Column<>("undecided", input -> Integer.toString(input.undecided())),
          new Column<>("kinks", input -> Integer.toString(input.kinks())),
          new Column<>("worst at", input -> worst(input, Comparison::place)),
          new Column<>("analytic", input -> worst(input, c -> number(c.analytic()))),
          new Column<>("numeric", input -> worst(input, c -> number(c.numeric()))),
          new Column<>("rel error", input -> worst(input, c -> small(c.relativeError()))),
          new Column<>("resolution", input -> worst(input, ReportPrinter::resolution)),
          new Column<>("rule", input -> worst(input, c -> c.outcome().toString())));

  private static final List<Column<Comparison>> OFFENDERS =
      List.of(
          new Column<>("at", Comparison::place),
          new Column<>("analytic", c -> number(c.analytic())),
          new Column<>("numeric", c -> number(c.numeric())),
          new Column<>("from below", c -> number(c.left())),
          new Column<>("from above", c -> number(c.right())),
          new Column<>("step", c -> small(c.step())),
          new Column<>("truncation", c -> small(c.truncation())),
          new Column<>("round-off", c -> small(c.roundOff())),
          new Column<>("", c -> c.outcome().toString()));

  private static final int DETAILED = 3;

  private ReportPrinter() {}

  static String print(GradientReport report) {
    StringBuilder text = new StringBuilder("Gradient check ").append(headline(report));
    text.append(report.check().settings());
    if (report.output().size() != 1) {
      text.append("; of the output, shape ")
          .append(report.output())
          .append(", weighed by random numbers");
    }
    if (!report.spent().isEmpty()) {
      text.append("; ").append(report.spent());
    }
    text.append('\n').append(table(INPUTS, report.inputs()));
    if (!report.identity().isEmpty()) {
      text.append("  ").append(report.identity()).append('\n');
    }
    List<InputReport> bad = report.inputs().stream().filter(input -> !input.isOk()).toList();
    for (InputReport input : bad.subList(0, Math.min(DETAILED, bad.size()))) {
      text.append('\n').append(count(input)).append(" in ").append(title(input)).append(":\n");
      text.append(table(OFFENDERS, input.offenders()))
          .append(hint(input, report.check().isOfArrays()));
    }
    if (bad.size() > DETAILED) {
      text.append("\nand in %s others\n".formatted(bad.size() - DETAILED));
    }
    if (report.suspects().size() > 1) {
      for (int i = 0; i < report.suspects().size(); i++) {
        text.append("\nsuspect: ").append(report.suspects().get(i)).append(place(report, i));
      }
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
    Stream<String> failures = inputs.stream().filter(i -> i.failed() > 0).map(ReportPrinter::first);
    Optional<String> worst = Stream.concat(failures, report.findings().stream()).findFirst();
    if (worst.isPresent()) {
      return "FAILED: %s%s%s\n".formatted(worst.get(), suspects(report), place(report, 0));
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

  /** Names the worst failure of an input, with both derivatives. */
  static String first(InputReport input) {
    return "%s: %s".formatted(place(input), both(input.offenders().getFirst()));
  }

  private static String suspects(GradientReport report) {
    List<String> suspects = report.suspects();
    return switch (suspects.size()) {
      case 0 -> "";
      case 1 -> "; suspect: " + suspects.getFirst();
      default -> "; %s suspects: %s, ...".formatted(suspects.size(), suspects.getFirst());
    };
  }

  /** Says on a line where a suspect was computed; empty if that is not known. */
  private static String place(GradientReport report, int suspect) {
    List<String> places = report.places();
    return suspect >= places.size() || places.get(suspect).isEmpty()
        ? ""
        : "\n  " + places.get(suspect);
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
    return "\n%s at a kink: %s%s\n"
        .formatted(
            report.kinks(),
            named.isEmpty() ? "" : named + ", where ",
            "the slopes on both sides differ, so nothing is proved; move the input to check the"
                + " branches");
  }

  private static String worst(InputReport input, Function<Comparison, String> text) {
    Comparison worst = input.worst();
    return worst == null ? "" : text.apply(worst);
  }

  private static String resolution(Comparison c) {
    boolean known = c.outcome() != Outcome.ZERO && c.outcome() != Outcome.KINK;
    return known ? small(c.resolution()) : "-";
  }

  private static String hint(InputReport input, boolean ofArrays) {
    Comparison worst = input.offenders().getFirst();
    String those = input.failed() == 1 ? "it is" : "every one is";
    if (!ofArrays && input.failed() > 0 && input.factor() == 0) {
      return "  "
          + those
          + " 0: what was computed in noGrad, or from numbers read out of a tensor, or by a"
          + " backward() without createGraph(), or behind tracked() or untracked(), is a"
          + " constant\n";
    }
    if (!input.pattern().isEmpty()) {
      return "  " + input.pattern() + "\n";
    }
    return switch (worst.outcome()) {
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
  private static <T> String table(List<Column<T>> columns, List<T> rows) {
    List<StringBuilder> lines = new ArrayList<>();
    for (int i = 0; i <= rows.size(); i++) {
      lines.add(new StringBuilder());
    }
    for (Column<T> column : columns) {
      List<String> cells = new ArrayList<>(List.of(column.title));
      rows.forEach(row -> cells.add(column.text.apply(row)));
      int width = cells.stream().mapToInt(String::length).max().orElse(0);
      boolean left = column.equals(columns.getFirst()) || column.equals(columns.getLast());
      for (int i = 0; i < cells.size(); i++) {
        String pad = " ".repeat(width - cells.get(i).length());
        lines.get(i).append("  ").append(left ? cells.get(i) + pad : pad + cells.get(i));
      }
    }
    return lines.stream().map(line -> line.toString().stripTrailing() + "\n").collect(joining());
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
