package dev.adjoint.training.report;

import com.google.common.base.Splitter;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/** A picture as its reader sees it: texts and where they are, marks and their colors. */
record Drawing(Element root) {

  private static final Pattern PIECE = Pattern.compile("([Mlhz])([^Mlhz]*)");
  private static final Pattern NUMBER = Pattern.compile("-?[.\\d]+");

  /** A text and the room that it takes. */
  record Text(String text, double left, double right, double base) {

    boolean overlaps(Text other) {
      return left < other.right && other.left < right && Math.abs(base - other.base) < 11;
    }
  }

  static Drawing of(Plot<?> plot) {
    return of(plot.svg(false));
  }

  static Drawing of(String svg) {
    try {
      return new Drawing(
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(svg)))
              .getDocumentElement());
    } catch (Exception e) {
      throw new AssertionError("not XML: " + svg, e);
    }
  }

  private List<Element> elements(String tag) {
    var nodes = root.getElementsByTagName(tag);
    return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
  }

  List<Text> texts() {
    return elements("text").stream()
        .filter(text -> !text.getTextContent().isEmpty())
        .map(Drawing::text)
        .toList();
  }

  private static Text text(Element element) {
    double x = Double.parseDouble(element.getAttribute("x"));
    double width = Svg.width(element.getTextContent());
    double left =
        switch (element.getAttribute("class")) {
          case "label end" -> x - width;
          case "label middle" -> x - width / 2;
          default -> x;
        };
    return new Text(
        element.getTextContent(),
        left,
        left + width,
        Double.parseDouble(element.getAttribute("y")));
  }

  /** Returns the data of the paths of a class whose group has a color. */
  List<String> paths(PlotColor color, String cssClass) {
    return marks(color, "path", cssClass).stream().map(path -> path.getAttribute("d")).toList();
  }

  /** Returns the points that a path goes through, each x and y. */
  static List<double[]> corners(String path) {
    List<double[]> corners = new ArrayList<>();
    double[] at = {0, 0};
    // After M comes a place, after l steps from place to place; h0 and z go nowhere new.
    for (MatchResult piece : PIECE.matcher(path).results().toList()) {
      if (piece.group(1).equals("M")) {
        at = new double[] {0, 0};
      }
      double[] numbers =
          NUMBER
              .matcher(piece.group(2))
              .results()
              .mapToDouble(number -> Double.parseDouble(number.group()))
              .toArray();
      for (int i = 0; i + 1 < numbers.length; i += 2) {
        at = new double[] {at[0] + numbers[i], at[1] + numbers[i + 1]};
        corners.add(at);
      }
    }
    return corners;
  }

  /** Returns what is between the axes, and hides what is beyond them. */
  Element inner() {
    return elements("svg").getFirst();
  }

  /** Returns the paths of a class between the axes, of any color, the lowest first. */
  List<Element> drawn(String cssClass) {
    return elements("path").stream()
        .filter(path -> path.getAttribute("class").equals(cssClass))
        .filter(path -> path.getParentNode().getParentNode().equals(inner()))
        .toList();
  }

  List<Element> marks(PlotColor color, String tag, String cssClass) {
    return elements(tag).stream()
        .filter(mark -> mark.getAttribute("class").equals(cssClass))
        .filter(
            mark -> ((Element) mark.getParentNode()).getAttribute("class").equals(color.cssClass()))
        .toList();
  }

  /** Returns width and height of the whole. */
  double[] size() {
    List<String> box = Splitter.on(' ').splitToList(root.getAttribute("viewBox"));
    return new double[] {Double.parseDouble(box.get(2)), Double.parseDouble(box.get(3))};
  }
}
