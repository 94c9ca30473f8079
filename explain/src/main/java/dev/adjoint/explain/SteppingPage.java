package dev.adjoint.explain;

import static java.util.stream.Collectors.joining;

import com.google.common.html.HtmlEscapers;
import dev.adjoint.explain.GradientStory.Part;
import dev.adjoint.explain.GradientStory.Visit;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Writes a story as a page that steps through the forward and the backward pass.
 *
 * <p>The page is the whole story as text (ADR 64). A script shows one step of it at a time, and
 * marks in the table and the graph what has been computed, what waits and what is done: it reads
 * the story, and has no other data.
 */
final class SteppingPage {

  /** The most values: what a reader can follow, and a screen shows. */
  static final int LIMIT = 60;

  /** How wide numbers are written in the table, and in a step. */
  private static final int NARROW = 30;

  private static final int WIDE = 60;

  /** What a page knows of a value while it tells the story. */
  private static final class Row {
    final Visit visit;
    final String label;

    /** How many uses add to its gradient, and how many have so far. */
    int uses;

    int added;

    /** The sum of those that have. */
    Tensor sum;

    int computedIn;
    boolean isVisited;
    int visitedIn;

    Row(Visit visit) {
      this.visit = visit;
      this.label = visit.step().label();
      this.sum = visit.cotangent();
    }

    boolean isGiven() {
      return visit.step().node().isLeaf();
    }

    /** Returns what computed it, as in "h = tanh(a)", or the label of what was given. */
    String equation() {
      return isGiven() ? label : label + " = " + visit.formula().value();
    }

    /** Says how many uses have added to the gradient. */
    String progress() {
      return added < uses ? "%s of %s uses".formatted(added, uses) : "complete";
    }
  }

  private final GradientStory story;

  /** By the indices of the recording's steps, in the order they were computed. */
  private final TreeMap<Integer, Row> rows = new TreeMap<>();

  private final Map<String, Integer> indices = new HashMap<>();
  private final StringBuilder html = new StringBuilder();
  private int step;

  private SteppingPage(GradientStory story) {
    this.story = story;
    List<Recording.Step> steps = story.recording().steps();
    for (int i = 0; i < steps.size(); i++) {
      indices.put(steps.get(i).label(), i);
    }
    for (Visit visit : story.visits()) {
      rows.put(index(visit.step().label()), new Row(visit));
    }
    if (rows.size() > LIMIT) {
      throw new IllegalArgumentException(
          "page: %d values; expected at most %d, which one can step through: take a smaller model, or fewer steps of a loop"
              .formatted(rows.size(), LIMIT));
    }
    root().uses = 1; // that backward() begins with
    story.visits().forEach(visit -> visit.parts().forEach(part -> row(part.label()).uses++));
  }

  /**
   * Returns the page of a story.
   *
   * @throws IllegalArgumentException if there are too many values
   */
  static Page of(GradientStory story) {
    return new SteppingPage(story).page();
  }

  private Page page() {
    tell();
    String steps = html.toString();
    html.setLength(0);
    rows.forEach(this::tableRow);
    String body =
        """
        <p>Forward computes one value after the other. Backward goes through the same list from its end: a value is
        visited when all its uses have been. So its gradient, the sum of a part from each use, is complete by then.</p>
        <div class="walk">
        <nav class="controls" aria-label="Steps" hidden>
        <button type="button" value="first">First</button>
        <button type="button" value="back">← Back</button>
        <button type="button" value="next">Next →</button>
        <button type="button" value="last">Last</button>
        <label>Step <output></output><input type="range" min="0" max="%s" value="0"></label>
        </nav>
        <figure class="picture"><div tabindex="0" role="group" aria-label="Graph">%s</div>
        <figcaption>Arrows lead from a value to what is computed from it. <span class="states">Blue and
        thick: now, with the arrows it comes by; these are dashed where a gradient goes back. Ochre and dashed: waits, with its gradient so far. Green: done.</span></figcaption></figure>
        <section class="story" aria-label="Step"><ol class="steps" aria-live="polite">
        %s</ol></section>
        <section class="values" aria-label="Values and gradients"><table>
        <caption>All values: forward goes down this list, backward up.</caption>
        <thead><tr><th scope="col">Formula</th><th scope="col">Value</th><th scope="col">Gradient</th></tr></thead>
        <tbody>
        %s</tbody></table></section>
        </div>
        """
            .formatted(step - 1, Graph.of(story).svg(), steps, html);
    return new Page("The gradient of %s, step by step".formatted(root().label))
        .markup("<style>\n" + resource("stepping.css") + "</style>\n" + body)
        .markup("<script>\n" + resource("stepping.js") + "</script>\n");
  }

