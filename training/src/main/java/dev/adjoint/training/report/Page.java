package dev.adjoint.training.report;

import com.google.common.html.HtmlEscapers;
import dev.adjoint.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Puts text, tables and plots on a page of HTML that is one file and needs no other.
 *
 * <pre>{@code
 * new Page("Learning rates")
 *     .paragraph("The larger, the faster, up to a point.")
 *     .plot(plot, "Loss over 300 steps, by learning rate.")
 *     .table(List.of("rate", "loss"), List.of(List.of("0.1", "1.3"), List.of("1", "0.4")))
 *     .write(Path.of("target/rates.html"));
 * }</pre>
 *
 * <p>All text is shown as it is: nothing in it is taken for HTML. The page fits phones and paper,
 * and is dark where the reader's system is.
 */
public final class Page {

  /** What a cell of a column of numbers is like: they are aligned to the right. */
  private static final Pattern NUMBER = Pattern.compile("([-+]?[0-9.][-+0-9.,e]*( %)?)?|NaN");

  private final String title;
  private final List<String> headings = new ArrayList<>();
  private final StringBuilder body = new StringBuilder();
  private int plots;

  /** Creates a page with a title. */
  public Page(String title) {
    this.title = title;
  }

  /** Adds a heading; pages of several begin with a list of them. */
  public Page heading(String text) {
    headings.add(text);
    return element("h2 id=\"part-%d\"".formatted(headings.size()), text);
  }

  /** Adds a paragraph. */
  public Page paragraph(String text) {
    return element("p", text);
  }

  /** Adds text whose lines and columns stay as they are, such as a program or a table of text. */
  public Page preformatted(String text) {
    return element("pre", text);
  }

  /**
   * Adds a table.
   *
   * @param head the titles of the columns
   * @param rows as many cells each; columns of numbers are aligned to the right
   */
  public Page table(List<String> head, List<List<String>> rows) {
    for (List<String> row : rows) {
      if (row.size() != head.size()) {
        throw new IllegalArgumentException(
            "table: a row of %d cells, %s; expected one for each of %s"
                .formatted(row.size(), row, head));
      }
    }
    body.append("<div class=\"table\"><table>\n");
    row("th", head, rows);
    rows.forEach(row -> row("td", row, rows));
    body.append("</table></div>\n");
    return this;
  }

  private void row(String tag, List<String> cells, List<List<String>> rows) {
    body.append("<tr>");
    for (int column = 0; column < cells.size(); column++) {
      int index = column;
      boolean numbers = rows.stream().allMatch(row -> NUMBER.matcher(row.get(index)).matches());
      body.append('<').append(tag).append(numbers ? " class=\"number\">" : ">");
      body.append(escaped(cells.get(column))).append("</").append(tag).append('>');
    }
    body.append("</tr>\n");
  }

  /** Adds a plot, with text below. */
  public Page plot(Plot<?> plot, String caption) {
    plots++;
    body.append("<figure>\n").append(plot.svg("plot" + plots + "-"));
    body.append("\n<figcaption>").append(escaped(caption)).append("</figcaption>\n</figure>\n");
    return this;
  }

  /** Writes the page to a file, whose directories are created. */
  public void write(Path file) throws IOException {
    AtomicFile.createDirectoryOf(file);
    byte[] bytes = html().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /** Returns the page as the text of an HTML file. */
  public String html() {
    return HEAD.replace("TITLE", escaped(title))
        + contents()
        + body
        + "</main>\n</body>\n</html>\n";
  }

  private String contents() {
    if (headings.size() < 2) {
      return "";
    }
    StringBuilder list = new StringBuilder("<nav><ul>\n");
    for (int i = 0; i < headings.size(); i++) {
      list.append("<li><a href=\"#part-%d\">".formatted(i + 1));
      list.append(escaped(headings.get(i))).append("</a></li>\n");
    }
    return list.append("</ul></nav>\n").toString();
  }

  private Page element(String tag, String text) {
    body.append('<').append(tag).append('>').append(escaped(text));
    body.append("</").append(tag.replaceFirst(" .*", "")).append(">\n");
    return this;
  }

  private static String escaped(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }

  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>TITLE</title>
      <style>
      :root { color-scheme: light dark; --ink: #222; --quiet: #666; --rule: #ddd; --paper: #fff; }
      body { margin: 0; background: var(--paper); color: var(--ink);
        font: 17px/1.55 system-ui, sans-serif; }
      main { max-width: 42rem; margin: 0 auto; padding: 1rem; }
      h1 { font-size: 1.9rem; line-height: 1.2; margin: 1rem 0; }
      h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.8rem 0 .6rem; }
      a { color: inherit; }
      nav { font-size: .9rem; } nav ul { padding-left: 1.1rem; }
      figure { margin: 1.2rem 0; } svg { display: block; width: 100%; height: auto; }
      figcaption { font-size: .85rem; color: var(--quiet); }
      .table, pre { overflow-x: auto; margin: 1rem 0; }
      pre { font-size: .75rem; line-height: 1.4; }
      table { border-collapse: collapse; font-size: .85rem; line-height: 1.35; }
      th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; }
      th { border-bottom: 2px solid var(--rule); } td { border-bottom: 1px solid var(--rule); }
      .number { text-align: right; font-variant-numeric: tabular-nums; }
      @media (prefers-color-scheme: dark) {
        :root { --ink: #ddd; --quiet: #999; --rule: #444; --paper: #161616; }
        svg [fill="rgb(51,51,51)"] { fill: var(--ink); }
        svg [stroke="rgb(51,51,51)"] { stroke: var(--ink); }
        svg [fill="rgb(226,226,226)"] { fill: var(--rule); }
        svg [fill="white"] { fill: var(--paper); }
      }
      @media print {
        body { font-size: 10pt; } main { max-width: none; padding: 0; } nav { display: none; }
        figure, table { break-inside: avoid; } h2 { break-after: avoid; } pre { font-size: 6.5pt; }
      }
      </style>
      </head>
      <body>
      <main>
      <h1>TITLE</h1>
      """;
}
