package dev.adjoint.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.explain.Walk.Named;
import dev.adjoint.explain.Walk.Part;
import dev.adjoint.explain.Walk.Value;
import dev.adjoint.explain.Walk.Visit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SteppingPageTest {

  private static final Named W = new Named("w", "(2)", "[0.5, -1]");
  private static final Named B = new Named("b", "()", "0.1");
  private static final Named H = new Named("h", "()", "0.1974");
  private static final Named P = new Named("p", "()", "0.03897");

  /** h is used three times: twice by p, which is visited before it, and by the loss. */
  private static final Walk WALK =
      new Walk(
          List.of(
              new Value(W, null, List.of(), List.of()),
              new Value(B, null, List.of(), List.of()),
              new Value(H, "tanh(w + b)", List.of(W, B), List.of("layer 1", "Small.java:13")),
              new Value(P, "h * h", List.of(H, H), List.of()),
              new Value(new Named("loss", "()", "0.2363"), "p + h", List.of(P, H), List.of())),
          List.of(
              new Visit(
                  4,
                  "1",
                  List.of(new Part(3, "g", "1", null, "1"), new Part(2, "g", "1", null, "1"))),
              new Visit(
                  3,
                  "1",
                  List.of(
                      new Part(2, "g * h", "0.1974", "1", "1.197"),
                      new Part(2, "g * h", "0.1974", "1.197", "1.395"))),
              new Visit(
                  2,
                  "1.395",
                  List.of(
                      new Part(0, "g * (1 - h^2)", "[1.341, 1.341]", null, "[1.341, 1.341]"),
                      new Part(1, "sum(g * (1 - h^2))", "2.681", null, "2.681"))),
              new Visit(1, "2.681", List.of()),
              new Visit(0, "[1.341, 1.341]", List.of())));

  private static final String GRAPH =
      "<svg width=\"10\" height=\"10\"><g data-step=\"2\"><rect width=\"9\""
          + " height=\"9\"/></g></svg>";

  @TempDir private Path directory;

  @Test
  void thePageIsTheWholeStoryAsText() {
    assertThat(text(SteppingPage.html("Small", WALK, "")))
        .containsSubsequence(
            "Small",
            "What is given",
            "w (2)",
            "[0.5, -1]",
            "Forward, step 1 of 3",
            "h = tanh(w + b)",
            "b ()",
            "0.1974",
            "layer 1, Small.java:13",
            "Forward, step 3 of 3",
            "loss = p + h",
            "Start at loss",
            "The derivative of loss by itself is 1: here backward begins.",
            "Backward, visit 1 of 4",
            "Visit loss = p + h",
            "The gradient of loss is complete: g = 1. It goes on to:",
            "p gets g = 1.",
            "The first part: 1 from its only use, complete",
            "h gets g = 1.",
            "The first part: 1 from 1 of 3 uses",
            "Waiting, the last computed first:",
            "p complete, next",
            "h 1 of 3 uses",
            "Backward, visit 2 of 4",
            "Added up: 1 + 0.1974 = 1.197 from 2 of 3 uses",
            "Added up: 1.197 + 0.1974 = 1.395 from all 3 uses, complete",
            "h complete, next",
            "Visit h = tanh(w + b)",
            "The gradient of h is complete, the sum over its 3 uses: g = 1.395. It goes on to:",
            "b complete, next",
            "w complete",
            "Backward, visit 4 of 4",
            "What was given: gradients end here",
            "b ()",
            "2.681");
  }

  /** Returns the lines of text of the body of a page, as a reader without scripts sees them. */
  private static List<String> text(String html) {
    String body = html.substring(html.indexOf("<h1>"), html.indexOf("<script>"));
    return body.replaceAll("</(p|h1|h2|dt|dd|li|td|th)>|<br>", "\n")
        .replaceAll("<[^>]*>", "")
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .toList();
  }

  @Test
  void theLastRowsOfTheTableAreTheResult() {
    String html = SteppingPage.html("Small", WALK, "");
    assertThat(text(html.substring(html.indexOf("<tbody>") - 4).replace("<tbody>", "<h1>")))
        .startsWith(
            "w (2)", "[0.5, -1]", "[1.341, 1.341]", "b ()", "0.1", "2.681", "h = tanh(w + b) ()");
    assertThat(html)
        .contains(
            "<a href=\"#step-1\"><code>h = tanh(w + b)</code></a>", "href=\"#step-7\">1.395</a>")
        .contains("<li id=\"step-1\" data-computes=\"2\">", "<li id=\"step-7\" data-visits=\"2\">");
  }

  @Test
  void namesAreShownAsTheyAre() {
    String evil = "</script><script>\"'&\u2028";
    Named named = new Named(evil, evil, evil);
    Walk walk =
        new Walk(
            List.of(
                new Value(named, null, List.of(), List.of(evil)),
                new Value(named, evil, List.of(named), List.of(evil))),
            List.of(
                new Visit(1, evil, List.of(new Part(0, evil, evil, evil, evil))),
                new Visit(0, evil, List.of())));
    String html = SteppingPage.html(evil, walk, "");
    assertThat(html.split("script>", -1)).as("opened and closed once").hasSize(3);
    assertThat(html.split(Pattern.quote("&lt;/script&gt;&lt;script&gt;&quot;&#39;&amp;\u2028"), -1))
        .hasSizeGreaterThan(25);
    assertThat(html).doesNotContain(evil);
  }

  @Test
  void thePageIsOneSmallFile() {
    String html = SteppingPage.html("Small", WALK, GRAPH);
    assertThat(html)
        .contains(GRAPH)
        .doesNotContain("src=", "<link", "@import", "url(", "http")
        .doesNotContainPattern("href=\"[^#]");
    assertThat(html.length()).isLessThan(30_000);
  }

  @Test
  void moreValuesThanOneCanFollowAreRefused() {
    Value given = new Value(W, null, List.of(), List.of());
    Walk long_ = new Walk(Collections.nCopies(61, given), List.of());
    assertThatThrownBy(() -> SteppingPage.html("Long", long_, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "page: 61 values; expected at most 60, which a reader can step through: take a smaller"
                + " network, or fewer steps of a loop");
  }

  /** Presses keys and clicks as a reader would, and notes what is seen after each. */
  private static final String READER =
      """
      <script>
      const notes = [location.hash];
      const note = what => notes.push([what,
        [...document.querySelectorAll(".steps > li")].filter(step => !step.hidden)
          .map(step => step.querySelector(".phase").textContent + ", " + step.querySelector("h2").textContent).join(),
        [...document.querySelectorAll("[data-row]")].map(row =>
          row.dataset.state + row.cells[2].textContent.replace(/\\s+/g, " ").trimEnd()).join("; "),
        document.querySelector("[data-step]").dataset.state].join(" | "));
      const key = (key, more) => {
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
        note(key);
      };
      const click = selector => {
        document.querySelector(selector).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
        note(selector);
      };
      note("start");
      key("ArrowRight"); key("ArrowLeft"); key("ArrowLeft"); key("ArrowRight", { altKey: true });
      click("[value=next]"); click("[value=last]"); click("[value=back]");
      key("Home"); key("End"); click("rect"); key("ArrowLeft");
      const range = document.querySelector("input");
      range.value = 5;
      range.dispatchEvent(new Event("input"));
      note("range");
      document.querySelector("[data-row='3'] .gradient").click();
      addEventListener("hashchange", () => {
        note("link");
        notes.push([...document.querySelectorAll("button:disabled")].length, range.ariaValueText, location.hash);
        document.body.textContent = notes.join("\\n");
      });
      </script>
      """;

  @Test
  void aReaderStepsByKeyAndByClick() throws IOException, InterruptedException {
    Path page = directory.resolve("page.html");
    Files.writeString(
        page, SteppingPage.html("Small", WALK, GRAPH).replace("</body>", READER + "</body>"));
    String document = Browser.document(page, directory);
    assertThat(
            document.substring(document.indexOf("<body>") + 6, document.indexOf("</body>")).strip())
        .isEqualTo(
            """
            #step-0
            start | Before, What is given | now; now; unknown; unknown; unknown | unknown
            ArrowRight | Forward, step 1 of 3, h = tanh(w + b) | computed; computed; now; unknown; unknown | now
            ArrowLeft | Before, What is given | now; now; unknown; unknown; unknown | unknown
            ArrowLeft | Before, What is given | now; now; unknown; unknown; unknown | unknown
            ArrowRight | Before, What is given | now; now; unknown; unknown; unknown | unknown
            [value=next] | Forward, step 1 of 3, h = tanh(w + b) | computed; computed; now; unknown; unknown | now
            [value=last] | Backward, visit 4 of 4, What was given: gradients end here \
            | now[1.341, 1.341] ▶ visited now; now2.681 ▶ visited now; done1.395 ✓ done; done1 ✓ done; done1 ✓ done | done
            [value=back] | Backward, visit 3 of 4, Visit h = tanh(w + b) \
            | waiting[1.341, 1.341] ● waits, complete; waiting2.681 ● waits, complete; now1.395 ▶ visited now; done1 ✓ done; done1 ✓ done | now
            Home | Before, What is given | now; now; unknown; unknown; unknown | unknown
            End | Backward, visit 4 of 4, What was given: gradients end here \
            | now[1.341, 1.341] ▶ visited now; now2.681 ▶ visited now; done1.395 ✓ done; done1 ✓ done; done1 ✓ done | done
            rect | Backward, visit 3 of 4, Visit h = tanh(w + b) \
            | waiting[1.341, 1.341] ● waits, complete; waiting2.681 ● waits, complete; now1.395 ▶ visited now; done1 ✓ done; done1 ✓ done | now
            ArrowLeft | Backward, visit 2 of 4, Visit p = h * h \
            | none; none; waiting1.395 ● waits, complete; now1 ▶ visited now; done1 ✓ done | waiting
            range | Backward, visit 1 of 4, Visit loss = p + h \
            | none; none; waiting1 ◐ waits, 1 of 3 uses; waiting1 ● waits, complete; now1 ▶ visited now | waiting
            link | Backward, visit 2 of 4, Visit p = h * h \
            | none; none; waiting1.395 ● waits, complete; now1 ▶ visited now; done1 ✓ done | waiting
            0
            Backward, visit 2 of 4
            #step-6\
            """);
  }
}