  // ---- the story -------------------------------------------------------------------------------

  private void tell() {
    List<Integer> given = rows.keySet().stream().filter(i -> get(i).isGiven()).toList();
    List<Integer> computed = rows.keySet().stream().filter(i -> !get(i).isGiven()).toList();
    begin("Before", "What is given", "computes", given);
    paragraph("", "Nothing has been computed. No gradient is known.");
    Map<String, Tensor> numbers = new LinkedHashMap<>();
    given.forEach(i -> numbers.put(get(i).label, get(i).visit.value()));
    story.recording().constants().forEach(numbers::put);
    list(numbers);
    end();
    for (int i = 0; i < computed.size(); i++) {
      forward("Forward, step %s of %s".formatted(i + 1, computed.size()), computed.get(i));
    }
    start();
    List<List<Row>> groups = groups();
    for (int i = 0; i < groups.size(); i++) {
      String phase = "Backward, visit %s of %s".formatted(i + 1, groups.size());
      if (groups.get(i).getFirst().isGiven()) {
        results(phase, groups.get(i));
      } else {
        backward(phase, groups.get(i).getFirst());
      }
    }
  }

  /** Returns the visits; those of given values in a row are one, as nothing happens between. */
  private List<List<Row>> groups() {
    List<List<Row>> groups = new ArrayList<>();
    for (Visit visit : story.visits()) {
      Row row = row(visit.step().label());
      if (row.isGiven() && !groups.isEmpty() && groups.getLast().getLast().isGiven()) {
        groups.getLast().add(row);
      } else {
        groups.add(new ArrayList<>(List.of(row)));
      }
    }
    return groups;
  }

  private void forward(String phase, int index) {
    Row row = get(index);
    row.computedIn = step;
    begin(phase, code(row.equation()), "computes", List.of(index));
    Map<String, Tensor> numbers = new LinkedHashMap<>();
    for (String input : row.visit.step().inputs()) {
      Tensor constant = story.recording().constants().get(input);
      Row source = rows.get(indices.getOrDefault(input, -1));
      Tensor value = source != null ? source.visit.value() : constant;
      if (value != null) {
        numbers.put(input, value);
      }
    }
    numbers.put(row.label, row.visit.value());
    list(numbers);
    paragraph("where", text(row.visit.step().place()));
    end();
  }

  /** Writes shapes and numbers, but of numbers without a name. */
  private void list(Map<String, Tensor> numbers) {
    html.append("<dl class=\"numbers\">\n");
    numbers.forEach((label, value) -> {
      String text = numbers(value, WIDE);
      if (!text.equals(label)) {
        html.append(
            "<div><dt>%s%s</dt><dd>%s</dd></div>\n".formatted(code(label), shape(value), text));
      }
    });
    html.append("</dl>\n");
  }

  private void start() {
    Row root = root();
    begin("Backward", "Start at " + code(root.label), "starts", List.of());
    html.append(
        "<p data-to=\"%s\" data-sum=\"%3$s\">The derivative of %s by itself is <b>%s</b>. From here it goes back.</p>\n"
            .formatted(rows.lastKey(), code(root.label), numbers(root.visit.cotangent(), NARROW)));
    root.added++;
    waiting();
    end();
  }

  private void backward(String phase, Row row) {
    row.isVisited = true;
    row.visitedIn = step;
    begin(phase, "Visit " + code(row.equation()), "visits", List.of(index(row.label)));
    paragraph(
        "",
        "The gradient of %s is complete%s: <code>g</code> = <b>%s</b>. It goes on to:"
            .formatted(
                code(row.label),
                row.uses > 1 ? ", the sum of %s parts".formatted(row.uses) : "",
                numbers(row.visit.cotangent(), WIDE)));
    if (row.visit.inside() > 0) {
      paragraph("where", "The %s steps inside are not told.".formatted(row.visit.inside()));
    }
    html.append("<ul class=\"parts\">\n");
    row.visit.parts().forEach(part -> part(row, part));
    html.append("</ul>\n");
    waiting();
    end();
  }

