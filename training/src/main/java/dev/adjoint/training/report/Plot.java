package dev.adjoint.training.report;

import dev.adjoint.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.knowm.xchart.internal.chartpart.Chart;

/**
 * Draws numbers as a picture in SVG, for a {@link Page} or a file.
 *
 * <p>A series has the color that {@link #color} gave to its name, or else the first of {@link
 * PlotColor} that is free. What is NaN or infinite leaves a gap. Texts become outlines of the fonts
 * of this machine, so that they look the same everywhere; it must have one.
 *
 * @param <P> the plot itself, which its options return
 */
public abstract sealed class Plot<P extends Plot<P>> permits LinePlot, BarPlot {

  private final String title;
  private final Map<String, PlotColor> colors = new LinkedHashMap<>();

  /** Creates a plot of nothing yet. */
  Plot(String title) {
    this.title = title;
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

  /** Draws everything but the legend. */
  abstract Chart<?, ?> chart();

  /** Says what is what, in the order of the names. */
  abstract Legend legend();

  /** Returns the color of a series. */
  final PlotColor color(String series) {
    return colors.computeIfAbsent(series, name -> firstFree());
  }

  private PlotColor firstFree() {
    PlotColor[] all = PlotColor.values();
    for (PlotColor color : all) {
      if (!colors.containsValue(color)) {
        return color;
      }
    }
    return all[colors.size() % all.length];
  }

  /** Returns the picture as the text of an SVG element. */
  public String svg() {
    return svg("");
  }

  /**
   * Returns the picture.
   *
   * @param prefix of the names inside, which must differ from those of other pictures on a page
   */
  String svg(String prefix) {
    return Svg.of(chart(), legend(), prefix);
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
}
