package dev.adjoint.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import org.junit.jupiter.api.Test;

class NotebookTest {

  @Test
  void aTensorIsATableTintedBySize() {
    assertThat(Notebook.html(Tensor.of(1, -0.5, Double.NaN, 0).tracked()))
        .contains(
            "<code>Tensor(4) float64 tracked</code>",
            "background:rgba(0,114,178,0.40)\">1</td>",
            "background:rgba(213,94,0,0.22)\">-0.5</td>",
            "right\">NaN</td>",
            "right\">0</td>");
    assertThat(Notebook.html(Tensor.scalar(2))).contains("rgba(0,114,178,0.40)\">2</td>");
    assertThat(Notebook.html(Tensors.zeros(0, 3))).contains("Tensor(0, 3)").doesNotContain("<td");
  }

  @Test
  void longAxesShowTheirEndsAndMatricesTheirIndices() {
    String html = Notebook.html(Tensors.arange(2 * 3 * 40).reshape(2, 3, 40));
    assertThat(html.split("<table", -1)).hasSize(3);
    assertThat(html.split("<tr>", -1)).hasSize(7);
    assertThat(html.split("<td", -1)).hasSize(1 + 6 * 11);
    assertThat(html).contains("<code>[1]</code>", ">124</td>", ">155</td>").doesNotContain(">125<");
  }

  @Test
  void pagesAreKeptInFrames() {
    Page page = new Page("\"Quoted\" & <tagged>");
    assertThat(Notebook.html(page))
        .startsWith("<iframe srcdoc=\"&lt;!DOCTYPE html&gt;")
        .contains(
            "&lt;h1&gt;&amp;quot;Quoted&amp;quot; &amp;amp; &amp;lt;tagged&amp;gt;&lt;/h1&gt;");
    Tensor x = Tensor.of(1, 2).tracked();
    assertThat(Notebook.html(Explain.backward(x.sum()))).startsWith("<iframe");
    assertThat(Notebook.html(Graph.of(x.sum()))).contains("<svg");
    double[] line = {1, 2};
    assertThat(Notebook.html(new LinePlot("A", "x", "y").line("a", line, line))).contains("<svg");
  }

  @Test
  void whatIsTooLongForAPageAndAllElseIsText() {
    Tensor sum = Generator.seeded(1).normal(2).tracked();
    for (int i = 0; i < 70; i++) {
      sum = sum.plus(1);
    }
    assertThat(Notebook.html(Explain.backward(sum.sum()))).startsWith("<pre>The gradient of L");
    assertThat(Notebook.html("<b>")).isEqualTo("<pre>&lt;b&gt;</pre>");
    assertThat(Notebook.html(null)).isEqualTo("<pre>null</pre>");
  }
}
