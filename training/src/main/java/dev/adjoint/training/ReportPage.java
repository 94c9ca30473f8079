package dev.adjoint.training;

import com.google.common.collect.Lists;
import com.google.common.primitives.Doubles;
import dev.adjoint.training.metric.Goal;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import dev.adjoint.training.report.PlotColor;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Puts what a {@link TrainingReport} has recorded on a page. */
final class ReportPage {

  private static final int MOST_LAYERS = 12;
  private static final int MOST_LINES = 6;
  private static final int MOST_ANSWERS = 4;
  private static final String EQUILIBRIUM = "equilibrium";

  /** Plots of bands, and those of several noisy lines, show about so many points of each. */
  private static final int MOST_POINTS = 75;

  /** A loss whose largest value is so many times its smallest is drawn by its logarithm. */
  private static final double DECADE = 10;

  private static final String BANDS =
      "A line is the median, the bands around are the range from the 15th to the 85th percentile,"
          + " and that from the 5th to the 95th.";

  private final Page page;
  private final Map<String, TimeSeries> rows;
  private final Map<String, Goal> goals;

  /**
   * Creates what fills a page.
   *
   * @param goals of the metrics that know which values are better
   */
  ReportPage(Page page, Map<String, TimeSeries> rows, Map<String, Goal> goals) {
    this.page = page;
    this.rows = rows;
    this.goals = goals;
  }

  // ---- answers ---------------------------------------------------------------------------------

  /** Adds the best of each metric, or its last where none is better, and how long it has taken. */
  void addAnswers(Map<String, String> given, int epochs, Duration duration) {
    Map<String, String> answers = new LinkedHashMap<>(given);
    Map<String, TimeSeries> metrics = States.under("metric ", rows);
    boolean validated = metrics.keySet().stream().anyMatch(name -> name.startsWith("validation "));
    double[] ends = metrics.getOrDefault("loss", new TimeSeries()).column(0); // of all epochs
    metrics.entrySet().stream()
        .filter(metric -> !validated || metric.getKey().startsWith("validation "))
        .limit(MOST_ANSWERS)
        .forEach(metric -> {
          double[] values = metric.getValue().column(1);
          double[] steps = metric.getValue().column(0);
          Goal goal = goals.get(metric.getKey());
          int shown = goal == null ? values.length - 1 : best(goal, values);
          answers.put(
              "%s %s, after epoch %s of %s"
                  .formatted(
                      goal == null ? "last" : "best",
                      metric.getKey(),
                      Doubles.indexOf(ends, steps[shown]) + 1,
                      epochs),
              number(values[shown]));
        });
    answers.put("duration", written(duration));
    page.answers(answers);
  }

