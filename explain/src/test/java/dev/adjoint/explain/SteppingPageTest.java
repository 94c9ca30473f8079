package dev.adjoint.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SteppingPageTest {

  private final Tensor w = Tensor.of(0.5f, -1).tracked();
  private final Tensor b = Tensor.scalar(0.1f).tracked();
  private final Tensor x = Tensor.of(1f, 0.4f);

  /** h is used three times: twice by p, which is visited before it, and by the sum. */
  private GradientStory story() {
    Tensor a = w.times(x).plus(b);
    Tensor h = a.tanh();
    Tensor p = h.times(h);
    return Explain.backward(p.plus(h).sum())
        .named("w", w)
        .named("b", b)
        .named("x", x)
        .named("h", h)
        .named("p", p);
  }

  @TempDir private Path directory;

  @Test
  void thePageIsTheWholeStoryAsText() {
    assertThat(text(SteppingPage.of(story()).html()))
        .containsSubsequence(
            "The gradient of L, step by step",
            "What is given",
            "w (2)",
            "[0.5, -1]",
            "x (2)",
            "[1, 0.4]",
            "Forward, step 1 of 6",
            "t1 = w * x",
            "[0.5, -0.4]",
            "Forward, step 3 of 6",
            "h = tanh(t2)",
            "t2 (2)",
            "[0.6, -0.3]",
            "h (2)",
            "[0.537, -0.2913]",
            "Backward",
            "Start at L",
            "The derivative of L by itself is 1. From here it goes back.",
            "Waiting, the last computed first:",
            "L complete, next",
            "Backward, visit 2 of 7",
            "Visit t3 = p + h",
            "The gradient of t3 is complete: g = [1, 1]. It goes on to:",
            "p gets g = [1, 1].",
            "It had none: [1, 1] complete",
            "h gets g = [1, 1].",
            "It had none: [1, 1] 1 of 3 uses",
            "Waiting, the last computed first:",
            "p complete, next",
            "h 1 of 3 uses",
            "Backward, visit 3 of 7",
            "Visit p = h * h",
            "h gets g * h = [0.537, -0.2913].",
            "Added up: [1, 1] + [0.537, -0.2913] = [1.537, 0.7087] 2 of 3 uses",
            "h gets g * h = [0.537, -0.2913].",
            "Added up: [1.537, 0.7087] + [0.537, -0.2913] = [2.074, 0.4174] complete",
            "h complete, next",
            "Visit h = tanh(t2)",
            "The gradient of h is complete, the sum of 3 parts: g = [2.074, 0.4174]. It goes on"
                + " to:",
            "t2 gets g * (1 - h^2) = [1.476, 0.382].",
            "Visit t2 = t1 + b",
            "b gets g = [1.476, 0.382].",
            "Summed over axis 0 to shape (): 1.858.",
            "It had none: 1.858 complete",
            "t1 complete, next",
            "b complete",
            "Backward, visit 7 of 7",
            "What was given: gradients end here",
            "b",
            "1.858",
            "w (2)",
            "[1.476, 0.1528]");
  }

  /** Returns the lines of text of the body of a page, as a reader without scripts sees them. */
  private static List<String> text(String html) {
    String body = html.substring(html.indexOf("<h1>"), html.indexOf("<script>"));
    return body.replaceAll("(?s)<style>.*?</style>", "")
        .replaceAll("(?s)<svg.*?</svg>", "")
        .replaceAll("</(p|h1|h2|dt|dd|li|td|th)>|<br>", "\n")
        .replaceAll("<[^>]*>", "")
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .toList();
  }

  @Test
  void theTableIsTheResult() {
    String html = SteppingPage.of(story()).html();
    assertThat(text("<h1>" + html.substring(html.indexOf("<tbody>"))))
        .startsWith("w (2)", "[0.5, -1]", "[1.476, 0.1528]", "b", "0.1", "1.858")
        .containsSubsequence("h = tanh(t2) (2)", "[0.537, -0.2913]", "[2.074, 0.4174]")
        .endsWith("L = sum(t3, axes [0])", "0.619", "1");
  }

  @Test
  void namesAreShownAsTheyAre() {
    String evil = "</script><script>\"'&\u2028";
    Tensor loss = w.times(x).sum();
    String html =
        Explain.backward(loss).named(evil, w).named(evil, x).named(evil, loss).page().html();
    assertThat(html.split("script>", -1)).as("opened and closed once").hasSize(3);
    assertThat(html.split(Pattern.quote("&lt;/script&gt;&lt;script&gt;&quot;&#39;&amp;\u2028"), -1))
        .hasSizeGreaterThan(25);
    assertThat(html).doesNotContain(evil);
  }

  @Test
  void thePageIsOneSmallFile() throws IOException {
    Path file = directory.resolve("steps.html");
    SteppingPage.of(story()).write(file);
    assertThat(Files.readString(file).replace("http://www.w3.org/2000/svg", ""))
        .contains("<svg")
        .doesNotContain("src=", "<link", "@import", "url(", "http")
        .doesNotContainPattern("href=\"[^#]");
    assertThat(Files.size(file)).isLessThan(40_000);
  }

  @Test
  void moreValuesThanOneCanFollowAreRefused() {
    Tensor sum = b;
    for (int i = 0; i < 60; i++) {
      sum = sum.plus(1);
    }
    GradientStory story = Explain.backward(sum);
    assertThatThrownBy(story::page)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "page: 61 values; expected at most 60, which one can step through: take a smaller"
                + " model, or fewer steps of a loop");
  }

  /** Presses keys and clicks as a reader would, and notes what is seen after each. */
  private static final String READER =
      """
      <script>
      const notes = [location.hash];
      const vertex = document.querySelector("[data-step='4']");
      const note = what => notes.push([what,
        [...document.querySelectorAll(".steps > li")].filter(step => !step.hidden)
          .map(step => step.querySelector(".phase").textContent + ", " + step.querySelector("h2").textContent).join(),
        [...document.querySelectorAll("[data-row='0'], [data-row='4'], [data-row='5']")].map(row =>
          row.dataset.state + row.cells[2].textContent.replace(/\\s+/g, " ").trimEnd()).join("; "),
        vertex.dataset.state, vertex.querySelector(".value").textContent,
        [...document.querySelectorAll(".picture [data-from]")].filter(edge => edge.dataset.state !== "none").map(edge =>
          edge.dataset.from + (edge.dataset.state === "back" ? "←" : "→") + edge.dataset.to).join(" ")].join(" | ").trimEnd());
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
      key("Home"); key("End"); click("[data-step='4'] .box"); key("ArrowLeft");
      const range = document.querySelector("input");
      range.value = 9;
      range.dispatchEvent(new Event("input"));
      note("range");
      document.querySelector("[data-row='5'] .gradient").click();
      addEventListener("hashchange", () => {
        note("link");
        notes.push([...document.querySelectorAll("button[aria-disabled=true]")].length, range.ariaValueText, location.hash);
        document.body.textContent = notes.join("\\n");
      });
      </script>
      """;

  @Test
  void aReaderStepsByKeyAndByClick() throws IOException, InterruptedException {
    Path page = directory.resolve("page.html");
    Files.writeString(page, SteppingPage.of(story()).html().replace("</body>", READER + "</body>"));
    String document = Browser.document(page, directory);
    assertThat(
            document.substring(document.indexOf("<body>") + 6, document.indexOf("</body>")).strip())
        .isEqualTo(
            """
            #step-0
            start | Before, What is given | now; unknown; unknown | unknown |  |
            ArrowRight | Forward, step 1 of 6, t1 = w * x | computed; unknown; unknown | unknown |  | 0→2 -1→2
            ArrowLeft | Before, What is given | now; unknown; unknown | unknown |  |
            ArrowLeft | Before, What is given | now; unknown; unknown | unknown |  |
            ArrowRight | Before, What is given | now; unknown; unknown | unknown |  |
            [value=next] | Forward, step 1 of 6, t1 = w * x | computed; unknown; unknown | unknown |  | 0→2 -1→2
            [value=last] | Backward, visit 7 of 7, What was given: gradients end here \
            | now[1.476, 0.1528] ▶ visited now; done[2.074, 0.4174] ✓ done; done[1, 1] ✓ done \
            | done | grad [2.074, 0.4174] |
            [value=back] | Backward, visit 6 of 7, Visit t1 = w * x \
            | waiting[1.476, 0.1528] ● waits, complete; done[2.074, 0.4174] ✓ done; done[1, 1] ✓ done \
            | done | grad [2.074, 0.4174] | 0←2
            Home | Before, What is given | now; unknown; unknown | unknown |  |
            End | Backward, visit 7 of 7, What was given: gradients end here \
            | now[1.476, 0.1528] ▶ visited now; done[2.074, 0.4174] ✓ done; done[1, 1] ✓ done \
            | done | grad [2.074, 0.4174] |
            [data-step='4'] .box | Backward, visit 4 of 7, Visit h = tanh(t2) \
            | none; now[2.074, 0.4174] ▶ visited now; done[1, 1] ✓ done | now | grad [2.074, 0.4174] | 3←4
            ArrowLeft | Backward, visit 3 of 7, Visit p = h * h \
            | none; waiting[2.074, 0.4174] ● waits, complete; now[1, 1] ▶ visited now | waiting | grad [2.074, 0.4174] | 4←5
            range | Backward, visit 2 of 7, Visit t3 = p + h \
            | none; waiting[1, 1] ◐ waits, 1 of 3 uses; waiting[1, 1] ● waits, complete | waiting | [1, 1] + … | 5←6 4←6
            link | Backward, visit 3 of 7, Visit p = h * h \
            | none; waiting[2.074, 0.4174] ● waits, complete; now[1, 1] ▶ visited now | waiting | grad [2.074, 0.4174] | 4←5
            0
            Backward, visit 3 of 7
            #step-10\
            """);
  }

  @Test
  void theStoryIsTheSameInEveryLocale() {
    String expected = SteppingPage.of(story()).html() + story();
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.of("fa")); // whose digits the page's own program does not count with
    try {
      assertThat(SteppingPage.of(story()).html() + story()).isEqualTo(expected);
    } finally {
      Locale.setDefault(before);
    }
  }
}