  private void part(Row from, Part part) {
    Row to = row(part.label());
    html.append(
        "<li data-to=\"%s\" data-sum=\"%s\">%s gets %s = %s.<br>\n"
            .formatted(
                index(part.label()),
                numbers(part.sum(), NARROW),
                code(part.label()),
                code(from.visit.formula().cotangent(part.input())),
                numbers(part.pulled(), WIDE)));
    if (!part.pulled().shape().equals(part.value().shape())) {
      html.append(
          "Summed over %s to shape %s: %s.<br>\n"
              .formatted(
                  StoryText.axes(part.pulled().shape(), part.value().shape()),
                  part.value().shape(),
                  numbers(part.value(), WIDE)));
    }
    html.append(
        to.added == 0
            ? "It had none: "
            : "Added up: %s + %s = ".formatted(numbers(to.sum, WIDE), numbers(part.value(), WIDE)));
    to.added++;
    to.sum = part.sum();
    html.append(
        "<b>%s</b> <small>%s</small></li>\n".formatted(numbers(part.sum(), WIDE), to.progress()));
  }

  /** Says what waits to be visited, the last computed first, as the backward pass takes it. */
  private void waiting() {
    paragraph("queue", "Waiting, the last computed first:");
    html.append("<ol class=\"waiting\">\n");
    String next = ", next";
    for (Row row : rows.descendingMap().values()) {
      if (row.added > 0 && !row.isVisited) {
        html.append(
            "<li>%s <small>%s%s</small></li>\n".formatted(code(row.label), row.progress(), next));
        next = "";
      }
    }
    html.append("</ol>\n");
  }

  private void results(String phase, List<Row> results) {
    begin(
        phase,
        "What was given: gradients end here",
        "visits",
        results.stream().map(row -> index(row.label)).toList());
    Map<String, Tensor> numbers = new LinkedHashMap<>();
    for (Row row : results) {
      row.isVisited = true;
      row.visitedIn = step;
      numbers.put(row.label, row.visit.cotangent());
    }
    list(numbers);
    end();
  }

  private void begin(String phase, String heading, String does, List<Integer> values) {
    html.append(
        "<li id=\"step-%s\" data-%s=\"%s\">\n"
            .formatted(step, does, values.stream().map(String::valueOf).collect(joining(" "))));
    paragraph("phase", phase);
    html.append("<h2>").append(heading).append("</h2>\n");
  }

  private void paragraph(String cssClass, String content) {
    if (!content.isEmpty()) {
      html.append(cssClass.isEmpty() ? "<p>" : "<p class=\"" + cssClass + "\">");
      html.append(content).append("</p>\n");
    }
  }

  private void end() {
    html.append("</li>\n");
    step++;
  }

  // ---- the table -------------------------------------------------------------------------------

  /** Writes a row as it is at the end. */
  private void tableRow(int index, Row row) {
    html.append(
        """
        <tr data-row="%s" data-uses="%s"><th scope="row"><a href="#step-%s">%s</a>%s</th><td class="value">%s</td>\
        <td><a class="gradient" href="#step-%s">%s</a> <small class="state"></small></td></tr>
        """
            .formatted(
                index,
                row.uses,
                row.computedIn,
                code(row.equation()),
                shape(row.visit.value()),
                numbers(row.visit.value(), NARROW),
                row.visitedIn,
                numbers(row.visit.cotangent(), NARROW)));
  }

  // ---- text ------------------------------------------------------------------------------------

  private Row root() {
    return get(rows.lastKey());
  }

  private int index(String label) {
    return Objects.requireNonNull(indices.get(label), label);
  }

  private Row row(String label) {
    return get(index(label));
  }

  private Row get(int index) {
    return Objects.requireNonNull(rows.get(index));
  }

  /** Returns the elements; if they are many the norm, as the shape stands beside it. */
  private static String numbers(Tensor value, int width) {
    String text = Numbers.text(value, width);
    String shape = value.shape() + ", ";
    return text.startsWith(shape)
        ? text.substring(shape.length()).replace(' ', '\u00A0') // a name and a number
        : text;
  }

  /** Returns the shape, but of a scalar. */
  private static String shape(Tensor value) {
    return value.rank() == 0 ? "" : " <small>%s</small>".formatted(value.shape());
  }

  private static String code(String text) {
    return "<code>" + text(text) + "</code>";
  }

  private static String text(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }

  /** Reads a file of this module; others, Guava included, may not where modules are kept apart. */
  private static String resource(String name) {
    try (InputStream file = SteppingPage.class.getResourceAsStream(name)) {
      byte[] bytes = Objects.requireNonNull(file, name).readAllBytes();
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("page: its own %s cannot be read".formatted(name), e);
    }
  }
}
