package dev.adjoint.training.report;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.CategoryStyler;

/**
 * Draws numbers of some groups as bars from 0, side by side.
 *
 * <pre>{@code
 * new BarPlot("Accuracy", "share that is right", List.of("shuffled", "sorted"))
 *     .bars("batch norm", 0.61, 0.50)
 *     .bars("layer norm", 0.61, 0.62)
 * }</pre>
 */
public final class BarPlot extends Plot<BarPlot> {

  private final List<String> groups;
  private final Axis yAxis;
  private final Map<String, double[]> series = new LinkedHashMap<>();

  /**
   * Creates a plot of nothing yet.
   *
   * @param groups what is written below the bars
   */
  public BarPlot(String title, String yTitle, List<String> groups) {
    super(title);
    if (groups.isEmpty()) {
      throw new IllegalArgumentException(
          "plot '%s': no groups; expected at least one".formatted(title));
    }
    this.groups = ImmutableList.copyOf(groups);
    yAxis = new Axis(yTitle);
    yAxis.include(0);
  }

  /** Limits y to a range, which is as large as the bars need unless it is set. */
  public BarPlot yRange(double from, double to) {
    yAxis.range(from, to);
    return this;
  }

  /** Adds a bar to each group. */
  public BarPlot bars(String name, double... values) {
    if (values.length != groups.size()) {
      throw new IllegalArgumentException(
          "bars '%s' of plot '%s': %d numbers; expected one for each of %s"
              .formatted(name, title(), values.length, groups));
    }
    color(name); // in this order they take the free ones
    double[] places = yAxis.places(values);
    yAxis.include(places);
    series.put(name, places);
    return this;
  }

  @Override
  Chart<?, ?> chart() {
    CategoryChart chart = new CategoryChart(Svg.WIDTH, Svg.HEIGHT);
    Svg.style(chart, title(), yAxis);
    CategoryStyler styler = chart.getStyler();
    styler.setAvailableSpaceFill(0.7);
    styler.setAxisTicksMarksVisible(false);
    if (series.isEmpty()) {
      add(chart, "nothing", new double[groups.size()]); // without series it would have no groups
    }
    series.forEach((name, values) -> {
      CategorySeries bars = add(chart, name, yAxis.scale().of(values));
      bars.setFillColor(color(name).awt());
      bars.setLineColor(color(name).awt());
    });
    return chart;
  }

  @Override
  Legend legend() {
    return new Legend(
        series.keySet().stream()
            .map(name -> new Legend.Entry(name, color(name), null, null))
            .toList());
  }

  /** Adds bars; XChart wants those that are left out to be null. */
  private CategorySeries add(CategoryChart chart, String name, double[] values) {
    List<@Nullable Double> bars = new ArrayList<>();
    for (double value : values) {
      bars.add(Double.isNaN(value) ? null : value);
    }
    return chart.addSeries(name, groups, bars);
  }
}
