package dev.adjoint.training.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoublePredicate;
import java.util.stream.Stream;

/**
 * A plot of how numbers depend on others: lines, points, bands and error bars.
 *
 * <pre>{@code
 * new LinePlot("Accuracy", "step", "share that is right")
 *     .line("batch norm", steps, accuracies)
 *     .band("batch norm", steps, lowest, highest)
 *     .writeSvg(Path.of("target/accuracy.svg"));
 * }</pre>
 *
 * <p>What has the same name belongs together and has the same color. Where there are several names,
 * or few points, lines have markers.
 */
public final class LinePlot extends Plot<LinePlot> {

  private final List<Series> series = new ArrayList<>();

  /** Creates an empty plot; titles of axes name the unit, where there is one. */
  public LinePlot(String title, String xTitle, String yTitle) {
    super(title, xTitle, yTitle);
  }

  // ---- axes ------------------------------------------------------------------------------------

  /** Spaces x by its logarithm. */
  public LinePlot logX() {
    requireNoSeries("logX");
    xAxis.logarithmic();
    return this;
  }

  /** Spaces y by its logarithm. */
  public LinePlot logY() {
    requireNoSeries("logY");
    yAxis.logarithmic();
    return this;
  }

  /** Writes labels along the x axis, at x of 0, 1, 2 and so on, in place of numbers. */
  public LinePlot xLabels(List<String> labels) {
    xAxis.labels(labels);
    return this;
  }

  private void requireNoSeries(String operation) {
    if (!series.isEmpty()) {
      throw new IllegalStateException(
          "%s: plot '%s' has series already; expected it before them"
              .formatted(operation, title()));
    }
  }

  // ---- series ----------------------------------------------------------------------------------

  /** Adds a line. */
  public LinePlot line(String name, double[] x, double[] y) {
    return add(Series.Kind.LINE, name, x, y, y);
  }

  /** Adds points. */
  public LinePlot points(String name, double[] x, double[] y) {
    return add(Series.Kind.POINTS, name, x, y, y);
  }

  /** Adds a band between two edges. */
  public LinePlot band(String name, double[] x, double[] low, double[] high) {
    return add(Series.Kind.BAND, name, x, low, high);
  }

  /** Adds error bars between two ends. */
  public LinePlot errorBars(String name, double[] x, double[] low, double[] high) {
    return add(Series.Kind.ERROR_BARS, name, x, low, high);
  }

  private LinePlot add(Series.Kind kind, String name, double[] x, double[] low, double[] high) {
    if (low.length != x.length || high.length != x.length) {
      throw new IllegalArgumentException(
          "series '%s' of plot '%s': %d numbers for x, and for y %s; expected as many"
              .formatted(
                  name,
                  title(),
                  x.length,
                  low.length == high.length ? low.length : low.length + " and " + high.length));
    }
    double[] places = xAxis.places(x);
    Series added = new Series(kind, name, places, placesOfY(low, places), placesOfY(high, places));
    xAxis.include(added.x());
    yAxis.include(added.low());
    yAxis.include(added.high());
    color(name); // in this order they take the free ones
    series.add(added);
    return this;
  }

  /** Returns where y is; what has no x, has no place. */
  private double[] placesOfY(double[] y, double[] x) {
    double[] places = yAxis.places(y);
    for (int i = 0; i < x.length; i++) {
      places[i] = Double.isNaN(x[i]) ? Double.NaN : places[i];
    }
    return places;
  }

  private List<String> names() {
    return series.stream().map(Series::name).distinct().toList();
  }

  private Stream<Series> named(String name) {
    return series.stream().filter(each -> each.name().equals(name));
  }

  // ---- drawing ---------------------------------------------------------------------------------

  @Override
  Legend legend() {
    return new Legend(
        names().stream()
            .map(name ->
                new Legend.Entry(
                    name,
                    color(name),
                    named(name).allMatch(each -> each.kind() == Series.Kind.POINTS)
                        ? Legend.Sample.POINT
                        : Legend.Sample.LINE))
            .toList());
  }

