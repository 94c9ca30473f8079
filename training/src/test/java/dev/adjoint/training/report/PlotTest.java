package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

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
          new double[] {Double.MIN_VALUE, 1},
          new double[] {-Double.MAX_VALUE, Double.MAX_VALUE},
          new double[] {-1e299, 1e299},
          new double[] {123_456_789, 123_456_790},
          new double[] {-3, -2, 0});

  @TempDir private Path directory;

  private static LinePlot plot() {
    return new LinePlot("title", "x", "y");
  }

  /** Returns a plot with all kinds of marks, in as many colors as there are. */
  private static LinePlot full(double[] numbers, boolean log) {
    LinePlot plot = plot();
    if (log) {
      plot.logX().logY();
    }
    return plot.line("line", numbers, numbers)
        .points("points", numbers, numbers)
        .band("band", numbers, numbers, numbers)
        .errorBars("bars", numbers, numbers, numbers)
        .line("a name that is much longer than any plot is wide, so that it has to be cut", X, X)
        .line("another line", X, X);
  }

  @ParameterizedTest
  @FieldSource("SERIES")
  void anyNumbersMakeAPictureWhoseTextsDoNotOverlap(double[] numbers) {
    for (boolean log : new boolean[] {false, true}) {
      assertReadable(full(numbers, log));
    }
    double[] groups = numbers.length == 0 ? new double[] {0} : numbers;
    List<String> names = Stream.of("a", "b", "c").limit(groups.length).toList();
    assertReadable(new BarPlot("title", "y", names).bars("series", groups).bars("other", groups));
  }

  @Test
  void longNamesOfGroupsDoNotOverlap() {
    List<String> names = IntStream.range(0, 12).mapToObj(i -> "number " + i).toList();
    assertReadable(new BarPlot("title", "y", names).bars("series", new double[12]));
    assertReadable(plot().xLabels(names).line("series", new double[] {0, 11}, new double[2]));
  }

  private static void assertReadable(Plot<?> plot) {
    String svg = plot.svg(false);
    assertThat(svg).doesNotContain("NaN", "Infinity");
    Drawing drawing = Drawing.of(svg);
    double[] size = drawing.size();
    List<Drawing.Text> texts = drawing.texts();
    for (Drawing.Text text : texts) {
      assertThat(text.left()).as("left of %s", text).isGreaterThanOrEqualTo(-0.1);
      assertThat(text.right()).as("right of %s", text).isLessThanOrEqualTo(size[0] + 0.1);
      assertThat(text.base()).as("bottom of %s", text).isBetween(8.0, size[1] - 2);
      assertThat(texts)
          .as("what overlaps %s", text)
          .noneMatch(other -> !other.equals(text) && other.overlaps(text));
    }
    double[] box = box(drawing);
    for (String cssClass : new String[] {"line", "thin", "band"}) {
      for (Element mark : drawing.drawn(cssClass)) {
        assertThat(Drawing.corners(mark.getAttribute("d")))
            .as("%s within %s", cssClass, Arrays.toString(box))
            .allMatch(at -> at[0] >= box[0] && at[0] <= box[0] + box[2])
            .allMatch(at -> at[1] >= box[1] && at[1] <= box[1] + box[3]);
      }
    }
  }

  @Test
  void textIsText() {
    Drawing drawing =
        Drawing.of(
            new LinePlot("title", "step", "share").line("one", X, X).line("two & more", X, X));
    assertThat(drawing.texts())
        .extracting(Drawing.Text::text)
        .contains("step", "share", "one", "two & more", "1", "4");
  }

  @Test
  void aPictureSaysInWordsWhatItShows() {
    String words =
        Drawing.of(
                new LinePlot("Loss", "step", "nats")
                    .line("training", X, new double[] {4, 0.5, NAN, 1}))
            .root()
            .getAttribute("aria-label");
    assertThat(words)
        .isEqualTo("Loss. nats by step. training: from 4 to 1, at least 0.5, at most 4.");
    assertThat(
            Drawing.of(new BarPlot("Bars", "n", List.of("a", "b")).bars("s", 1, NAN))
                .root()
                .getAttribute("aria-label"))
        .isEqualTo("Bars. n. s: a 1, b nothing.");
  }

  @Test
  void aLegendMakesAPlotHigherAndNoLessOfIt() {
    LinePlot one = plot().line("0", X, X);
    LinePlot six = plot();
    for (int i = 0; i < 6; i++) {
      six.line(i + " is a name of some length", X, X);
    }
    double[] small = Drawing.of(one).size();
    double[] large = Drawing.of(six).size();
    assertThat(large[1] - small[1]).isGreaterThanOrEqualTo(6 * Svg.LINE);
    assertThat(box(Drawing.of(six))[3]).isEqualTo(box(Drawing.of(one))[3]);
  }

  /** Returns left, top, width and height of what is between the axes. */
  private static double[] box(Drawing drawing) {
    return Stream.of("x", "y", "width", "height")
        .mapToDouble(name -> Double.parseDouble(drawing.inner().getAttribute(name)))
        .toArray();
  }

  @Test
  void emptyPlotsHaveAxes() {
    assertThat(Drawing.of(plot()).texts()).extracting(Drawing.Text::text).contains("0", "1.0");
    assertThat(Drawing.of(new BarPlot("title", "y", List.of("a"))).texts())
        .extracting(Drawing.Text::text)
        .contains("a");
  }

  @Test
  void whatIsNotFiniteLeavesAGap() {
    assertThat(pieces(plot().line("s", X, new double[] {1, 2, 3, 4}))).isEqualTo(1);
    assertThat(pieces(plot().line("s", X, new double[] {1, INFINITY, 3, 4}))).isEqualTo(2);
    assertThat(pieces(plot().logY().line("s", X, new double[] {1, -2, 3, 4}))).isEqualTo(2);
    double[] x = {0, 2, 3, 4};
    LinePlot logX = plot().logX().line("s", x, new double[] {9, 2, 3, 4});
    assertThat(pieces(logX)).isEqualTo(1);
    assertThat(Drawing.of(logX).paths(PlotColor.BLUE, "line").getFirst())
        .matches("M(-?[.\\d]+ ?){2}l(-?[.\\d]+ ?){4}");
  }

  /** Returns of how many pieces the first line is. */
  private static long pieces(LinePlot plot) {
    String path = Drawing.of(plot).paths(PlotColor.BLUE, "line").getFirst();
    return Pattern.compile("M").matcher(path).results().count();
  }

  @Test
  void marksAreWhereTheAxesSayTheirNumbersAre() {
    double[] x = {0, 10, 5};
    double[] y = {0, 10, 2};
    LinePlot plot =
        plot().yRange(0, 10).line("s", x, y).band("s", x, new double[3], y).errorBars("s", x, y, x);
    double[] left = {place(plot, "0", true), place(plot, "0", false)};
    double[] right = {place(plot, "10", true), place(plot, "10", false)};
    assertCorners(plot, "line", left, right, 0, 0, 10, 10, 5, 2);
    assertCorners(plot, "band", left, right, 0, 0, 10, 0, 5, 0, 5, 2, 10, 10, 0, 0);
    assertCorners(plot, "thin", left, right, 0, 0, 10, 10, 5, 2, 5, 5);
  }

  /** Returns where a label says its number is: above its middle, or beside it. */
  private static double place(Plot<?> plot, String label, boolean ofX) {
    List<Drawing.Text> labels =
        Drawing.of(plot).texts().stream().filter(text -> text.text().equals(label)).toList();
    assertThat(labels).as("the labels of y and x").hasSize(2);
    return ofX
        ? (labels.getLast().left() + labels.getLast().right()) / 2
        : labels.getFirst().base() - 4;
  }

  /** Compares the corners of a mark with numbers x, y, x, y, between those at 0 and 10. */
  private static void assertCorners(
      Plot<?> plot, String cssClass, double[] zero, double[] ten, double... numbers) {
    String path = Drawing.of(plot).drawn(cssClass).getFirst().getAttribute("d");
    double[] corners = Drawing.corners(path).stream().flatMapToDouble(Arrays::stream).toArray();
    double[] expected = numbers.clone();
    Arrays.setAll(expected, i -> zero[i % 2] + numbers[i] / 10 * (ten[i % 2] - zero[i % 2]));
    assertThat(corners).as("%s %s", cssClass, path).containsExactly(expected, within(0.2));
  }

  @Test
  void linesAreAboveBandsAndThoseOfTheFirstNameAboveTheOthers() {
    LinePlot plot = plot().line("1", X, X).band("2", X, X, X).line("3", X, X);
    NodeList groups = Drawing.of(plot).inner().getElementsByTagName("g");
    assertThat(IntStream.range(0, groups.getLength()).mapToObj(i -> (Element) groups.item(i)))
        .extracting(group -> group.getAttribute("class"))
        .containsExactly(
            plot.color("2").cssClass(), plot.color("3").cssClass(), plot.color("1").cssClass());
  }

  @Test
  void aSeriesHasTheColorOfItsNameElseTheFirstThatIsFree() {
    Drawing drawing =
        Drawing.of(
            plot()
                .line("first", X, X)
                .line("second", X, X)
                .errorBars("second", X, X, X)
                .line("third", X, X)
                .color("second", PlotColor.ORANGE)
                .color("last", PlotColor.GRAY));
    // One in the legend, one in the plot.
    assertThat(drawing.paths(PlotColor.BLUE, "line")).hasSize(2);
    assertThat(drawing.paths(PlotColor.GREEN, "line")).hasSize(2);
    assertThat(drawing.paths(PlotColor.ORANGE, "line")).hasSize(2);
    assertThat(drawing.paths(PlotColor.ORANGE, "thin")).hasSize(1);
  }

  @Test
  void seriesDifferWithoutColorToo() {
    double[] many = IntStream.range(0, 500).asDoubleStream().toArray();
    LinePlot lines = plot();
    BarPlot bars = new BarPlot("t", "y", List.of("a"));
    for (int i = 0; i < 6; i++) {
      lines.line("line " + i, many, many);
      bars.bars("bar " + i, i + 1);
    }
    assertThat(shapes(lines, "marker")).hasSize(6).doesNotHaveDuplicates();
    assertThat(shapes(bars, "hole")).hasSize(6).doesNotHaveDuplicates();
  }

  /** Returns the last marker of each color, without its place. */
  private static List<String> shapes(Plot<?> plot, String cssClass) {
    Drawing drawing = Drawing.of(plot);
    return Stream.of(PlotColor.values())
        .flatMap(color -> drawing.paths(color, cssClass).stream().limit(1))
        .map(path -> path.substring(path.lastIndexOf('m')))
        .toList();
  }

  @Test
  void aSeventhSeriesIsRefused() {
    LinePlot plot = plot();
    for (int i = 0; i < 6; i++) {
      plot.line("line " + i, X, X);
    }
    assertThatThrownBy(() -> plot.line("one more", X, X))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "plot 'title': a color for 'one more' beside [line 0, line 1, line 2, line 3, line 4,"
                + " line 5]; expected at most 6 series");
  }

  @Test
  void aBandIsFilledBetweenItsGaps() {
    LinePlot plot =
        plot()
            .band("s", new double[] {1, 2, 3, 4, 5}, new double[5], new double[] {1, 1, NAN, 1, 1});
    assertThat(Drawing.of(plot).paths(PlotColor.BLUE, "band"))
        .singleElement()
        .satisfies(path -> assertThat(path.chars().filter(c -> c == 'z').count()).isEqualTo(2));
  }

  @Test
  void barsBeginAtZeroAndHaveTheirNumbers() {
    Drawing drawing =
        Drawing.of(new BarPlot("t", "y", List.of("a", "b")).bars("s", 2, -1).yRange(-2, 2));
    List<Element> bars = drawing.marks(PlotColor.BLUE, "rect", "bar");
    double up = Double.parseDouble(bars.get(0).getAttribute("height"));
    double down = Double.parseDouble(bars.get(1).getAttribute("height"));
    assertThat(up).isEqualTo(2 * down);
    assertThat(Double.parseDouble(bars.get(0).getAttribute("y")) + up)
        .isEqualTo(Double.parseDouble(bars.get(1).getAttribute("y")));
    assertThat(drawing.texts()).extracting(Drawing.Text::text).contains("2", "-1");
  }

  @Test
  void longLinesTakeFewBytes() {
    double[] x = IntStream.range(0, 300).asDoubleStream().toArray();
    double[] y = IntStream.range(0, 300).mapToDouble(i -> Math.sin(i) * i).toArray();
    assertThat(plot().line("s", x, y).svg(false)).hasSizeLessThan(6000);
  }

  @Test
  void writingCreatesDirectories() throws IOException {
    Path file = directory.resolve("a/b/plot.svg");
    LinePlot plot = plot().line("s", X, X);
    plot.writeSvg(file);
    assertThat(Files.readString(file)).isEqualTo(plot.svg() + "\n").startsWith("<svg");
  }

  @Test
  void aPictureAloneHasItsTitleAndItsStyle() {
    String svg =
        new LinePlot("A title that needs two lines as it is so long", "x", "y")
            .line("s", X, X)
            .svg();
    assertThat(svg).contains("prefers-color-scheme: dark", "class=\"paper\"");
    assertThat(Drawing.of(svg).texts())
        .extracting(Drawing.Text::text)
        .contains("A title that needs two lines as it is so", "long");
  }

  @Test
  void theSameNumbersMakeTheSamePicture() {
    assertThat(full(X, true).svg()).isEqualTo(full(X, true).svg());
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
}
