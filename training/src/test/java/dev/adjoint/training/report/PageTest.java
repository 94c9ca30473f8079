package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.inspect.InvarianceTable;
import dev.adjoint.nn.inspect.Invariances;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {

  private static final LinePlot PLOT =
      new LinePlot("a < b", "x", "y").line("s", new double[] {1, 2}, new double[] {3, 4});

  @TempDir private Path directory;

  @Test
  void textIsShownAsItIs() {
    String evil = "<script>&\"'";
    String html =
        new Page(evil)
            .heading(evil)
            .heading("Two")
            .paragraph(evil)
            .preformatted(evil)
            .table(List.of(evil), List.of(List.of(evil)))
            .plot(PLOT, evil)
            .html();
    assertThat(html).doesNotContain("<script>");
    assertThat(html.split(Pattern.quote("&lt;script&gt;&amp;&quot;&#39;"), -1)).hasSize(10);
    assertThat(html).contains("aria-label=\"a &lt; b. ");
  }

  @Test
  void aPageNeedsNoOtherFile() {
    String html = new Page("t").plot(PLOT, "c").html();
    assertThat(html)
        .startsWith("<!DOCTYPE html>")
        .contains("<svg", "<meta name=\"viewport\"")
        .doesNotContain("src=", "<link", "@import", "url(http")
        .doesNotContainPattern("href=\"[^#]");
  }

  @Test
  void nothingInsideIsReferredToTwice() {
    String html = new Page("t").heading("One").plot(PLOT, "one").plot(PLOT, "two").html();
    List<String> ids =
        Pattern.compile(" id=\"([^\"]*)\"").matcher(html).results().map(m -> m.group(1)).toList();
    assertThat(ids).containsExactly("part-1");
    assertThat(html).doesNotContain("url(");
  }

  @Test
  void plotsThatFollowOneAnotherShareRows() {
    String html =
        new Page("t").plot(PLOT, "").plot(PLOT, "").paragraph("text").plot(PLOT, "").html();
    assertThat(html.split("<div class=\"plots\">", -1)).hasSize(3);
    assertThat(html.split("<figure>", -1)).hasSize(4);
    assertThat(html.split("<div", -1)).hasSameSizeAs(html.split("</div>", -1));
  }

  @Test
  void answersComeFirstAndTheContentsAfterTheIntroduction() {
    Map<String, String> answers = new LinkedHashMap<>();
    answers.put("best accuracy", "0.98");
    answers.put("duration", "3 s");
    String html =
        new Page("t")
            .answers(answers)
            .facts(Map.of("seed", "7"))
            .paragraph("An introduction.")
            .heading("One")
            .heading("Two")
            .html();
    assertThat(html)
        .containsSubsequence(
            "<h1>", "best accuracy", "0.98", "3 s", "seed", "7", "An introduction.", "<nav", "<h2");
  }

  @Test
  void verdictsAreSeenBesideTheHeadingsToo() {
    String html =
        new Page("t")
            .heading("One")
            .claim(Verdict.HOLDS, "It is fast.", "3 s")
            .heading("Two")
            .claim(Verdict.DOES_NOT_HOLD, "It is small.", "3 MB")
            .claim(Verdict.HOLDS_IN_PART, "It is blue.", "at night")
            .html();
    assertThat(html.substring(html.indexOf("<nav"), html.indexOf("</nav>")))
        .containsSubsequence(
            "One",
            "✓ holds",
            "It is fast.",
            "Two",
            "✗ does not hold",
            "It is small.",
            "◐ holds in part",
            "It is blue.")
        .doesNotContain("3 MB");
    assertThat(html.substring(html.indexOf("</nav>")))
        .containsSubsequence("✗ does not hold", "It is small.", "3 MB");
  }

  @Test
  void invariancesAreVerdictsInTheirColors() {
    Generator generator = Generator.seeded(1);
    Sequential layer =
        new Sequential(new Linear(10, 12, generator).withoutBias(), new LayerNorm(12));
    layer.to(DType.FLOAT64);
    String html =
        new Page("t").invariances(InvarianceTable.of(Invariances.of(layer).measure())).html();
    assertThat(html)
        .containsSubsequence(
            "<th>W d</th>",
            "<td class=\"verdict partly\">◐ eps</td>",
            "<td class=\"verdict no\">✗ no</td>",
            "<dt>W d, x d</dt>",
            "<th>&lt;W, dW&gt; = 0</th>",
            "<td class=\"verdict partly\">◐ eps</td>",
            "<dt>&lt;W, dW&gt; = 0</dt>");
  }

  @Test
  void aFoldedPartIsWhole() {
    String html =
        new Page("t").folded("More", page -> page.plot(PLOT, "")).paragraph("after").html();
    assertThat(html)
        .containsSubsequence(
            "<details>", "<summary>More</summary>", "<svg", "</div>", "</details>", "<p>after</p>");
  }

  @Test
  void aPictureIsPartOfThePage() throws IOException {
    String html = new Page("t").picture(new double[][] {{0, 1}, {0.5, 2}}, "four").html();
    String data = html.replaceFirst("(?s).*base64,([^\"]*).*", "$1");
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(data)));
    assertThat(image.getRaster().getSamples(0, 0, 2, 2, 0, (int[]) null))
        .containsExactly(0, 255, 128, 255);
    for (double[][] none : new double[][][] {{}, {{}}, {{1}, {1, 2}}}) {
      assertThatThrownBy(() -> new Page("t").picture(none, ""))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("picture: ");
    }
  }

  @Test
  void severalHeadingsAreListedAtTheTop() {
    assertThat(new Page("t").heading("One").html()).doesNotContain("<nav>");
    assertThat(new Page("t").heading("One").heading("Two").html())
        .contains("<a href=\"#part-2\">Two</a>", "<h2 id=\"part-2\">Two</h2>");
  }

  @Test
  void columnsOfNumbersAreAlignedToTheRight() {
    String html =
        new Page("t")
            .table(
                List.of("norm", "rate"),
                List.of(List.of("none", "-1.5e-3"), List.of("4 groups", "")))
            .html();
    assertThat(cells(html)).containsExactly("norm", "none", "4 groups");
    assertThatThrownBy(() -> new Page("t").table(List.of("a", "b"), List.of(List.of("1"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("table: a row of 1 cells, [1]; expected one for each of [a, b]");
  }

  /** Returns the cells that are not aligned. */
  private static List<String> cells(String html) {
    return Pattern.compile("<t[hd]>([^<]*)<")
        .matcher(html)
        .results()
        .map((MatchResult m) -> m.group(1))
        .toList();
  }

  @Test
  void everyClassHasAStyle() {
    BarPlot bars = new BarPlot("t", "y", List.of("a")).bars("s", 1).bars("s2", 2);
    String html =
        new Page("t")
            .answers(Map.of("a", "b"))
            .items(List.of("a"))
            .plot(PLOT, "")
            .plot(bars, "")
            .picture(new double[1][1], "")
            .claim(Verdict.HOLDS, "c", "d")
            .html();
    int end = html.indexOf("</style>");
    assertThat(Pattern.compile("class=\"([^\"]*)\"").matcher(html.substring(end)).results())
        .isNotEmpty()
        .flatExtracting(match -> List.of(match.group(1).split(" ")))
        .allSatisfy(name -> assertThat(html.substring(0, end)).contains("." + name));
  }

  @Test
  void writingCreatesDirectories() throws IOException {
    Path file = directory.resolve("a/b/page.html");
    Page page = new Page("t").paragraph("é 0.5 ± 0.1");
    page.write(file);
    assertThat(Files.readString(file)).isEqualTo(page.html());
  }
}
