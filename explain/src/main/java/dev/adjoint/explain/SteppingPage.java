package dev.adjoint.explain;

import static java.util.stream.Collectors.joining;

import com.google.common.html.HtmlEscapers;
import com.google.common.io.Resources;
import dev.adjoint.explain.Walk.Named;
import dev.adjoint.explain.Walk.Part;
import dev.adjoint.explain.Walk.Value;
import dev.adjoint.explain.Walk.Visit;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A page that steps through the forward and the backward pass of a small network.
 *
 * <p>The page is the whole story as text (ADR 64). A script shows one step of it at a time, and
 * marks in the table and the graph what has been computed, what waits and what is done; it reads
 * the story and knows no other data.
 */
final class SteppingPage {

  /** What a reader can follow; and the graph of it fits a screen. */
  static final int LIMIT = 60;

  private final Walk walk;
  private final String graph;
  private final StringBuilder html = new StringBuilder();

  /** How many uses of each value add to its gradient, and how many have so far. */
  private final int[] uses;

  private final int[] seen;

  /** The steps that compute and visit each value; -1 if none does. */
  private final int[] computedIn;

  private final int[] visitedIn;
  private int step;

  private SteppingPage(Walk walk, String graph) {
    this.walk = walk;
    this.graph = graph;
    int count = walk.values().size();
    if (count > LIMIT) {
      throw new IllegalArgumentException(
          "page: %d values; expected at most %d, which a reader can step through: take a smaller network, or fewer steps of a loop"
              .formatted(count, LIMIT));
    }
    uses = new int[count];
    seen = new int[count];
    computedIn = new int[count];
    visitedIn = new int[count];
    uses[count - 1] = 1; // what backward() starts from
    walk.visits().forEach(visit -> visit.parts().forEach(part -> uses[part.value()]++));
  }

  /**
   * Returns the page.
   *
   * @param graph a picture whose elements have the index of a value as {@code data-step}; may be
   *     empty
   */
  static String html(String title, Walk walk, String graph) {
    return new SteppingPage(walk, graph).html(title);
  }

  private String html(String title) {
    String steps = steps();
    String body =
        """
        <p>Forward computes one value after the other. Backward goes through the same list from its end: each value
        is visited when all that was computed from it has been, so its gradient is complete by then. A value that is
        used several times gets a part of its gradient from each use, and the parts are added up.</p>
        <div class="walk">
        <nav class="controls" aria-label="Steps" hidden>
        <button type="button" value="first">First</button>
        <button type="button" value="back">← Back</button>
        <button type="button" value="next">Next →</button>
        <button type="button" value="last">Last</button>
        <label>Step <output></output><input type="range" min="0" max="%d" value="0"></label>
        </nav>
        %s<section class="story" aria-label="Step"><ol class="steps" aria-live="polite">
        %s</ol></section>
        <section class="values" aria-label="Values and gradients"><table>
        <caption>All values: forward goes down this list, backward up.</caption>
        <thead><tr><th scope="col">Formula</th><th scope="col">Value</th><th scope="col">Gradient</th></tr></thead>
        <tbody>
        %s</tbody></table></section>
        </div>
        """
            .formatted(step - 1, figure(), steps, rows());
    return new Page(title)
        .markup("<style>\n" + resource("stepping.css") + "</style>\n" + body)
        .markup("<script>\n" + resource("stepping.js") + "</script>\n")
        .html();
  }

  private String figure() {
    return graph.isEmpty()
        ? ""
        : "<figure class=\"graph\" tabindex=\"0\">%s<figcaption>%s</figcaption></figure>\n"
            .formatted(graph, "Arrows lead from what is used to what is computed from it.");
  }

  // ---- the story -------------------------------------------------------------------------------

  private String steps() {
    List<Value> values = walk.values();
    List<Integer> given = indices(values.size(), i -> values.get(i).isGiven());
    begin("Before", "What is given", "computes", given);
    html.append("<p>No value has been computed, no gradient is known.</p>\n");
    numbers(given.stream().map(i -> values.get(i).result()).toList());
    end();
    given.forEach(i -> computedIn[i] = 0);
    List<Integer> computed = indices(values.size(), i -> !values.get(i).isGiven());
    for (int i = 0; i < computed.size(); i++) {
      forward(i + 1, computed.size(), computed.get(i));
    }
    backward();
    return html.toString();
  }

  private void forward(int number, int count, int index) {
    Value value = walk.values().get(index);
    computedIn[index] = step;
    begin(
        "Forward, step %d of %d".formatted(number, count),
        code(value.equation()),
        "computes",
        List.of(index));
    List<Named> numbers = new ArrayList<>(value.operands());
    numbers.add(value.result());
    numbers(numbers);
    if (!value.where().isEmpty()) {
      html.append("<p class=\"where\">%s</p>\n".formatted(text(String.join(", ", value.where()))));
    }
    end();
  }

  private void numbers(List<Named> numbers) {
    html.append("<dl class=\"numbers\">\n");
    for (Named named : numbers) {
      html.append(
          "<div><dt>%s <small>%s</small></dt><dd>%s</dd></div>\n"
              .formatted(code(named.name()), text(named.shape()), text(named.numbers())));
    }
    html.append("</dl>\n");
  }

