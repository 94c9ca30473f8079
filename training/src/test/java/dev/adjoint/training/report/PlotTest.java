package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class PlotTest {

  private static final double NAN = Double.NaN;
  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final double[] X = {1, 2, 3, 4};

  /** Numbers that a plot must bear. */
  private static final List<double[]> SERIES =
      List.of(
          new double[] {},
          new double[] {5},
          new double[] {0},
          new double[] {NAN, INFINITY, -INFINITY},
          new double[] {5, 5, 5},
          new double[] {1, 1 + 1e-12},
          new double[] {0, 1e-300, 1e-14},
          new double[] {-Double.MAX_VALUE, Double.MAX_VALUE},
          new double[] {-1e299, 1e299},
          new double[] {-3, -2, 0});

  @TempDir private Path directory;

  @Timeout(20) // XChart may look for labels forever
  @ParameterizedTest
  @FieldSource("SERIES")
  void anyNumbersMakeAPicture(double[] numbers) throws Exception {
    for (boolean log : new boolean[] {false, true}) {
      LinePlot plot = new LinePlot("title", "x", "y");
      if (log) {
        plot.logX().logY();
      }
      plot.line("line", numbers, numbers)
          .points("points", numbers, numbers)
          .band("band", numbers, numbers, numbers)
          .errorBars("bars", numbers, numbers, numbers);
      parsed(plot);
    }
    double[] groups = numbers.length == 0 ? new double[] {0} : numbers;
    parsed(
        new BarPlot("title", "y", Stream.of("a", "b", "c").limit(groups.length).toList())
            .bars("series", groups));
  }

  @Test
  void emptyPlotsHaveAxes() throws Exception {
    assertThat(parsed(new LinePlot("title", "x", "y"))).isNotNull();
    assertThat(parsed(new BarPlot("title", "y", List.of("a")))).isNotNull();
  }

  @Test
  void whatIsNotFiniteLeavesAGap() throws Exception {
    LinePlot whole = new LinePlot("t", "x", "y").line("s", X, new double[] {1, 2, 3, 4});
    LinePlot gap = new LinePlot("t", "x", "y").line("s", X, new double[] {1, INFINITY, 3, 4});
    LinePlot log = new LinePlot("t", "x", "y").logY().line("s", X, new double[] {1, -2, 3, 4});
    assertThat(segments(whole, PlotColor.GRAY)).isEqualTo(3);
    assertThat(segments(gap, PlotColor.GRAY)).isEqualTo(1);
    assertThat(segments(log, PlotColor.GRAY)).isEqualTo(1);
    LinePlot logX =
        new LinePlot("t", "x", "y")
            .logX()
            .line("s", new double[] {0, 2, 3, 4}, new double[] {9, 2, 3, 4});
    assertThat(segments(logX, PlotColor.GRAY)).isEqualTo(2);
  }

  @Test
  void aSeriesHasTheColorOfItsNameElseTheFirstThatIsFree() throws Exception {
    LinePlot plot =
        new LinePlot("t", "x", "y")
            .line("first", X, X)
            .line("second", X, X)
            .errorBars("second", X, X, X)
            .line("third", X, X)
            .color("second", PlotColor.BLUE)
            .color("last", PlotColor.GREEN);
    assertThat(segments(plot, PlotColor.GRAY)).isEqualTo(3 + 1);
    assertThat(segments(plot, PlotColor.BLUE)).isEqualTo(3 + 4 + 1);
    assertThat(segments(plot, PlotColor.VERMILION)).isEqualTo(3 + 1);
  }

  @Test
  void aBandIsFilledBetweenItsGaps() throws Exception {
    LinePlot plot =
        new LinePlot("t", "x", "y")
            .band("s", new double[] {1, 2, 3, 4, 5}, new double[5], new double[] {1, 1, NAN, 1, 1});
    NodeList paths = parsed(plot).getElementsByTagName("path");
    assertThat(elements(paths))
        .filteredOn(path -> !inherited(path, "fill-opacity").equals("1"))
        .hasSize(2);
  }

  @Test
  void writingCreatesDirectories() throws IOException {
    Path file = directory.resolve("a/b/plot.svg");
    LinePlot plot = new LinePlot("t", "x", "y").line("s", X, X);
    plot.writeSvg(file);
    assertThat(Files.readString(file)).isEqualTo(plot.svg() + "\n").startsWith("<svg");
  }

  @Test
  void theSameNumbersMakeTheSamePicture() {
    LinePlot plot = new LinePlot("t", "x", "y").line("s", X, X);
    assertThat(plot.svg()).isEqualTo(plot.svg());
  }

  @Test
  void mistakesAreExplained() {
    LinePlot plot = new LinePlot("t", "x", "y");
    assertThatThrownBy(() -> plot.line("s", X, new double[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("series 's' of plot 't': 4 numbers for x, and for y 3; expected as many");
    assertThatThrownBy(() -> plot.band("s", X, X, new double[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("series 's' of plot 't': 4 numbers for x, and for y 4 and 3; expected as many");
    assertThatThrownBy(() -> plot.yRange(1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "axis 'y': range from 1.0 to 1.0; expected finite numbers, the first below the second");
    plot.line("s", X, X);
    assertThatThrownBy(plot::logX)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("logX: plot 't' has series already; expected it before them");
    assertThatThrownBy(() -> new BarPlot("t", "y", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("plot 't': no groups; expected at least one");
    assertThatThrownBy(() -> new BarPlot("t", "y", List.of("a")).bars("s", 1, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("bars 's' of plot 't': 2 numbers; expected one for each of [a]");
  }

  /** Returns how many lines a picture has in a color, with that in the legend, if there is one. */
  private static long segments(Plot<?> plot, PlotColor color) throws Exception {
    String rgb =
        "rgb(%d,%d,%d)"
            .formatted(color.awt().getRed(), color.awt().getGreen(), color.awt().getBlue());
    return elements(parsed(plot).getElementsByTagName("line")).stream()
        .filter(line -> inherited(line, "stroke").equals(rgb))
        .count();
  }

  private static String inherited(Element element, String attribute) {
    for (Element e = element; ; e = (Element) e.getParentNode()) {
      if (e.hasAttribute(attribute)) {
        return e.getAttribute(attribute);
      }
    }
  }

  private static List<Element> elements(NodeList nodes) {
    return Stream.iterate(0, i -> i + 1)
        .limit(nodes.getLength())
        .map(i -> (Element) nodes.item(i))
        .toList();
  }

  private static Document parsed(Plot<?> plot) throws Exception {
    String svg = plot.svg();
    assertThat(svg).doesNotContain("NaN", "Infinity");
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }
}
