package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
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
    assertThat(html).contains("aria-label=\"a &lt; b\"");
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
  void namesInsideThePicturesOfAPageDiffer() {
    String html = new Page("t").plot(PLOT, "one").plot(PLOT, "two").html();
    List<String> ids =
        Pattern.compile(" id=\"([^\"]*)\"").matcher(html).results().map(m -> m.group(1)).toList();
    assertThat(ids).isNotEmpty().doesNotHaveDuplicates();
    assertThat(Pattern.compile("url\\(#([^)]*)\\)").matcher(html).results().map(m -> m.group(1)))
        .isNotEmpty()
        .allSatisfy(id -> assertThat(ids).contains(id));
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
  void theDarkPageRepaintsWhatPlotsHaveInCommon() {
    String svg = PLOT.svg();
    assertThat(Pattern.compile("svg \\[([^]]*)]").matcher(new Page("t").html()).results())
        .hasSize(4)
        .allSatisfy(match -> assertThat(svg).contains(match.group(1)));
  }

  @Test
  void writingCreatesDirectories() throws IOException {
    Path file = directory.resolve("a/b/page.html");
    Page page = new Page("t").paragraph("é 0.5 ± 0.1");
    page.write(file);
    assertThat(Files.readString(file)).isEqualTo(page.html());
  }
}