  private void backward() {
    int root = walk.values().size() - 1;
    String name = code(name(root));
    begin("Backward", "Start at " + name, "starts", List.of());
    html.append(
        "<p data-to=\"%d\">The derivative of %s by itself is <b class=\"sum\">%s</b>: here backward begins.</p>\n"
            .formatted(root, name, text(walk.visits().getFirst().gradient())));
    seen[root]++;
    waiting();
    end();
    List<List<Visit>> groups = new ArrayList<>();
    for (Visit visit : walk.visits()) {
      boolean given = walk.values().get(visit.value()).isGiven();
      if (given && walk.values().get(groups.getLast().getFirst().value()).isGiven()) {
        groups.getLast().add(visit); // nothing is seen between visits of what was given
      } else {
        groups.add(new ArrayList<>(List.of(visit)));
      }
    }
    for (int i = 0; i < groups.size(); i++) {
      String phase = "Backward, visit %d of %d".formatted(i + 1, groups.size());
      List<Visit> group = groups.get(i);
      if (walk.values().get(group.getFirst().value()).isGiven()) {
        results(phase, group);
      } else {
        visit(phase, group.getFirst());
      }
    }
  }

  private void visit(String phase, Visit visit) {
    int index = visit.value();
    visitedIn[index] = step;
    begin(phase, "Visit " + code(walk.values().get(index).equation()), "visits", List.of(index));
    html.append(
        "<p>The gradient of %s is complete%s: <code>g</code> = <b>%s</b>. It goes on to:</p>\n<ul class=\"parts\">\n"
            .formatted(
                code(name(index)),
                uses[index] > 1 ? ", the sum over its %d uses".formatted(uses[index]) : "",
                text(visit.gradient())));
    visit.parts().forEach(this::part);
    html.append("</ul>\n");
    waiting();
    end();
  }

  private void part(Part part) {
    int index = part.value();
    seen[index]++;
    String added = part.before() == null ? "" : part.before() + " + " + part.numbers() + " = ";
    html.append(
        "<li data-to=\"%d\">%s gets %s = %s.<br>%s<b class=\"sum\">%s</b> <small>from %s</small></li>\n"
            .formatted(
                index,
                code(name(index)),
                code(part.formula()),
                text(part.numbers()),
                part.before() == null ? "The first part: " : "Added up: " + text(added),
                text(part.sum()),
                progress(index)));
  }

  /** Says how many uses have added to a gradient. */
  private String progress(int index) {
    int count = uses[index];
    return seen[index] < count
        ? "%d of %d uses".formatted(seen[index], count)
        : count == 1 ? "its only use, complete" : "all %d uses, complete".formatted(count);
  }

  /** Says what waits to be visited, the last computed first, as the backward pass takes it. */
  private void waiting() {
    html.append(
        "<p class=\"queue\">Waiting, the last computed first:</p>\n<ol class=\"waiting\">\n");
    String next = ", next";
    for (int index : indices(uses.length, i -> seen[i] > 0 && visitedIn[i] == 0).reversed()) {
      html.append(
          "<li>%s <small>%s%s</small></li>\n"
              .formatted(
                  code(name(index)),
                  seen[index] < uses[index]
                      ? "%d of %d uses".formatted(seen[index], uses[index])
                      : "complete",
                  next));
      next = "";
    }
    html.append("</ol>\n");
  }

  private void results(String phase, List<Visit> visits) {
    visits.forEach(visit -> visitedIn[visit.value()] = step);
    begin(
        phase,
        "What was given: gradients end here",
        "visits",
        visits.stream().map(Visit::value).toList());
    numbers(
        visits.stream()
            .map(visit -> {
              Named given = walk.values().get(visit.value()).result();
              return new Named(given.name(), given.shape(), visit.gradient());
            })
            .toList());
    end();
  }

  private void begin(String phase, String heading, String does, List<Integer> values) {
    html.append(
        "<li id=\"step-%d\" data-%s=\"%s\">\n<p class=\"phase\">%s</p>\n<h2>%s</h2>\n"
            .formatted(
                step,
                does,
                values.stream().map(Object::toString).collect(joining(" ")),
                phase,
                heading));
  }

  private void end() {
    html.append("</li>\n");
    step++;
  }

  // ---- the table -------------------------------------------------------------------------------

  /** Returns the rows of the table as they are at the end. */
  private String rows() {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < walk.values().size(); i++) {
      Value value = walk.values().get(i);
      int index = i;
      String gradient =
          walk.visits().stream()
              .filter(visit -> visit.value() == index)
              .map(Visit::gradient)
              .findFirst()
              .orElse("");
      rows.append(
          """
          <tr data-row="%d" data-uses="%d"><th scope="row"><a href="#step-%d">%s</a> <small>%s</small></th>\
          <td class="value">%s</td>\
          <td><a class="gradient" href="#step-%d">%s</a> <small class="state"></small></td></tr>
          """
              .formatted(
                  i,
                  uses[i],
                  computedIn[i],
                  code(value.equation()),
                  text(value.result().shape()),
                  text(value.result().numbers()),
                  visitedIn[i],
                  text(gradient)));
    }
    return rows.toString();
  }

  // ---- text ------------------------------------------------------------------------------------

  private String name(int index) {
    return walk.values().get(index).result().name();
  }

  private static List<Integer> indices(int count, IntPredicate which) {
    return IntStream.range(0, count).filter(which).boxed().toList();
  }

  private static String code(String text) {
    return "<code>" + text(text) + "</code>";
  }

  private static String text(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }

  private static String resource(String name) {
    try {
      return Resources.toString(
          Resources.getResource(SteppingPage.class, name), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("page: its own %s cannot be read".formatted(name), e);
    }
  }
}
