package dev.adjoint.training.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.apache.batik.svggen.SVGIDGenerator;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.AxesChartStyler.TextAlignment;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Makes SVG of charts, all in one style. */
final class Svg {

  static final int WIDTH = 640;
  static final int HEIGHT = 380;

  /** Texts and axes; a page gives these three other values in the dark. */
  static final Color INK = new Color(0x333333);

  static final Color GRID = new Color(0xE2E2E2);
  static final Color PAPER = Color.WHITE;
  static final Font PLAIN = new Font(Font.SANS_SERIF, Font.PLAIN, 13);

  private static final String NAMESPACE = "http://www.w3.org/2000/svg";

  private Svg() {}

  /** Sets what all charts have in common. */
  static void style(Chart<? extends AxesChartStyler, ?> chart, String title, Axis y) {
    chart.setTitle(title);
    chart.setYAxisTitle(y.title());
    AxesChartStyler styler = chart.getStyler();
    styler.setLocale(Locale.ROOT);
    styler.setAntiAlias(true);
    styler.setChartBackgroundColor(PAPER);
    styler.setPlotBackgroundColor(PAPER);
    styler.setPlotBorderVisible(false);
    styler.setChartTitleBoxVisible(false);
    styler.setChartTitlePadding(8);
    styler.setChartFontColor(INK);
    styler.setAxisTickLabelsColor(INK);
    styler.setAxisTickMarksColor(INK);
    styler.setPlotGridLinesColor(GRID);
    styler.setPlotGridVerticalLinesVisible(false);
    styler.setPlotGridLinesStroke(new BasicStroke(1));
    styler.setPlotTicksMarksVisible(false);
    styler.setPlotContentSize(1);
    styler.setPlotMargin(0);
    styler.setChartPadding(14);
    styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
    styler.setAxisTitleFont(PLAIN);
    styler.setAxisTickLabelsFont(PLAIN);
    styler.setLegendVisible(false);
    styler.setMarkerSize(Legend.MARKER_SIZE);
    Axis.Scale scale = y.scale();
    styler.setYAxisMin(scale.min());
    styler.setYAxisMax(scale.max());
    styler.setYAxisTickMarkSpacingHint(scale.spacing(HEIGHT - 130));
    styler.setYAxisLabelAlignment(TextAlignment.Right);
    styler.setyAxisTickLabelsFormattingFunction(scale::label);
  }

  /** Draws a chart and its legend below. */
  static String of(Chart<?, ?> chart, Legend legend, String prefix) {
    Document document = emptyDocument();
    SVGGeneratorContext context = SVGGeneratorContext.createDefault(document);
    context.setComment(null);
    context.setPrecision(2);
    context.setIDGenerator(new Numbered(prefix));
    SVGGraphics2D graphics = new SVGGraphics2D(context, true);
    graphics.setSVGCanvasSize(new Dimension(WIDTH, HEIGHT));
    graphics.setColor(PAPER);
    graphics.fillRect(0, 0, WIDTH, HEIGHT);
    int top = HEIGHT - legend.height(graphics);
    chart.paint(graphics, WIDTH, top);
    legend.draw(graphics, top);
    Element root = graphics.getRoot();
    root.setAttribute("viewBox", "0 0 %d %d".formatted(WIDTH, HEIGHT));
    root.setAttribute("role", "img");
    root.setAttribute("aria-label", chart.getTitle());
    NodeList definitions = root.getElementsByTagName("defs");
    for (int i = 0; i < definitions.getLength(); i++) {
      ((Element) definitions.item(i)).removeAttribute("id"); // one of them is always the same
    }
    StringWriter text = new StringWriter();
    try {
      graphics.stream(root, text, false, false);
    } catch (IOException e) {
      throw new UncheckedIOException("a string refused to be written", e);
    }
    String xml = text.toString();
    return xml.substring(xml.indexOf("<svg")).strip();
  }

  private static Document emptyDocument() {
    try {
      return DocumentBuilderFactory.newNSInstance()
          .newDocumentBuilder()
          .getDOMImplementation()
          .createDocument(NAMESPACE, "svg", null);
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("the JDK has no XML parser", e);
    }
  }

  /** Numbers what refers to one another within a picture. */
  private static final class Numbered extends SVGIDGenerator {
    private final String prefix;
    private final AtomicInteger last = new AtomicInteger();

    Numbered(String prefix) {
      this.prefix = prefix;
    }

    @Override
    public String generateID(String kind) {
      return prefix + kind + last.incrementAndGet();
    }
  }
}
