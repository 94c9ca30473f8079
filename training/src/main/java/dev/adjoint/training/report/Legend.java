package dev.adjoint.training.report;

import java.awt.BasicStroke;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.style.markers.Marker;

/** Says below a chart what is what, in rows that are as wide as the picture. */
final class Legend {

  static final int MARKER_SIZE = 7;

  private static final int ROW = 24;
  private static final int SAMPLE = 28;
  private static final int GAP = 8;
  private static final int BETWEEN = 22;

  /**
   * Holds what is said of one name.
   *
   * @param line how its line is drawn, if it has one
   * @param marker how its points are drawn, if they are; bars have neither, and get a square
   */
  record Entry(String name, PlotColor color, @Nullable BasicStroke line, @Nullable Marker marker) {}

  private final List<Entry> entries;

  /** Says nothing of a single name: what a chart of one series shows, its title says. */
  Legend(List<Entry> entries) {
    this.entries = entries.size() < 2 ? List.of() : entries;
  }

  int height(Graphics2D g) {
    return rows(g.getFontMetrics(Svg.PLAIN)).size() * ROW;
  }

  /** Draws the rows from a height on. */
  void draw(Graphics2D g, int top) {
    g.setFont(Svg.PLAIN);
    FontMetrics metrics = g.getFontMetrics();
    double middle = top + ROW / 2.0 - 4;
    for (List<Entry> row : rows(metrics)) {
      double x = (Svg.WIDTH - width(row, metrics)) / 2;
      for (Entry entry : row) {
        drawSample(g, entry, x, middle);
        g.setColor(Svg.INK);
        g.drawString(entry.name, (float) x + SAMPLE + GAP, (float) middle + 4.5f);
        x += width(entry, metrics) + BETWEEN;
      }
      middle += ROW;
    }
  }

  private static void drawSample(Graphics2D g, Entry entry, double x, double y) {
    g.setColor(entry.color.awt());
    if (entry.line != null) {
      g.setStroke(entry.line);
      g.draw(new Line2D.Double(x, y, x + SAMPLE, y));
    }
    if (entry.marker != null) {
      entry.marker.paint(g, x + SAMPLE / 2.0, y, MARKER_SIZE);
    }
    if (entry.line == null && entry.marker == null) {
      g.fill(new Rectangle2D.Double(x + SAMPLE - 14, y - 7, 14, 14));
    }
  }

  private List<List<Entry>> rows(FontMetrics metrics) {
    List<List<Entry>> rows = new ArrayList<>();
    for (Entry entry : entries) {
      if (rows.isEmpty()
          || width(rows.getLast(), metrics) + BETWEEN + width(entry, metrics) > Svg.WIDTH - 20) {
        rows.add(new ArrayList<>());
      }
      rows.getLast().add(entry);
    }
    return rows;
  }

  private static double width(List<Entry> row, FontMetrics metrics) {
    return row.stream().mapToDouble(entry -> width(entry, metrics)).sum()
        + (row.size() - 1) * BETWEEN;
  }

  private static double width(Entry entry, FontMetrics metrics) {
    return SAMPLE + GAP + metrics.stringWidth(entry.name);
  }
}
