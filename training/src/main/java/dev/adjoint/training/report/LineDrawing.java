package dev.adjoint.training.report;

import java.awt.BasicStroke;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws series of lines, points, bands and error bars. */
final class LineDrawing {

  private static final double[] NOWHERE = {Double.NaN};
  private static final BasicStroke STROKE =
      new BasicStroke(2, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  private static final BasicStroke THIN = new BasicStroke(1.2f);

  private final List<Series> series;
  private final Function<String, PlotColor> colors;

  LineDrawing(List<Series> series, Function<String, PlotColor> colors) {
    this.series = series;
    this.colors = colors;
  }

  /** Draws all series: lines above bands, and those of the first name above the others. */
  XYChart chart(String title, Axis x, Axis y) {
    XYChart chart = new XYChart(Svg.WIDTH, Svg.HEIGHT);
    Svg.style(chart, title, y);
    chart.setXAxisTitle(x.title());
    Axis.Scale xScale = x.scale();
    Axis.Scale yScale = y.scale();
    XYStyler styler = chart.getStyler();
    styler.setXAxisMin(xScale.min());
    styler.setXAxisMax(xScale.max());
    styler.setXAxisTickMarkSpacingHint(xScale.spacing(Svg.WIDTH - 100));
    styler.setxAxisTickLabelsFormattingFunction(xScale::label);
    // If all places are equally far apart, XChart puts labels there; with a NaN they are not.
    chart.addSeries("nothing", NOWHERE, NOWHERE);
    List<Series> backToFront = new ArrayList<>(series.reversed());
    backToFront.sort(Comparator.comparing(Series::kind));
    backToFront.forEach(each -> add(each.on(xScale, yScale), chart));
    return chart;
  }

  Legend legend() {
    return new Legend(
        series.stream()
            .map(Series::name)
            .distinct()
            .map(name -> {
              List<Series> ofName = series.stream().filter(s -> s.name().equals(name)).toList();
              boolean points = ofName.stream().allMatch(s -> s.kind() == Series.Kind.POINTS);
              boolean marked = ofName.stream().anyMatch(Series::hasMarkers);
              return new Legend.Entry(
                  name,
                  colors.apply(name),
                  points ? null : STROKE,
                  marked ? colors.apply(name).marker() : null);
            })
            .toList());
  }

  private void add(Series each, XYChart chart) {
    Path path =
        switch (each.kind()) {
          case BAND -> Path.around(each);
          case ERROR_BARS -> Path.upAndDown(each);
          case LINE, POINTS -> new Path(each.x(), each.low());
        };
    if (path.x.length == 0) {
      return;
    }
    PlotColor color = colors.apply(each.name());
    XYSeries drawn = chart.addSeries("" + chart.getSeriesMap().size(), path.x, path.y);
    drawn.setLineColor(color.awt());
    drawn.setLineStyle(
        switch (each.kind()) {
          case BAND, POINTS -> SeriesLines.NONE;
          case ERROR_BARS -> THIN;
          case LINE -> STROKE;
        });
    drawn.setMarker(each.hasMarkers() ? color.marker() : SeriesMarkers.NONE);
    drawn.setMarkerColor(color.awt());
    if (each.kind() == Series.Kind.BAND) {
      drawn.setXYSeriesRenderStyle(XYSeriesRenderStyle.PolygonArea);
      drawn.setFillColor(color.pale());
    }
  }

  /** Holds points to be joined; at a y of NaN a new path begins. */
  private record Path(double[] x, double[] y) {

    /** Goes around the area of a band, piece by piece between its gaps. */
    static Path around(Series band) {
      DoubleStream.Builder x = DoubleStream.builder();
      DoubleStream.Builder y = DoubleStream.builder();
      int from = 0;
      for (int to = 0; to <= band.x().length; to++) {
        if (to == band.x().length || Double.isNaN(band.low()[to] + band.high()[to])) {
          for (int i = from; i < to; i++) {
            x.add(band.x()[i]);
            y.add(band.low()[i]);
          }
          for (int i = to - 1; i >= from; i--) {
            x.add(band.x()[i]);
            y.add(band.high()[i]);
          }
          x.add(0);
          y.add(Double.NaN);
          from = to + 1;
        }
      }
      return new Path(x.build().toArray(), y.build().toArray());
    }

    /** Goes up each error bar. */
    static Path upAndDown(Series bars) {
      double[] x = new double[3 * bars.x().length];
      double[] y = new double[x.length];
      for (int i = 0; i < bars.x().length; i++) {
        Arrays.fill(x, 3 * i, 3 * i + 3, bars.x()[i]);
        y[3 * i] = bars.low()[i];
        y[3 * i + 1] = bars.high()[i];
        y[3 * i + 2] = Double.NaN;
      }
      return new Path(x, y);
    }
  }
}