  /** Draws lines above bands, and those of the first name above the others. */
  @Override
  void draw(Svg svg, Area area) {
    List<Series> backToFront = new ArrayList<>(series.reversed());
    backToFront.sort(Comparator.comparing(Series::kind));
    for (Series each : backToFront) {
      svg.open("g", "class", color(each.name()).cssClass());
      switch (each.kind()) {
        case BAND -> path(svg, "band", around(each, area));
        case ERROR_BARS -> path(svg, "thin", upAndDown(each, area));
        case LINE -> path(svg, "line", along(each, area));
        case POINTS -> {}
      }
      path(svg, "marker", markers(each, area));
      svg.close("g");
    }
  }

  private static void path(Svg svg, String cssClass, Object data) {
    String text = data.toString();
    if (!text.isEmpty()) {
      svg.path(cssClass, text);
    }
  }

  private static PathData along(Series line, Area area) {
    PathData path = new PathData();
    for (int i = 0; i < line.x().length; i++) {
      path.to(area.x(line.x()[i]), area.y(line.low()[i]));
    }
    return path;
  }

  /** Goes around the area of a band, piece by piece between its gaps. */
  private static PathData around(Series band, Area area) {
    PathData path = new PathData();
    int from = 0;
    for (int to = 0; to <= band.x().length; to++) {
      if (to == band.x().length || Double.isNaN(band.low()[to] + band.high()[to])) {
        for (int i = from; i < to; i++) {
          path.to(area.x(band.x()[i]), area.y(band.low()[i]));
        }
        for (int i = to - 1; i >= from; i--) {
          path.to(area.x(band.x()[i]), area.y(band.high()[i]));
        }
        path.close();
        from = to + 1;
      }
    }
    return path;
  }

  private static PathData upAndDown(Series bars, Area area) {
    PathData path = new PathData();
    for (int i = 0; i < bars.x().length; i++) {
      double x = area.x(bars.x()[i]);
      if (!Double.isNaN(bars.low()[i] + bars.high()[i])) {
        path.to(x, area.y(bars.low()[i])).to(x, area.y(bars.high()[i])).lift();
      }
    }
    return path;
  }

  private String markers(Series each, Area area) {
    List<String> names = names();
    boolean[] marked = each.marked((names.indexOf(each.name()) + 0.5) / names.size());
    boolean alone = names.size() == 1 && each.kind() == Series.Kind.LINE && marked.length > 24;
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < marked.length && !alone; i++) {
      if (marked[i] && !Double.isNaN(each.low()[i])) {
        path.append(color(each.name()).marker().at(area.x(each.x()[i]), area.y(each.low()[i])));
      }
    }
    return path.toString();
  }

  // ---- in words --------------------------------------------------------------------------------

  @Override
  List<String> spoken() {
    List<String> sentences = new ArrayList<>();
    sentences.add("%s by %s.".formatted(yAxis.title(), xAxis.title()));
    for (String name : names()) {
      named(name)
          .max(Comparator.comparing(Series::kind))
          .map(this::spoken)
          .ifPresent(sentences::add);
    }
    return sentences;
  }

  private String spoken(Series of) {
    DoublePredicate known = place -> !Double.isNaN(place);
    double[] low = Arrays.stream(of.low()).filter(known).toArray();
    double[] high = Arrays.stream(of.high()).filter(known).toArray();
    if (low.length == 0 || high.length == 0) {
      return of.name() + ": nothing.";
    }
    return "%s: from %s to %s, at least %s, at most %s."
        .formatted(
            of.name(),
            yAxis.written(low[0]),
            yAxis.written(low[low.length - 1]),
            yAxis.written(Arrays.stream(low).min().getAsDouble()),
            yAxis.written(Arrays.stream(high).max().getAsDouble()));
  }
}
