package dev.adjoint.explain;

import dev.adjoint.explain.Layout.Place;
import dev.adjoint.explain.Layout.Point;
import dev.adjoint.training.report.PlotColor;
import dev.adjoint.training.report.Style;
import dev.adjoint.training.report.Svg;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Draws a picture as SVG: what a box stands for is told by its shape and by its color.
 *
 * <p>The element of an operation, parameter or input has the attribute {@code data-step}, its index
 * among the steps of the recording, so that a page can point to it; that of an edge has {@code
 * data-from} and {@code data-to}, -1 where a box has none.
 */
final class GraphSvg {

  private static final String STYLE =
      """
      .graph .layer { fill: var(--text); fill-opacity: .035; stroke: var(--axis); }
      .graph .box { fill: var(--paper); stroke: var(--axis); }
      .graph .given { fill: var(--paper); stroke: currentColor; stroke-width: 1.8; }
      .graph .dashed { stroke-dasharray: 4 3; }
      .graph .tint { fill: currentColor; fill-opacity: .16; }
      .graph .name { fill: var(--text); font-weight: 600; }
      .graph .over { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; }
      .graph .value { fill: var(--text); }
      .graph .edge { stroke: var(--axis); stroke-width: 1.3; }
      .graph .head { fill: var(--axis); }
      .graph a:hover .box, .graph a:focus-visible .box { stroke: var(--text); stroke-width: 2.4; }
      .graph a { cursor: pointer; outline: none; }
      """;

  private static final double MARGIN = 14;
  private static final double CORNER = 6;
  private static final double LEAST_WIDTH = 320;
  private static final int KEY = 26;
  private static final String GRADIENT = "gradient";

  /** How small a picture may get where the screen is, before it is scrolled. */
  private static final double SMALLEST = 0.75;

  private final Picture picture;
  private final Layout layout;
  private final Map<Box, String> links;
  private final Svg svg = new Svg();
  private final TreeSet<Box.Kind> kinds = new TreeSet<>();
  private boolean gradients;

  private GraphSvg(Picture picture, Map<Box, String> links) {
    this.picture = picture;
    this.layout = new Layout(picture);
    this.links = links;
  }

  /**
   * Returns an SVG element.
   *
   * @param spoken what the picture shows, for those who do not see it
   * @param links where a click on a box leads to
   */
  static String of(Picture picture, String spoken, Map<Box, String> links) {
    return new GraphSvg(picture, links).draw(spoken);
  }

