package dev.adjoint.training.report;

import com.google.common.collect.ImmutableMap;
import com.google.common.html.HtmlEscapers;
import dev.adjoint.io.AtomicFile;
import dev.adjoint.nn.inspect.GradientFact;
import dev.adjoint.nn.inspect.InvarianceTable;
import dev.adjoint.nn.inspect.Perturbation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A page of HTML with text, tables and plots that is one file and needs no other.
 *
 * <pre>{@code
 * new Page("Learning rates")
 *     .answers(Map.of("best rate", "0.3"))
 *     .paragraph("The larger, the faster, up to a point.")
 *     .plot(plot, "Loss over 300 steps, by learning rate.")
 *     .table(List.of("rate", "loss"), List.of(List.of("0.1", "1.3"), List.of("1", "0.4")))
 *     .write(Path.of("target/rates.html"));
 * }</pre>
 *
 * <p>What comes before the first heading introduces the page; a list of the headings follows, with
 * the claims below each. Plots that follow one another share rows where the screen is wide.
 *
 * <p>All text is shown as it is: nothing in it is interpreted as HTML. The page fits phones and
 * paper, and is dark where the reader's system is.
 */
public final class Page {

  /** What a cell of a column of numbers is like: they are aligned to the right. */
  private static final Pattern NUMBER = Pattern.compile("([-+]?[0-9.][-+0-9.,e]*( %)?)?|NaN|·");

  /** What the columns and cells of tables of invariances mean. */
  private static final ImmutableMap<String, String> PERTURBATIONS =
      ImmutableMap.<String, String>builder()
          .put("W d, x d", "all weights, all data times d")
          .put("row d, case d", "one row of W, the weights of one neuron, or one example times d")
          .put("W + 1g', x + 1g'", "one vector added to every row of W, or to every example")
          .put("row + g", "a vector added to one row of W")
          .put("W + c, x + c", "one number added everywhere")
          .put(marked(InvarianceTable.Verdict.INVARIANT), "the output stays as it is")
          .put(
              marked(InvarianceTable.Verdict.UP_TO_EPSILON),
              "it does but for the epsilon that keeps the norm from dividing by 0")
          .put(
              marked(InvarianceTable.Verdict.EQUIVARIANT),
              "equivariant: the output is scaled or shifted along")
          .buildOrThrow();

  private static final ImmutableMap<String, String> GRADIENT_FACTS =
      ImmutableMap.of(
          "<W, dW> = 0", "a small step turns the weights W and does not lengthen them; w: each row",
          "W d: dW / d, dx", "where W is d times as large, its gradient is dW / d, and dx the same",
          "x d: dW, dx / d",
              "where the data are d times as large, dW is the same, and dx is dx / d");

  private final String title;
  private final Contents contents = new Contents();
  private final StringBuilder introduction = new StringBuilder();
  private final StringBuilder rest = new StringBuilder();
  private StringBuilder body = introduction;

  /** The class of what neighbors share, as plots do, while it is open. */
  private @Nullable String shared;

  /** Creates a page with a title. */
  public Page(String title) {
    this.title = title;
  }

  // ---- text ------------------------------------------------------------------------------------

  /** Adds a heading. */
  public Page heading(String text) {
    share(null);
    body = rest;
    int number = contents.add(text);
    return element("h2", " id=\"part-%s\"".formatted(number), text);
  }

  /** Adds a paragraph. */
  public Page paragraph(String text) {
    return block("p", "", text);
  }

  /** Adds text whose lines and columns stay as they are, such as a program or a table of text. */
  public Page preformatted(String text) {
    return block("pre", "", text);
  }

  /** Adds short texts as a list, in columns where the screen is wide. */
  public Page items(List<String> texts) {
    share(null);
    body.append("<ul class=\"items\">\n");
    texts.forEach(text -> element("li", "", text));
    body.append("</ul>\n");
    return this;
  }

  /** Adds the main results in large type: values by their names, in this order. */
  public Page answers(Map<String, String> values) {
    return pairs("answers", values);
  }

  /** Adds facts in small type, such as data and settings: values by their names, in this order. */
  public Page facts(Map<String, String> values) {
    return pairs("facts", values);
  }

  private Page pairs(String cssClass, Map<String, String> values) {
    share(null);
    if (!values.isEmpty()) {
      body.append("<dl class=\"").append(cssClass).append("\">\n");
      values.forEach((name, value) -> {
        body.append(cssClass.equals("answers") ? "<div>" : "");
        element("dt", "", name);
        element("dd", "", value);
        body.append(cssClass.equals("answers") ? "</div>\n" : "");
      });
      body.append("</dl>\n");
    }
    return this;
  }

  /** Adds a claim with the verdict on it, which the list of headings shows too, and details. */
  public Page claim(Verdict verdict, String claim, String details) {
    share(null);
    contents.add(verdict, claim);
    body.append("<div class=\"claim ").append(verdict.cssClass()).append("\">\n");
    body.append(Contents.verdict(verdict)).append('\n');
    element("p", "", claim);
    element("p", " class=\"details\"", details);
    body.append("</div>\n");
    return this;
  }

  /** Adds a part that is folded away until the reader asks for it. */
  public Page folded(String summary, Consumer<Page> part) {
    share(null);
    body.append("<details>\n");
    element("summary", "", summary);
    part.accept(this);
    share(null);
    body.append("</details>\n");
    return this;
  }

  /** Adds a part that is HTML already: it is not escaped. */
  public Page markup(String html) {
    share(null);
    body.append(html);
    return this;
  }

  // ---- tables ----------------------------------------------------------------------------------

