package dev.adjoint.training.report;

import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.internal.chartpart.Chart;

/**
 * Draws how numbers depend on others: lines, points, bands and error bars.
 *
 * <pre>{@code
 * new LinePlot("Accuracy", "step", "share that is right")
 *     .line("batch norm", steps, accuracies)
 *     .band("batch norm", steps, lowest, highest)
 *     .writeSvg(Path.of("target/accuracy.svg"));
 * }</pre>
 *
 * <p>What has the same name belongs together and has the same color. Lines of few points show them.
 */
public final class LinePlot extends Plot<LinePlot> {

  private final Axis xAxis;
  private final Axis yAxis;
  private final List<Series> series = new ArrayList<>();

  /** Creates a plot of nothing yet; titles of axes name the unit, where there is one. */
  public LinePlot(String title, String xTitle, String yTitle) {
    super(title);
    xAxis = new Axis(xTitle);
    yAxis = new Axis(yTitle);
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

  /** Limits y to a range, which is as large as the series need unless it is set. */
  public LinePlot yRange(double from, double to) {
    yAxis.range(from, to);
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

  // ---- drawing ---------------------------------------------------------------------------------

  @Override
  Chart<?, ?> chart() {
    return new LineDrawing(series, this::color).chart(title(), xAxis, yAxis);
  }

  @Override
  Legend legend() {
    return new LineDrawing(series, this::color).legend();
  }
}
