package dev.adjoint.training.report;

import java.util.ArrayList;
import java.util.List;

/** The legend above a plot, in as many rows as are needed. */
final class Legend {

  private static final int SAMPLE = 22;
  private static final int GAP = 6;
  private static final int BETWEEN = 14;

  /** How a sample looks. */
  enum Sample {
    LINE,
    POINT,
    BAR
  }

  /** What is said of one name. */
  record Entry(String name, PlotColor color, Sample sample) {

    private double width() {
      return SAMPLE + GAP + Svg.width(name);
    }
  }

  private final List<List<Entry>> rows = new ArrayList<>();

  /** Says nothing of a single name: what a plot of one series shows, its title says. */
  Legend(List<Entry> entries) {
    for (Entry entry : entries.size() < 2 ? List.<Entry>of() : entries) {
      Entry fitted =
          new Entry(Svg.fitted(entry.name, Plot.WIDTH - SAMPLE - GAP), entry.color, entry.sample);
      if (rows.isEmpty() || width(rows.getLast()) + fitted.width() > Plot.WIDTH) {
        rows.add(new ArrayList<>());
      }
      rows.getLast().add(fitted);
    }
  }

  /** Returns the width of a row, with room for one more. */
  private static double width(List<Entry> row) {
    return row.stream().mapToDouble(entry -> entry.width() + BETWEEN).sum();
  }

  double height() {
    return rows.isEmpty() ? 0 : rows.size() * Svg.LINE + 5;
  }

  /** Draws the rows from a height on. */
  void draw(Svg svg, double top) {
    double base = top + 12;
    for (List<Entry> row : rows) {
      double x = 0;
      for (Entry entry : row) {
        draw(svg, entry, x, base);
        x += entry.width() + BETWEEN;
      }
      base += Svg.LINE;
    }
  }

  private static void draw(Svg svg, Entry entry, double x, double base) {
    double y = base - 4;
    svg.open("g", "class", entry.color.cssClass());
    switch (entry.sample) {
      case LINE -> svg.path("line", new PathData().to(x + 1, y).to(x + SAMPLE - 1, y));
      case BAR -> svg.rectangle("bar", x + 4, y - 7, 14, 14);
      case POINT -> {}
    }
    svg.path(
        entry.sample == Sample.BAR ? "hole" : "marker",
        entry.color.marker().at(x + SAMPLE / 2.0, y));
    svg.close("g");
    svg.text("label", x + SAMPLE + GAP, base, entry.name);
  }
}
