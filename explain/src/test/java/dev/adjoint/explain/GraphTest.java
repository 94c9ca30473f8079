package dev.adjoint.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class GraphTest {

  private static final String EVIL = "a\"b<script>'&amp;]]>\n\u0000\\N{x}|`#35;%%";

  private final Generator generator = Generator.seeded(1);

  @TempDir private Path directory;

  private final Parameter w = new Parameter("w", Tensor.of(0.5f, -1f));
  private final Parameter b = new Parameter("b", Tensor.scalar(0.25f));
  private final Tensor neuron = Tensor.of(1f, 2f).times(w.value()).sum().plus(b.value()).tanh();

  private Sequential mlp() {
    return new Sequential(
        new Linear(2, 16, generator), new LayerNorm(16), new Linear(16, 3, generator));
  }

  private static Graph of(Sequential model, int in) {
    return Graph.of(model, () -> model.forward(Tensors.ones(4, in)).sum());
  }

  /** Linear layers and functions; all linear layers but the first and the last are equal. */
  private Sequential deep(int layers) {
    List<Transform> steps =
        new ArrayList<>(List.<Transform>of(new Linear(2, 8, generator), Tensor::relu));
    for (int i = 2; i < layers; i++) {
      steps.add(new Linear(8, 8, generator));
      steps.add(Tensor::relu);
    }
    steps.add(new Linear(8, 3, generator));
    return new Sequential(steps);
  }

  // ---- content ---------------------------------------------------------------------------------

  @Test
  void aGraphReadsWellAsText() {
    assertThat(Graph.of(neuron).withGradients())
        .hasToString(
            """
            Graph of 4 operations and 3 parameters
              c1                 constant, [1, 2]
              w                  parameter, [0.5, -1]   grad [0.2804, 0.5608]
              t1 = times(c1, w)  = [0.5, -2]   grad [0.2804, 0.2804]
              t2 = sum(t1)       = -1.5   grad 0.2804
              b                  parameter, 0.25   grad 0.2804
              t3 = plus(t2, b)   = -1.25   grad 0.2804
              L = tanh(t3)       = -0.8483   grad 1\
            """);
    assertThat(of(mlp(), 2).depth(0))
        .hasToString(
            """
            Graph of 6 operations and 131 parameters
              0: Linear(2, 16)  (4, 16), 2 operations, 48 parameters
              1: LayerNorm(16)  (4, 16), 1 operation, 32 parameters
              2: Linear(16, 3)  (4, 3), 2 operations, 51 parameters
              L = sum(t5)       = -2.228\
            """);
  }

  @Test
  void dotIsReadByGraphviz() { // which has drawn this very text
    assertThat(Graph.of(neuron).dot())
        .isEqualTo(
            """
            digraph {
              node [fontname="sans-serif", fontsize=11, shape=box, style=rounded]
              graph [fontname="sans-serif", fontsize=11, style=rounded, labeljust=l]
              n1 [label="c1\\n[1, 2]", style=dashed]
              n2 [label="w\\n[0.5, -1]", shape=hexagon, style=solid, color="#0072b2"]
              n3 [label="times\\nt1 = [0.5, -2]"]
              n4 [label="sum\\nt2 = -1.5"]
              n5 [label="b\\n0.25", shape=hexagon, style=solid, color="#0072b2"]
              n6 [label="plus\\nt3 = -1.25"]
              n7 [label="tanh\\nL = -0.8483"]
              n1 -> n3
              n2 -> n3
              n3 -> n4
              n4 -> n6
              n5 -> n6
              n6 -> n7
            }
            """);
  }

  @Test
  void layersAreBoxesInMermaid() {
    Sequential model = new Sequential(new Linear(2, 3, generator), (Transform) Tensor::tanh);
    assertThat(Graph.of(model, () -> model.forward(Tensors.ones(4, 2).tracked())).mermaid())
        .isEqualTo(
            """
            flowchart TD
              subgraph g1["0: Linear(2, 3)"]
                n2{{"weight<br>(3, 2)"}}:::parameter
                n3("permute<br>t1 (2, 3)")
                n4(["x1<br>(4, 2)"]):::input
                n5{{"bias<br>(3)"}}:::parameter
                n6("matmul<br>t2 (4, 3)")
              end
              n7("tanh<br>output (4, 3)")
              n2 --> n3
              n4 --> n6
              n3 --> n6
              n5 --> n6
              n6 --> n7
              classDef parameter stroke:#0072b2,stroke-width:2px
              classDef input stroke:#008a64,stroke-width:2px
              classDef constant stroke-dasharray:4 3
            """
                .replaceFirst(
                    "n5.*\n", "n5{{\"bias<br>%s\"}}:::parameter\n".formatted(bias(model))));
  }

  private static String bias(Sequential model) {
    return Numbers.text(model.namedParameters().get("0.bias").value(), 99)
        .replace("[", "#91;")
        .replace("]", "#93;")
        .replace("-", "#45;");
  }

  @Test
  void theShapeOfABoxTellsWhatItIs() {
    Tensor x = Tensor.of(3f, 4f).tracked();
    String svg = Graph.of(x.times(w.value()).times(Tensor.of(5f, 6f)).sum()).svg();
    assertThat(svg)
        .containsPattern("<g class=\"blue\" data-step=\"\\d\"><title>w&#xA;[^<]*</title><polygon")
        .containsPattern("<g class=\"green\" data-step=\"\\d\"><title>x1&#xA;[^<]*</title><rect")
        .contains("<g class=\"gray\"><title>c1&#xA;[5, 6]</title><rect class=\"given dashed\"")
        .contains(">parameter<", ">tracked input<", ">constant<", ">operation<");
  }

  @Test
  void everyStepOfARecordingIsFoundByItsIndex() {
    assertThat(matches(Graph.of(neuron).svg(), "data-step=\"(\\d+)\""))
        .containsExactlyInAnyOrder("0", "1", "2", "3", "4", "5");
  }

  @Test
  void valuesThatAreGoneAreShownAsShapes() {
    Graph graph = Graph.of(neuron);
    w.assign(Tensor.of(7f, 7f));
    assertThat(graph.toString()).contains("w                  parameter, (2)");
  }

  @Test
  void whatIsNotTrackedHasNoGraph() {
    assertThatThrownBy(() -> Graph.of(Tensors.ones(2, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a tensor of shape (2, 3) is not tracked");
  }

  // ---- layout ----------------------------------------------------------------------------------

  @Test
  void boxesLieInTheirLayersAndApart() {
    for (Graph graph : List.of(of(mlp(), 2).withGradients(), encoder(), of(deep(20), 2))) {
      Box root = graph.outline();
      Picture picture = graph.picture(root, root);
      Layout layout = new Layout(picture);
      assertApart(picture.top(), layout);
      for (Box box : picture.open()) {
        if (box != root) {
          assertApart(Picture.shown(box), layout);
          Picture.shown(box)
              .forEach(inner -> assertInside(layout.places.get(inner), layout.places.get(box)));
        }
      }
    }
  }

  private static void assertInside(Layout.Place inner, Layout.Place outer) {
    assertThat(inner.x()).isGreaterThan(outer.x());
    assertThat(inner.y()).isGreaterThan(outer.y() + 18); // below the title
    assertThat(inner.x() + inner.width()).isLessThan(outer.x() + outer.width());
    assertThat(inner.y() + inner.height()).isLessThan(outer.y() + outer.height());
  }

  private static void assertApart(List<Box> boxes, Layout layout) {
    for (Box one : boxes) {
      for (Box other : boxes) {
        Layout.Place a = layout.places.get(one);
        Layout.Place b = layout.places.get(other);
        boolean apart =
            a.x() + a.width() < b.x()
                || b.x() + b.width() < a.x()
                || a.y() + a.height() < b.y()
                || b.y() + b.height() < a.y();
        assertThat(one == other || apart).as("%s and %s", one.title, other.title).isTrue();
      }
    }
  }

  @Test
  void inputsOfAnOperationComeFromLeftToRight() {
    Tensor x = Tensor.of(1f).tracked();
    Tensor y = Tensor.of(2f).tracked();
    Graph graph = Graph.of(y.tanh().minus(x.exp()));
    Box root = graph.outline();
    Layout layout = new Layout(graph.picture(root, root));
    Box minus = root.last();
    assertThat(layout.places.get(minus.sources.get(0)).x())
        .isLessThan(layout.places.get(minus.sources.get(1)).x());
  }

  @Test
  void theSameGraphIsTheSamePicture() {
    assertThat(encoder().svg()).isEqualTo(encoder().svg());
  }

  private Graph encoder() {
    TransformerEncoderLayer layer = new TransformerEncoderLayer(8, 2, 16, Generator.seeded(2));
    return Graph.of(layer, () -> layer.forward(Tensors.ones(2, 3, 8).tracked()));
  }

  // ---- folding ---------------------------------------------------------------------------------

  @Test
  void equalLayersAreDrawnOnce() {
    assertThat(of(deep(100), 2).toString())
        .containsSubsequence("0: Linear(2, 8)", "98 times: 2 … 196", "198: Linear(8, 3)")
        .contains("    2: Linear(8, 8)", "      weight ")
        .hasLineCount(21);
  }

  @Test
  void whatFitsIsDrawnAsItIs() {
    assertThat(of(deep(5), 2).toString()).doesNotContain("times:").contains("6: Linear(8, 8)");
  }

  @Test
  void layersThatDifferOrStandSideBySideAreNoRepetition() {
    List<Linear> layers =
        IntStream.range(0, 30).mapToObj(i -> new Linear(4, 4, generator)).toList();
    Sequential model = new Sequential(layers);
    Graph beside =
        Graph.of(
            model,
            () -> {
              Tensor x = Tensors.ones(2, 4).tracked();
              List<Tensor> all = layers.stream().map(layer -> layer.forward(x)).toList();
              return all.stream().reduce(Tensor::plus).get();
            });
    assertThat(beside.depth(0).boxes(50).toString()).doesNotContain(" times");
    Sequential growing =
        new Sequential(
            IntStream.range(1, 20).mapToObj(i -> new Linear(i, i + 1, generator)).toList());
    assertThat(of(growing, 1).toString()).doesNotContain("times").contains("18: Linear(19, 20)");
  }

  @Test
  void aLoopOverTheSameWeightsIsDrawnOnce() {
    Tensor h = Tensors.ones(2);
    for (int i = 0; i < 50; i++) {
      h = h.times(w.value()).tanh();
    }
    assertThat(Graph.of(h.sum()).toString()).contains("50 times\n", "tanh(");
  }

  @Test
  void tenThousandOperationsAreFoldedIntoOneBox() {
    Tensor h = Tensor.of(1f).tracked();
    for (int i = 0; i < 10_000; i++) {
      h = i % 7 * i % 5 < 2 ? h.tanh() : h.sin(); // never the same for long
    }
    Graph graph = Graph.of(h).boxes(20);
    Box root = graph.outline();
    assertThat(graph.picture(root, root).closed()).hasSizeBetween(15, 20);
    assertThat(graph.toString()).contains("\n  all before  ", "operations\n", "\n  L = ");
    assertThat(graph.svg()).contains(">earlier operations<");
  }

  @Test
  void aSecondCallOfALayerIsAnotherBox() {
    Linear layer = new Linear(2, 2, generator);
    Sequential model = new Sequential(layer);
    Graph graph =
        Graph.of(model, () -> layer.forward(layer.forward(Tensors.ones(1, 2)).tanh()).sum());
    assertThat(graph.depth(0).toString())
        .containsSubsequence("0: Linear(2, 2)", "tanh(", "0#2: Linear(2, 2)")
        .containsPattern("\n  0.weight +parameter"); // shared, so outside of both
  }

  @Test
  void aFoldedLayerLeadsToItsOwnPicture() {
    String html = of(mlp(), 2).depth(0).html();
    List<String> links = matches(html, "<a href=\"#(part-\\d)\"><g");
    assertThat(links).contains("part-1", "part-2", "part-3");
    assertThat(matches(html, "<h2 id=\"(part-\\d)\">")).containsAll(links);
    assertThat(html).contains("<h2 id=\"part-2\">1: LayerNorm(16)</h2>").contains(">standardize<");
  }

  @Test
  void optionsSayWhatTheyExpect() {
    Graph graph = Graph.of(neuron);
    assertThatThrownBy(() -> graph.depth(-1)).hasMessage("depth: -1; expected 0 or more");
    assertThatThrownBy(() -> graph.boxes(0)).hasMessage("boxes: 0; expected 1 to 1,000");
  }

  // ---- names and files -------------------------------------------------------------------------

  @Test
  void namesAreShownAsTheyAre() throws Exception {
    Parameter evil = new Parameter(EVIL, Tensor.of(1f));
    Parameter endless = new Parameter("x".repeat(500), Tensor.of(1f));
    Graph graph = Graph.of(evil.value().plus(endless.value()));
    String svg = graph.svg();
    Element root =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)))
            .getDocumentElement();
    assertThat(root.getTextContent()).contains("a\"b<script>'&amp;]]>\\n\\u0000\\N{x}|`#35;%%");
    assertThat(matches(svg, "<text[^>]*>(x+…)<")).hasSize(1);
    assertThat(graph.html()).doesNotContain("<script>");
    assertThat(graph.dot())
        .contains("label=\"a\\\"b<script>'&amp;]]>\\\\n\\\\u0000\\\\N{x}|`#35;…\\n[1]\"")
        .contains("x…\\n[1]\"");
    assertThat(graph.mermaid())
        .contains(
            "{{\"a#34;b#60;script#62;#39;#38;amp#59;#93;#93;#62;#92;n#92;u0000#92;N#123;x#125;")
        .contains("x…<br>#91;1#93;\"");
  }

  @Test
  void aFileIsOfTheKindThatItsNameSays() throws IOException {
    Graph graph = Graph.of(neuron);
    for (String name : List.of("a.svg", "a.html", "a.dot", "a.gv", "a.mmd", "a.mermaid")) {
      graph.write(directory.resolve("new").resolve(name));
    }
    assertThat(directory.resolve("new/a.svg")).hasContent(graph.svg() + "\n");
    assertThat(Files.readString(directory.resolve("new/a.html"))).startsWith("<!DOCTYPE html>");
    assertThat(directory.resolve("new/a.gv")).hasContent(graph.dot());
    assertThat(directory.resolve("new/a.mermaid")).hasContent(graph.mermaid());
    assertThatThrownBy(() -> graph.write(directory.resolve("a.png")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a.png'; expected a name that ends with .svg, .html");
  }

  private static List<String> matches(String text, String pattern) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult m) -> m.group(1))
        .toList();
  }
}