  private String draw(String spoken) {
    picture.closed().forEach(box -> kinds.add(box.kind));
    gradients = picture.closed().stream().anyMatch(b -> !Caption.of(b, false).gradient().isEmpty());
    double width = Math.max(LEAST_WIDTH, layout.width);
    Key key = new Key(width);
    double height = layout.height + key.height();
    svg.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "class",
        "plot graph",
        "viewBox",
        Svg.viewBox(-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN),
        "width",
        width + 2 * MARGIN,
        "height",
        height + 2 * MARGIN,
        "style",
        "min-width:%spx;max-width:%spx"
            .formatted(Svg.number(SMALLEST * (width + 2 * MARGIN)), Svg.number(width + 2 * MARGIN)),
        "role",
        links.isEmpty() ? "img" : "group",
        "aria-label",
        spoken);
    svg.raw("<style>" + Style.ofPlots() + STYLE + "</style>");
    svg.rectangle("paper", -MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN);
    svg.open("g", "transform", "translate(%s)".formatted(Svg.number((width - layout.width) / 2)));
    picture.top().forEach(this::drawBox);
    layout.routes.forEach(this::drawEdge);
    picture.open().stream().filter(layout.places::containsKey).forEach(this::drawTitle);
    svg.close("g");
    key.draw(layout.height + MARGIN);
    return svg.close("svg").toString();
  }

  // ---- boxes -----------------------------------------------------------------------------------

  private void drawBox(Box box) {
    Place place = layout.places.get(box);
    if (place == null) {
      return;
    }
    boolean open = picture.open().contains(box);
    Caption caption = Caption.of(box, open);
    String link = links.get(box);
    if (link != null) {
      svg.open("a", "href", link);
    }
    if (box.step >= 0) {
      svg.open("g", "class", color(box.kind), "data-step", box.step);
    } else {
      svg.open("g", "class", color(box.kind));
    }
    svg.open("title").content(spoken(box, caption)).close("title");
    if (open) {
      drawOpen(box, place);
    } else {
      drawClosed(box, caption, place);
    }
    svg.close("g");
    if (link != null) {
      svg.close("a");
    }
    if (open) {
      Picture.shown(box).forEach(this::drawBox);
    }
  }

  private static String spoken(Box box, Caption caption) {
    String text = String.join("\n", caption.shortened(1000));
    return box.line == null ? text : text + "\n" + box.line;
  }

  private void drawOpen(Box box, Place at) {
    if (box.kind == Box.Kind.REPEAT) {
      rectangle("layer", at.x() + 6, at.y() + 6, at.width(), at.height(), 8);
      rectangle("box", at.x() + 3, at.y() + 3, at.width(), at.height(), 8);
      rectangle("box", at.x(), at.y(), at.width(), at.height(), 8);
    }
    rectangle("layer", at.x(), at.y(), at.width(), at.height(), 8);
  }

  /** Draws the title of an open box over the edges that pass by. */
  private void drawTitle(Box box) {
    Place at = Objects.requireNonNull(layout.places.get(box));
    String title = Svg.fitted(Caption.of(box, true).title(), (at.width() - Layout.PADDING) / 1.06);
    svg.text("name over", at.x() + Layout.PADDING, at.y() + 18, title);
  }

  private void drawClosed(Box box, Caption caption, Place at) {
    shape(box.kind, at.x(), at.y(), at.width(), at.height());
    double middle = at.x() + at.width() / 2;
    double room = at.width() - 2 * Layout.PADDING + 4;
    double y = at.y() + 17;
    svg.text("name middle", middle, y, Svg.fitted(caption.title(), room / 1.06));
    for (String text : caption.lines()) {
      y += Svg.LINE;
      svg.text("label middle", middle, y, Svg.fitted(text, room));
    }
    if (!caption.gradient().isEmpty()) {
      strip(at, y + 7);
      svg.text("value middle", middle, y + Svg.LINE + 4, Svg.fitted(caption.gradient(), room));
    }
  }

  /** Draws what is behind a gradient. */
  private void strip(Place at, double top) {
    svg.open("g", "class", PlotColor.VERMILION.cssClass());
    double height = at.y() + at.height() - top - 3;
    rectangle("tint", at.x() + 9, top, at.width() - 18, height, 3);
    svg.close("g");
  }

  private static String color(Box.Kind kind) {
    return switch (kind) {
      case PARAMETER -> PlotColor.BLUE.cssClass();
      case INPUT -> PlotColor.GREEN.cssClass();
      default -> PlotColor.GRAY.cssClass();
    };
  }

  private void shape(Box.Kind kind, double x, double y, double width, double height) {
    switch (kind) {
      case OPERATION -> rectangle("box", x, y, width, height, 5);
      case INPUT -> rectangle("given", x, y, width, height, Math.min(16, height / 2));
      case CONSTANT -> rectangle("given dashed", x, y, width, height, 2);
      case PARAMETER ->
          svg.element(
              "polygon",
              "class",
              "given",
              "points",
              points(x + 7, y, x + width - 7, y, x + width, y + height / 2)
                  + points(x + width - 7, y + height, x + 7, y + height, x, y + height / 2));
      case LAYER, REPEAT, EARLIER -> {
        rectangle("box", x + 4, y + 4, width, height, 5);
        rectangle("box", x, y, width, height, 5);
        rectangle("layer", x, y, width, height, 5);
      }
    }
  }

  private static String points(double... coordinates) {
    StringBuilder points = new StringBuilder();
    for (double coordinate : coordinates) {
      points.append(Svg.number(coordinate)).append(' ');
    }
    return points.toString();
  }

  private void rectangle(
      String cssClass, double x, double y, double width, double height, double radius) {
    svg.element(
        "rect", "class", cssClass, "x", x, "y", y, "width", width, "height", height, "rx", radius);
  }

  // ---- edges -----------------------------------------------------------------------------------

  private void drawEdge(Layout.Route route) {
    List<Point> points = route.points();
    StringBuilder path = new StringBuilder("M" + at(points.getFirst()));
    for (int i = 1; i < points.size() - 1; i++) {
      Point corner = points.get(i);
      path.append('L').append(at(toward(corner, points.get(i - 1))));
      path.append('Q').append(at(corner)).append(' ').append(at(toward(corner, points.get(i + 1))));
    }
    Point end = points.getLast();
    Point before = points.get(points.size() - 2);
    double length = Math.hypot(end.x() - before.x(), end.y() - before.y());
    double dx = length == 0 ? 0 : (end.x() - before.x()) / length;
    double dy = length == 0 ? 1 : (end.y() - before.y()) / length;
    path.append('L').append(Svg.number(end.x() - 5 * dx)).append(' ');
    path.append(Svg.number(end.y() - 5 * dy));
    Box from = route.edge().from();
    Box to = route.edge().to();
    svg.open("g", "data-from", from.step, "data-to", to.step);
    svg.path("edge", path);
    svg.element(
        "polygon",
        "class",
        "head",
        "points",
        points(
            end.x(),
            end.y(),
            end.x() - 7 * dx - 3.5 * dy,
            end.y() - 7 * dy + 3.5 * dx,
            end.x() - 7 * dx + 3.5 * dy,
            end.y() - 7 * dy - 3.5 * dx));
    svg.close("g");
  }

  /** Returns where the rounding of a corner begins or ends. */
  private static Point toward(Point corner, Point other) {
    double length = Math.hypot(other.x() - corner.x(), other.y() - corner.y());
    double share = length == 0 ? 0 : Math.min(CORNER, length / 2) / length;
    return new Point(
        corner.x() + share * (other.x() - corner.x()),
        corner.y() + share * (other.y() - corner.y()));
  }

  private static String at(Point point) {
    return Svg.number(point.x()) + " " + Svg.number(point.y());
  }

  // ---- legend ----------------------------------------------------------------------------------

  /** Says below the picture what the shapes stand for, in as many rows as are needed. */
  private final class Key {
    private final double width;

    Key(double width) {
      this.width = width;
    }

    double height() {
      return draw(Double.NaN) + MARGIN + 4;
    }

    /** Draws it, unless the place is NaN; returns its height. */
    double draw(double top) {
      double x = 0;
      double row = 0;
      for (String word : words()) {
        double needed = KEY + 12 + Svg.width(word) + 16;
        if (x > 0 && x + needed > width) {
          x = 0;
          row += 22;
        }
        if (!Double.isNaN(top)) {
          sample(word, x, top + row);
          svg.text("label", x + KEY + 10, top + row + 11, word);
        }
        x += needed;
      }
      return row + 22;
    }

    private List<String> words() {
      Stream<String> shapes = kinds.stream().map(kind -> kind.spoken);
      return Stream.concat(shapes, gradients ? Stream.of(GRADIENT) : Stream.empty()).toList();
    }

    private void sample(String word, double x, double y) {
      if (word.equals(GRADIENT)) {
        strip(new Place(x - 9, y, KEY + 18, 17), y);
      }
      for (Box.Kind kind : kinds) {
        if (word.equals(kind.spoken)) {
          svg.open("g", "class", color(kind));
          shape(kind, x, y, KEY, 14);
          svg.close("g");
        }
      }
    }
  }
}