  /**
   * Adds a table.
   *
   * @param head the titles of the columns
   * @param rows as many cells each; columns of numbers are aligned to the right, and what begins
   *     with the mark of a verdict has its color
   */
  public Page table(List<String> head, List<List<String>> rows) {
    for (List<String> row : rows) {
      if (row.size() != head.size()) {
        throw new IllegalArgumentException(
            "table: a row of %d cells, %s; expected one for each of %s"
                .formatted(row.size(), row, head));
      }
    }
    share(null);
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
      String cell = cells.get(column);
      String cssClass = numbers ? " class=\"number\"" : classOf(cell);
      element(tag, cssClass, cell);
    }
    body.append("</tr>\n");
  }

  private static String classOf(String cell) {
    return Stream.of(Verdict.values())
        .filter(verdict -> cell.startsWith(verdict.mark() + " "))
        .map(verdict -> " class=\"verdict %s\"".formatted(verdict.cssClass()))
        .findFirst()
        .orElse("");
  }

  /** Adds the invariances of some layers, and what they mean for gradients, as two tables. */
  public Page invariances(InvarianceTable table) {
    return invariances(Perturbation.values(), table.rows(), InvarianceTable.Row::verdict)
        .facts(PERTURBATIONS)
        .invariances(
            GradientFact.values(),
            table.rows().stream().filter(row -> !row.gradientFacts().isEmpty()).toList(),
            InvarianceTable.Row::verdict)
        .facts(GRADIENT_FACTS);
  }

  private <C> Page invariances(
      C[] columns,
      List<InvarianceTable.Row> rows,
      BiFunction<InvarianceTable.Row, C, InvarianceTable.Verdict> verdict) {
    List<String> head =
        Stream.concat(Stream.of(""), Stream.of(columns).map(Object::toString)).toList();
    return table(
        head,
        rows.stream()
            .map(row ->
                Stream.concat(
                        Stream.of(row.name()),
                        Stream.of(columns).map(column -> marked(verdict.apply(row, column))))
                    .toList())
            .toList());
  }

  private static String marked(InvarianceTable.Verdict verdict) {
    return switch (verdict) {
      case INVARIANT -> Verdict.HOLDS.mark() + " " + verdict;
      case UP_TO_EPSILON -> Verdict.HOLDS_IN_PART.mark() + " " + verdict;
      case EQUIVARIANT -> "↔\u00A0" + verdict;
      case NO -> Verdict.DOES_NOT_HOLD.mark() + " " + verdict;
    };
  }

  // ---- pictures --------------------------------------------------------------------------------

  /** Adds a plot, with text below. */
  public Page plot(Plot<?> plot, String caption) {
    share("plots");
    body.append("<figure>\n");
    element("p", "", plot.title());
    body.append(plot.svg(false)).append('\n');
    return caption(caption);
  }

  /**
   * Adds a drawing as large as it is, which is scrolled where the screen is small, with text below.
   *
   * @param svg an SVG element, such as the graph of a model; it is not escaped
   */
  public Page drawing(String svg, String caption) {
    share(null);
    body.append("<figure class=\"drawing\">\n<div tabindex=\"0\">").append(svg).append("</div>\n");
    return caption(caption);
  }

  /**
   * Adds a small picture, with text below.
   *
   * @param gray the rows of the picture, from 0 for black to 1 for white
   */
  public Page picture(double[][] gray, String caption) {
    int width = gray.length == 0 ? 0 : gray[0].length;
    if (width == 0 || Arrays.stream(gray).anyMatch(row -> row.length != width)) {
      throw new IllegalArgumentException(
          "picture: %d rows of lengths %s; expected some, all of one length above 0"
              .formatted(
                  gray.length,
                  Arrays.toString(Arrays.stream(gray).mapToInt(row -> row.length).toArray())));
    }
    share("pictures");
    byte[] png = Png.of(width, gray.length, 1, (_, y, x) -> gray[y][x]);
    body.append("<figure>\n<img alt=\"\" src=\"data:image/png;base64,");
    body.append(Base64.getEncoder().encodeToString(png)).append("\">\n");
    return caption(caption);
  }

  private Page caption(String text) {
    if (!text.isEmpty()) {
      element("figcaption", "", text);
    }
    body.append("</figure>\n");
    return this;
  }

  /** Lets what comes next stand beside what came before, if that is of the same kind. */
  private void share(@Nullable String kind) {
    if (kind != null && kind.equals(shared)) {
      return;
    }
    body.append(shared == null ? "" : "</div>\n");
    body.append(kind == null ? "" : "<div class=\"" + kind + "\">\n");
    shared = kind;
  }

  // ---- the page --------------------------------------------------------------------------------

  /** Writes the page to a file, whose directories are created. */
  public void write(Path file) throws IOException {
    AtomicFile.createDirectoryOf(file);
    byte[] bytes = html().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /** Returns the page as the text of an HTML file. */
  public String html() {
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>%1$s</title>
    <style>
    %2$s</style>
    </head>
    <body>
    <main>
    <h1>%1$s</h1>
    %3$s%4$s%5$s%6$s</main>
    </body>
    </html>
    """
        .formatted(
            escaped(title),
            Style.ofPages(),
            introduction,
            contents.html(),
            rest,
            shared == null ? "" : "</div>\n");
  }

  /** Adds an element that stands by itself. */
  private Page block(String tag, String attributes, String text) {
    share(null);
    return element(tag, attributes, text);
  }

  private Page element(String tag, String attributes, String text) {
    body.append('<').append(tag).append(attributes).append('>').append(escaped(text));
    body.append("</").append(tag).append(">\n");
    return this;
  }

  static String escaped(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }

  /** Returns the title. */
  @Override
  public String toString() {
    return "Page '%s'".formatted(title);
  }
}
