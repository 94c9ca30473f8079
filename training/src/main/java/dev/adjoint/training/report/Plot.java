package dev.adjoint.training.report;

import dev.adjoint.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A picture of numbers in SVG, for a {@link Page} or a file.
 *
 * <p>A plot is {@value #WIDTH} units wide, about as a phone's screen, and text in it is text: it
 * can be selected, searched and read aloud. What is NaN or infinite leaves a gap. A series has the
 * color that {@link #color} gave to its name, or else the first of {@link PlotColor} that is free;
 * series of one name are one as far as colors and the legend tell. There are at most six.
 *
 * @param <P> the plot itself, which its options return
 */
public abstract sealed class Plot<P extends Plot<P>> permits LinePlot, BarPlot {

  static final int WIDTH = 360;

  /** The height of what is between the axes: a legend does not take away from it. */
  private static final int HEIGHT = 160;

  /** How much larger and bolder a title is than other text. */
  private static final double TITLE_FACTOR = 1.35;

  final Axis xAxis;
  final Axis yAxis;

  private final String title;
  private final Map<String, PlotColor> colors = new LinkedHashMap<>();

  /** Creates an empty plot. */
  Plot(String title, String xTitle, String yTitle) {
    this.title = title;
    xAxis = new Axis(xTitle);
    yAxis = new Axis(yTitle);
  }

  /** Draws the series of this name in a color. */
  public P color(String series, PlotColor color) {
    colors.put(series, color);
    return self();
  }

  /** Returns the title. */
  public String title() {
    return title;
  }

  /** Limits y to a range; by default that of the series. */
  public P yRange(double from, double to) {
    yAxis.range(from, to);
    return self();
  }

  /** Says what is what, in the order of the names. */
  abstract Legend legend();

  /** Draws what is between the axes. */
  abstract void draw(Svg svg, Area area);

  /** Returns sentences on what each series does. */
  abstract List<String> spoken();

  /** Returns the color of a series. */
  final PlotColor color(String series) {
    return colors.computeIfAbsent(series, this::firstFree);
  }

  private PlotColor firstFree(String series) {
    for (PlotColor color : PlotColor.values()) {
      if (!colors.containsValue(color)) {
        return color;
      }
    }
    throw new IllegalArgumentException(
        "plot '%s': a color for '%s' beside %s; expected at most %d series"
            .formatted(title, series, colors.keySet(), PlotColor.values().length));
  }

  // ---- the picture -----------------------------------------------------------------------------

  /** Where numbers are drawn. */
  record Area(double left, double top, double width, double height, Axis.Scale x, Axis.Scale y) {

    double x(double place) {
      return left + width * x.of(place);
    }

    double y(double place) {
      return top + height * (1 - y.of(place));
    }

    double bottom() {
      return top + height;
    }
  }

  /** Returns the picture as the text of an SVG element, which is a file of its own. */
  public String svg() {
    return svg(true);
  }

  /**
   * Returns the picture.
   *
   * @param alone whether it has a title, a background and a style of its own; on a page it does not
   */
  String svg(boolean alone) {
    List<String> titles = alone ? Svg.lines(title, WIDTH / TITLE_FACTOR) : List.of();
    Legend legend = legend();
    double legendTop = titles.size() * 20.0 + (alone ? 4 : 0);
    double top = legendTop + legend.height() + (yAxis.title().isEmpty() ? 8 : 22);
    Axis.Scale y = yAxis.scale(HEIGHT, _ -> Svg.LINE);
    double left =
        8 + y.ticks().stream().mapToDouble(tick -> Svg.width(tick.label())).max().orElse(0);
    double width = WIDTH - 8 - left;
    Axis.Scale x = xAxis.scale(width, label -> Svg.width(label) + 10);
    Area area = new Area(left, top, width, HEIGHT, x, y);

    Svg svg = new Svg();
    double height = area.bottom() + (xAxis.title().isEmpty() ? 24 : 42);
    double margin = alone ? 12 : 0;
    svg.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "class",
        "plot",
        "viewBox",
        Svg.viewBox(-margin, -margin, WIDTH + 2 * margin, height + 2 * margin),
        "role",
        "img",
        "aria-label",
        "%s. %s".formatted(title, String.join(" ", spoken())));
    if (alone) {
      svg.raw("<style>" + Style.ofPlots() + "</style>");
      svg.rectangle("paper", -margin, -margin, WIDTH + 2 * margin, height + 2 * margin);
    }
    for (int i = 0; i < titles.size(); i++) {
      svg.text("title", 0, 14 + 20 * i, titles.get(i));
    }
    legend.draw(svg, legendTop);
    drawAxes(svg, area);
    // An svg inside another one hides what is beyond its edges, as a set range may want.
    svg.open(
        "svg",
        "x",
        left - 5,
        "y",
        top - 5,
        "width",
        width + 10,
        "height",
        HEIGHT + 10.0,
        "viewBox",
        Svg.viewBox(left - 5, top - 5, width + 10, HEIGHT + 10));
    draw(svg, area);
    svg.close("svg");
    return svg.close("svg").toString();
  }

  private void drawAxes(Svg svg, Area area) {
    svg.text("label", 0, area.top - 9, yAxis.title());
    for (Axis.Tick tick : area.y.ticks()) {
      double at = area.top + area.height * (1 - tick.at());
      svg.path("grid", new PathData().to(area.left, at).to(area.left + area.width, at));
      svg.text("label end", area.left - 6, at + 4, tick.label());
    }
    svg.path(
        "axis",
        new PathData().to(area.left, area.bottom()).to(area.left + area.width, area.bottom()));
    for (Axis.Tick tick : area.x.ticks()) {
      double half = Svg.width(tick.label()) / 2;
      double at = area.left + area.width * tick.at();
      svg.text(
          "label middle",
          Math.clamp(at, half, Math.max(half, WIDTH - half)),
          area.bottom() + 16,
          tick.label());
    }
    svg.text("label middle", area.left + area.width / 2, area.bottom() + 34, xAxis.title());
  }

  /** Writes the picture to a file, whose directories are created. */
  public void writeSvg(Path file) throws IOException {
    AtomicFile.createDirectoryOf(file);
    byte[] bytes = (svg() + "\n").getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  @SuppressWarnings("unchecked") // P is the class itself
  final P self() {
    return (P) this;
  }

  /** Returns the kind and the title. */
  @Override
  public String toString() {
    return "%s '%s'".formatted(getClass().getSimpleName(), title);
  }
}
