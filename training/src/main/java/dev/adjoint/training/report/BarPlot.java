package dev.adjoint.training.report;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A bar plot: numbers of some groups as bars from 0, side by side.
 *
 * <pre>{@code
 * new BarPlot("Accuracy", "share that is right", List.of("shuffled", "sorted"))
 *     .bars("batch norm", 0.61, 0.50)
 *     .bars("layer norm", 0.61, 0.62)
 * }</pre>
 */
public final class BarPlot extends Plot<BarPlot> {

  /** The share of the room of a group that its bars take. */
  private static final double FILLED = 0.8;

  private static final int GAP = 2;

  private final List<String> groups;
  private final Map<String, double[]> series = new LinkedHashMap<>();

  /**
   * Creates an empty plot.
   *
   * @param groups what is written below the bars
   */
  public BarPlot(String title, String yTitle, List<String> groups) {
    super(title, "", yTitle);
    if (groups.isEmpty()) {
      throw new IllegalArgumentException(
          "plot '%s': no groups; expected at least one".formatted(title));
    }
    this.groups = ImmutableList.copyOf(groups);
    xAxis.labels(groups);
    xAxis.include(-0.5, groups.size() - 0.5);
    yAxis.include(0);
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
    for (double place : places) {
      yAxis.include(1.08 * place); // with room for its number
    }
    series.put(name, places);
    return this;
  }

  @Override
  Legend legend() {
    return new Legend(
        series.keySet().stream()
            .map(name -> new Legend.Entry(name, color(name), Legend.Sample.BAR))
            .toList());
  }

  @Override
  void draw(Svg svg, Area area) {
    double room = area.width() / groups.size() * FILLED;
    double width = room / Math.max(1, series.size());
    int number = 0;
    for (Map.Entry<String, double[]> bars : series.entrySet()) {
      PlotColor color = color(bars.getKey());
      svg.open("g", "class", color.cssClass());
      for (int group = 0; group < groups.size(); group++) {
        double x = area.x(group) - room / 2 + number * width;
        draw(svg, area, color.marker(), x, width, bars.getValue()[group]);
      }
      svg.close("g");
      number++;
    }
  }

  /** Draws a bar, its number beyond its end if there is room, and the shape of its color. */
  private void draw(Svg svg, Area area, Marker marker, double x, double width, double place) {
    if (Double.isNaN(place)) {
      return;
    }
    double zero = Math.clamp(area.y(0), area.top(), area.bottom());
    double end = Math.clamp(area.y(place), area.top(), area.bottom());
    double height = Math.max(1, Math.abs(zero - end));
    svg.rectangle("bar", x + GAP / 2.0, Math.min(zero, end), Math.max(1, width - GAP), height);
    double middle = x + width / 2;
    double outwards = place < 0 ? 1 : -1;
    String label = yAxis.written(place);
    if (Svg.width(label) <= width) {
      svg.text("label middle", middle, end + (place < 0 ? 14 : -5), label);
    }
    if (series.size() > 1 && width > 9 && height > 16) {
      svg.path("hole", marker.at(middle, end - 8 * outwards));
    }
  }

  @Override
  List<String> spoken() {
    List<String> sentences = new ArrayList<>();
    sentences.add(yAxis.title() + ".");
    series.forEach((name, places) -> {
      List<String> each = new ArrayList<>();
      for (int group = 0; group < places.length; group++) {
        each.add(
            "%s %s"
                .formatted(
                    groups.get(group),
                    Double.isNaN(places[group]) ? "nothing" : yAxis.written(places[group])));
      }
      sentences.add("%s: %s.".formatted(name, String.join(", ", each)));
    });
    return sentences;
  }
}