  /** Returns the index of the best value; 0 if all are NaN. */
  private static int best(Goal goal, double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = goal.isBetter(values[i], values[best], 0) ? i : best;
    }
    return best;
  }

  private static String written(Duration duration) {
    long seconds = duration.plusMillis(500).toSeconds();
    return seconds < 100
        ? seconds + " s"
        : seconds < 6000
            ? "%s min %s s".formatted(seconds / 60, seconds % 60)
            : "%s h %s min".formatted(seconds / 3600, seconds / 60 % 60);
  }

  // ---- plots -----------------------------------------------------------------------------------

  void addPlots() {
    addLearning();
    addLayers();
    addParameters();
  }

  private void addLearning() {
    page.heading("Learning");
    TimeSeries steps = rows.getOrDefault("steps", new TimeSeries());
    page.plot(loss(steps), "Of the batches, averaged between the steps that are drawn.");
    States.under("metric validation ", rows)
        .forEach((name, values) -> {
          if (!isLoss(name) && values.column(1).length > 1) {
            page.plot(
                new LinePlot("Validation: " + name, "step", "")
                    .line(name, values.column(0), values.column(1)),
                "After each epoch.");
          }
        });
    page.plot(
        new LinePlot("Gradient", "step", "norm")
            .logY()
            .line("all gradients", steps.column(0), steps.column(2)),
        "The Euclidean norm of all gradients together, before clipping.");
    page.plot(
        new LinePlot("Learning rate", "step", "")
            .line("learning rate", steps.column(0), steps.column(3)),
        "As it was scheduled.");
    page.table(
        List.of("", "last", "lowest", "highest"),
        States.under("metric ", rows).entrySet().stream()
            .map(metric -> metricRow(metric.getKey(), metric.getValue().column(1)))
            .toList());
  }

  /** Tells whether a metric is drawn with the loss, being in its unit as far as the name tells. */
  private static boolean isLoss(String metric) {
    return Stream.of("loss", "cross-entropy", "error").anyMatch(metric::endsWith);
  }

  private LinePlot loss(TimeSeries steps) {
    Map<String, double[][]> lines = new LinkedHashMap<>();
    States.under("metric ", rows)
        .forEach((name, values) -> {
          boolean several = values.column(1).length > 1; // one point is no line
          if (isLoss(name) && several && lines.size() < MOST_LINES - 1) {
            lines.put(
                name.equals("loss") ? "mean of the epoch" : name,
                new double[][] {values.column(0), values.column(1)});
          }
        });
    lines.put("batches", new double[][] {steps.column(0), steps.column(1)});
    LinePlot plot = new LinePlot("Loss", "step", "").color("batches", PlotColor.GRAY);
    if (lines.values().stream().allMatch(line -> isPositive(line[1]))
        && spread(lines.values().stream().map(line -> line[1]).toList()) >= DECADE) {
      plot.logY();
    }
    lines.forEach((name, line) -> plot.line(name, line[0], line[1]));
    return plot;
  }

  private static boolean isPositive(double[] values) {
    return Arrays.stream(values).noneMatch(value -> value <= 0);
  }

  private static double spread(List<double[]> all) {
    double[] finite =
        all.stream().flatMapToDouble(Arrays::stream).filter(Double::isFinite).sorted().toArray();
    return finite.length == 0 ? 1 : finite[finite.length - 1] / finite[0];
  }

  private void addLayers() {
    Map<String, TimeSeries> all = States.under("layer ", rows);
    Map<String, TimeSeries> layers = some(all);
    page.heading("Layers");
    if (layers.size() < all.size()) {
      page.paragraph("These are %s of %s layers.".formatted(layers.size(), all.size()));
    }
    addLines(
        "Gradient of the outputs",
        "norm",
        layers,
        List.of(7),
        "The Euclidean norm of the loss's gradient with respect to each layer's output, averaged"
            + " over neighboring steps.");
    page.folded(
        "Outputs of each layer",
        _ -> {
          page.paragraph(BANDS);
          layers.forEach((name, r) -> page.plot(distribution(name, r, 1), saturated(r)));
        });
    page.folded(
        "Gradients with respect to the outputs of each layer",
        _ -> {
          page.paragraph(BANDS);
          layers.forEach((name, r) -> page.plot(distribution(name, r, 8), ""));
        });
  }

  /** Says how saturated a layer is that a gradient passes: zeros of inputs are no saturation. */
  private static String saturated(TimeSeries rows) {
    double last = Double.isNaN(last(rows.column(7))) ? 0 : last(rows.column(6));
    return last > 0 ? String.format(Locale.ROOT, "Saturated at the end: %.0f %%.", 100 * last) : "";
  }

  /** Draws five percentiles, which begin at a column. */
  private static LinePlot distribution(String title, TimeSeries all, int first) {
    TimeSeries rows = all.averaged(MOST_POINTS);
    double[] step = rows.column(0);
    return new LinePlot(title, "step", "")
        .band("median", step, rows.column(first), rows.column(first + 4))
        .band("median", step, rows.column(first + 1), rows.column(first + 3))
        .line("median", step, rows.column(first + 2));
  }

  private void addParameters() {
    Map<String, TimeSeries> all = States.under("parameter ", rows);
    Map<String, TimeSeries> weights = new LinkedHashMap<>(all);
    if (all.size() > MOST_LAYERS) {
      weights.keySet().removeIf(name -> !name.endsWith("weight"));
    }
    Map<String, TimeSeries> drawn = some(weights.isEmpty() ? all : weights);
    page.heading("Parameters");
    addLines("Parameters", "norm", drawn, List.of(1), "The Euclidean norm of each parameter.");
    addLines(
        "Updates",
        "norm of the update / norm of the parameter",
        drawn,
        List.of(2),
        "How far a step moves each parameter, compared with its size; a healthy rate is often near"
            + " 0.001.");
    Map<String, TimeSeries> angles = States.under("angle ", rows);
    angles.keySet().retainAll(drawn.keySet());
    addLines(
        "Angles",
        "angle of a step, in radians",
        angles,
        List.of(1, 2),
        "By which angle a step turns each weight. In gray, the angle at which gradients and weight"
            + " decay are in equilibrium, where the optimizer knows it: of a weight whose scale the"
            + " loss does not see.");
  }

  /**
   * Draws a line for each, few to a plot, on one scale for all plots.
   *
   * @param columns what is drawn, and perhaps its equilibrium, usually one line for all
   */
  private void addLines(
      String title,
      String yTitle,
      Map<String, TimeSeries> all,
      List<Integer> columns,
      String caption) {
    Map<String, TimeSeries> drawn = new LinkedHashMap<>();
    all.forEach((name, r) -> drawn.put(name, r.averaged(MOST_POINTS)));
    double[] positive =
        drawn.values().stream()
            .flatMap(r -> columns.stream().map(r::column))
            .flatMapToDouble(Arrays::stream)
            .filter(value -> value > 0 && Double.isFinite(value))
            .sorted()
            .toArray();
    int plots = Math.max(1, Math.ceilDiv(all.size(), MOST_LINES + 1 - columns.size()));
    List<List<String>> parts =
        Lists.partition(List.copyOf(all.keySet()), Math.max(1, Math.ceilDiv(all.size(), plots)));
    for (int i = 0; i < parts.size(); i++) {
      String which = parts.size() == 1 ? "" : ", %s of %s".formatted(i + 1, parts.size());
      LinePlot plot = new LinePlot(title + which, "step", yTitle).logY();
      if (parts.size() > 1 && positive.length > 0) {
        plot.yRange(0.9 * positive[0], 1.1 * positive[positive.length - 1]);
      }
      if (columns.size() > 1) {
        plot.color(EQUILIBRIUM, PlotColor.GRAY);
      }
      Set<List<Double>> equilibria = new HashSet<>();
      for (String name : parts.get(i)) {
        TimeSeries r = drawn.getOrDefault(name, new TimeSeries());
        plot.line(name, r.column(0), r.column(columns.getFirst()));
        columns.stream()
            .skip(1)
            .map(r::column)
            .filter(values -> !Double.isNaN(last(values)) && equilibria.add(Doubles.asList(values)))
            .forEach(values -> plot.line(EQUILIBRIUM, r.column(0), values));
      }
      page.plot(plot, i == 0 ? caption : "");
    }
  }

  // ---- what is drawn ---------------------------------------------------------------------------

  /** Returns as many as a page bears, from the first to the last at equal distances. */
  private static Map<String, TimeSeries> some(Map<String, TimeSeries> all) {
    if (all.size() <= MOST_LAYERS) {
      return all;
    }
    List<String> names = List.copyOf(all.keySet());
    Map<String, TimeSeries> some = new LinkedHashMap<>();
    for (int i = 0; i < MOST_LAYERS; i++) {
      String name = names.get(i * (names.size() - 1) / (MOST_LAYERS - 1));
      some.put(name, all.getOrDefault(name, new TimeSeries()));
    }
    return some;
  }

  private static List<String> metricRow(String name, double[] values) {
    double[] known = Arrays.stream(values).filter(value -> !Double.isNaN(value)).toArray();
    return List.of(
        name,
        number(last(values)),
        number(Arrays.stream(known).min().orElse(Double.NaN)),
        number(Arrays.stream(known).max().orElse(Double.NaN)));
  }

  private static double last(double[] values) {
    return values.length == 0 ? Double.NaN : values[values.length - 1];
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }
}
