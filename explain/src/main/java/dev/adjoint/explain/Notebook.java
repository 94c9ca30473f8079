package dev.adjoint.explain;

import com.google.common.html.HtmlEscapers;
import dev.adjoint.nn.inspect.InvarianceTable;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.TrainingReport;
import dev.adjoint.training.report.Page;
import dev.adjoint.training.report.Plot;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Shows values in notebooks: tensors as tables, plots and graphs as pictures, stories and reports
 * as pages in a frame. Every Java kernel of Jupyter shows HTML; docs/notebook.md says how it learns
 * to show ours.
 *
 * <pre>{@code
 * display(Notebook.html(Graph.of(loss)), "text/html");
 * }</pre>
 */
public final class Notebook {

  /** What is shown as more than its text. */
  public static final List<Class<?>> TYPES =
      List.of(
          Tensor.class,
          Plot.class,
          Graph.class,
          GradientStory.class,
          Page.class,
          TrainingReport.class,
          InvarianceTable.class);

  /** The most elements of an axis that are all shown; of longer ones the first and the last are. */
  private static final int MOST = 12;

  private static final int EDGE = 5;

  private Notebook() {}

  /**
   * Returns a value as a piece of HTML: its text, unless it is one of {@link #TYPES}.
   *
   * <p>The story of a gradient is its page, which steps through it, up to 60 values, and a text
   * where there are more.
   */
  public static String html(@Nullable Object value) {
    return switch (value) {
      case Tensor tensor when tensor.examples() == null -> table(tensor);
      case Plot<?> plot -> picture("max-width:34em", plot.svg());
      case Graph graph -> picture("overflow-x:auto", graph.svg());
      case GradientStory story when story.visits().size() <= SteppingPage.LIMIT ->
          frame(story.page());
      case Page page -> frame(page);
      case TrainingReport report -> frame(report.page());
      case InvarianceTable table -> frame(new Page("Invariances").invariances(table));
      case null, default -> "<pre>" + escaped(String.valueOf(value)) + "</pre>";
    };
  }

  private static String picture(String style, String svg) {
    return "<div style=\"%s\">%s</div>".formatted(style, svg);
  }

  /** Keeps the styles and scripts of a page to itself. */
  private static String frame(Page page) {
    return "<iframe srcdoc=\"%s\" style=\"width:100%%;height:42em;border:0;resize:vertical\"></iframe>"
        .formatted(escaped(page.html()));
  }

  // ---- tensors ---------------------------------------------------------------------------------

  /** Writes the matrices of the last two axes one below the other, each with its index. */
  private static String table(Tensor tensor) {
    Tensor values = tensor.untracked();
    StringBuilder html = new StringBuilder("<div style=\"overflow-x:auto\">");
    String head =
        "Tensor%s %s%s"
            .formatted(tensor.shape(), tensor.dtype(), tensor.isTracked() ? " tracked" : "");
    html.append("<p><code>").append(head).append("</code></p>");
    if (tensor.size() > 0) {
      while (values.rank() < 2) {
        values = values.unsqueeze(0);
      }
      double largest =
          Arrays.stream(values.toDoubleArray())
              .map(Math::abs)
              .filter(Double::isFinite)
              .max()
              .orElse(1);
      matrices(values, "", largest, html);
    }
    return html.append("</div>").toString();
  }

  private static void matrices(Tensor values, String index, double largest, StringBuilder html) {
    if (values.rank() == 2) {
      html.append("<table style=\"font-variant-numeric:tabular-nums;margin:0 0 .8em\">");
      if (!index.isEmpty()) {
        html.append(
            "<caption style=\"text-align:left\"><code>[%s]</code></caption>".formatted(index));
      }
      for (int row : shown(values.size(0))) {
        html.append("<tr>");
        for (int column : shown(values.size(1))) {
          html.append(
              row < 0 || column < 0
                  ? "<td style=\"text-align:center\">…</td>"
                  : cell(values.get(row, column), largest));
        }
        html.append("</tr>");
      }
      html.append("</table>");
      return;
    }
    for (int i : shown(values.size(0))) {
      if (i < 0) {
        html.append("<p>…</p>");
      } else {
        matrices(values.select(0, i), index + (index.isEmpty() ? "" : ", ") + i, largest, html);
      }
    }
  }

  /** Tints a number by its size: blue above zero, red below, on light and on dark paper. */
  private static String cell(double number, double largest) {
    double share = Math.abs(number) / largest;
    String tint =
        Double.isFinite(share) && share > 0
            ? String.format(
                Locale.ROOT,
                ";background:rgba(%s,%.2f)",
                number > 0 ? "0,114,178" : "213,94,0",
                0.04 + 0.36 * share)
            : "";
    return "<td style=\"text-align:right%s\">%s</td>".formatted(tint, Numbers.text(number));
  }

  /** Returns the indices to show along an axis; -1 stands for what is left out. */
  private static int[] shown(int size) {
    return size <= MOST
        ? IntStream.range(0, size).toArray()
        : IntStream.concat(
                IntStream.concat(IntStream.range(0, EDGE), IntStream.of(-1)),
                IntStream.range(size - EDGE, size))
            .toArray();
  }

  private static String escaped(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }
}
