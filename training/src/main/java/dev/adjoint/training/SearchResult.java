package dev.adjoint.training;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.adjoint.nn.TextTable;
import dev.adjoint.training.metric.Goal;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The result of a {@link Search}.
 *
 * @param metric the name of the score
 * @param goal which scores are better
 * @param outcomes of all trials, in the order in which they were begun
 */
public record SearchResult(String metric, Goal goal, List<Outcome> outcomes) {

  /** Keeps a copy of the outcomes. */
  public SearchResult {
    outcomes = List.copyOf(outcomes);
    if (outcomes.isEmpty()) {
      throw new IllegalArgumentException("SearchResult: no outcomes; expected at least one");
    }
  }

  /**
   * The outcome of a trial: its score, or why it failed.
   *
   * @param score finite, unless the trial has failed
   * @param failure why there is no score to compare; empty if there is one
   */
  public record Outcome(Trial trial, double score, String failure) {

    /** Tells whether the trial has no score to compare. */
    public boolean hasFailed() {
      return !failure.isEmpty();
    }
  }

  /**
   * Returns the trials that have not failed, those with the largest budget first, of these the best
   * first, and of equal ones the earliest.
   */
  public List<Outcome> ranked() {
    Comparator<Outcome> budget = Comparator.comparingInt(outcome -> -outcome.trial().budget());
    Comparator<Outcome> score =
        (a, b) ->
            goal.isBetter(a.score, b.score, 0) ? -1 : goal.isBetter(b.score, a.score, 0) ? 1 : 0;
    return outcomes.stream()
        .filter(outcome -> !outcome.hasFailed())
        .sorted(budget.thenComparing(score))
        .toList();
  }

  /**
   * Returns the best trial, of those with the largest budget.
   *
   * @throws IllegalStateException if all have failed
   */
  public Outcome best() {
    return ranked().stream()
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException(
                "best: all of %d trials have failed, the first, %s, by: %s"
                    .formatted(
                        outcomes.size(),
                        outcomes.getFirst().trial(),
                        outcomes.getFirst().failure())));
  }

  /** Returns a table as a text: the best first, and what has failed at the end. */
  public String table() {
    TextTable table = new TextTable(Integer.MAX_VALUE).row(head());
    rows().forEach(table::row);
    return table.toString();
  }

  /** Returns a page: the best settings, a plot of the scores by each number, and the table. */
  public Page page(String title) {
    Page page = new Page(title);
    if (!ranked().isEmpty()) {
      Map<String, String> answers = new LinkedHashMap<>();
      answers.put("best " + metric, score(best()));
      best().trial().settings().forEach((name, value) -> answers.put(name, value.toString()));
      page.answers(answers);
    }
    page.facts(
        Map.of("trials", "%s, of which %s failed".formatted(outcomes.size(), failures().size())));
    for (String name : outcomes.getFirst().trial().settings().keySet()) {
      if (outcomes.stream().allMatch(o -> o.trial().settings().get(name) instanceof Number)) {
        page.plot(plot(name), "Each point is a trial that has not failed.");
      }
    }
    return page.heading("Trials").table(head(), rows());
  }

  private LinePlot plot(String name) {
    double[] x = numbers(outcomes, name);
    double low = Arrays.stream(x).min().orElse(0);
    double high = Arrays.stream(x).max().orElse(0);
    LinePlot plot = new LinePlot("%s by %s".formatted(metric, name), name, metric);
    LinePlot scaled = low > 0 && high >= 10 * low ? plot.logX() : plot;
    ranked().stream()
        .collect(groupingBy(o -> o.trial().budget(), TreeMap::new, toList()))
        .forEach((budget, some) ->
            scaled.points(
                hasBudgets() ? "budget " + budget : metric,
                numbers(some, name),
                some.stream().mapToDouble(Outcome::score).toArray()));
    return scaled;
  }

  private static double[] numbers(List<Outcome> some, String name) {
    return some.stream().mapToDouble(outcome -> outcome.trial().number(name)).toArray();
  }

  private List<String> head() {
    List<String> head = new ArrayList<>(List.of("trial", metric));
    head.addAll(outcomes.getFirst().trial().settings().keySet());
    if (hasBudgets()) {
      head.add("budget");
    }
    if (!failures().isEmpty()) {
      head.add("failure");
    }
    return head;
  }

  private List<List<String>> rows() {
    List<Outcome> all = new ArrayList<>(ranked());
    all.addAll(failures());
    return all.stream().map(this::row).toList();
  }

  private List<String> row(Outcome outcome) {
    List<String> row = new ArrayList<>();
    row.add(String.valueOf(outcome.trial().number()));
    row.add(outcome.hasFailed() ? "-" : score(outcome));
    outcome.trial().settings().values().forEach(value -> row.add(value.toString()));
    if (hasBudgets()) {
      row.add(String.valueOf(outcome.trial().budget()));
    }
    if (!failures().isEmpty()) {
      row.add(outcome.failure());
    }
    return row;
  }

  private boolean hasBudgets() {
    return outcomes.stream().anyMatch(outcome -> outcome.trial().budget() != 1);
  }

  private List<Outcome> failures() {
    return outcomes.stream().filter(Outcome::hasFailed).toList();
  }

  private static String score(Outcome outcome) {
    return String.format(Locale.ROOT, "%.4g", outcome.score());
  }
}
