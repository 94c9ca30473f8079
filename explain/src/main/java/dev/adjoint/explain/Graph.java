package dev.adjoint.explain;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Node;
import dev.adjoint.io.AtomicFile;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The graph of a tensor as a picture: the operations it was computed by, with shapes and, where
 * elements are few, values; parameters, tracked inputs and constants; layers as boxes.
 *
 * <pre>{@code
 * Graph.of(loss).withGradients().write(Path.of("loss.svg"));
 * Graph.of(model, () -> model.forward(x)).depth(1).write(Path.of("model.html"));
 * }</pre>
 *
 * <p>A picture shows at most 60 boxes, or as many as {@link #boxes} allows. Where there are more,
 * what is computed again and again, such as the equal layers of a deep model, is drawn once; then
 * layers are folded, the innermost first; then the earliest operations.
 */
public final class Graph {

  /** The most boxes that a layout is asked for: a thousand take seconds. */
  private static final int MOST = 1000;

  private final Recording recording;
  private final Map<Node, Tensor> gradients;
  private final int depth;
  private final int most;

  private Graph(Recording recording, Map<Node, Tensor> gradients, int depth, int most) {
    this.recording = recording;
    this.gradients = gradients;
    this.depth = depth;
    this.most = most;
  }

  /**
   * Returns the graph of a tensor that has been computed, without layers.
   *
   * @throws IllegalArgumentException if the tensor is not tracked
   */
  public static Graph of(Tensor tensor) {
    requireTracked(tensor);
    return of(Recording.of(tensor));
  }

  /**
   * Computes a tensor and returns its graph, with the layers of a model.
   *
   * @param computation such as {@code () -> model.forward(x)}; run once
   * @throws IllegalArgumentException if the tensor is not tracked
   */
  public static Graph of(Layer model, Supplier<Tensor> computation) {
    Recording recording = Recording.of(model, computation);
    requireTracked(recording.root());
    return of(recording);
  }

  /** Returns the graph of all that a story tells, with the values and gradients it has copied. */
  static Graph of(GradientStory story) {
    Map<Node, Tensor> values = new HashMap<>();
    Map<Node, Tensor> gradients = new HashMap<>();
    for (GradientStory.Visit visit : story.visits()) {
      values.put(visit.step().node(), visit.value());
      gradients.put(visit.step().node(), visit.cotangent());
    }
    Recording told = story.recording().withValues(values);
    return new Graph(told, gradients, Integer.MAX_VALUE, MOST);
  }

  private static Graph of(Recording recording) {
    return new Graph(recording, Map.of(), Integer.MAX_VALUE, 60);
  }

  private static void requireTracked(Tensor tensor) {
    if (!tensor.isTracked()) {
      throw new IllegalArgumentException(
          "graph: a tensor of shape %s is not tracked, so it has no graph; expected one computed from a parameter or a tracked() tensor"
              .formatted(tensor.shape()));
    }
  }

  // ---- options ---------------------------------------------------------------------------------

  /**
   * Shows gradients, too: those of the tensor, or of the sum of its elements, with respect to all
   * that it was computed from.
   */
  public Graph withGradients() {
    Tensor root = recording.root();
    Tensor[] values = recording.steps().stream().map(Recording.Step::value).toArray(Tensor[]::new);
    List<Tensor> all =
        Backward.wrt(values).seed(Tensors.ones(root.shape(), root.dtype())).gradients(root);
    Map<Node, Tensor> found = new LinkedHashMap<>();
    for (int i = 0; i < values.length; i++) {
      found.put(recording.steps().get(i).node(), all.get(i));
    }
    return new Graph(recording, found, depth, most);
  }

  /**
   * Opens at most this many layers within one another, and folds what is deeper into a box each: 0
   * folds all layers.
   */
  public Graph depth(int levels) {
    if (levels < 0) {
      throw new IllegalArgumentException("depth: %d; expected 0 or more".formatted(levels));
    }
    return new Graph(recording, gradients, levels, most);
  }

  /** Shows at most this many boxes, 1 to 1,000; 60 by default. */
  public Graph boxes(int number) {
    if (number < 1 || number > MOST) {
      throw new IllegalArgumentException("boxes: %d; expected 1 to %,d".formatted(number, MOST));
    }
    return new Graph(recording, gradients, depth, number);
  }

  // ---- pictures --------------------------------------------------------------------------------

  /** Returns the picture as the text of an SVG element, which is a file of its own. */
  public String svg() {
    Box root = outline();
    return GraphSvg.of(picture(root, root), headline(), Map.of());
  }

  /** Returns the picture in the language of Graphviz, for {@code dot}. */
  public String dot() {
    Box root = outline();
    return Dot.of(picture(root, root));
  }

  /** Returns the picture as a flowchart of Mermaid. */
  public String mermaid() {
    Box root = outline();
    return Mermaid.of(picture(root, root));
  }

  /**
   * Returns the picture as a page of HTML, in which a folded layer is a link to a picture of its
   * own, further below.
   */
  public String html() {
    return page().html();
  }

  private Page page() {
    Box root = outline();
    Page page = new Page(headline());
    Map<Box, String> links = new LinkedHashMap<>();
    List<Box> folded = new ArrayList<>();
    String whole = drawing(root, root, links, folded);
    page.paragraph(
        "Each box is computed from those whose arrows end in it."
            + (folded.isEmpty() ? "" : " A folded layer leads to a picture of its own, below."));
    page.drawing(whole, "");
    for (int i = 0; i < folded.size(); i++) {
      Box layer = folded.get(i);
      page.heading(Caption.path(layer));
      page.drawing(drawing(root, layer, links, folded), "");
    }
    return page;
  }

  /** Draws what is in a box; adds to the links and the list the folded layers in it. */
  private String drawing(Box root, Box scope, Map<Box, String> links, List<Box> folded) {
    Picture picture = picture(root, scope);
    for (Box box : picture.closed()) {
      if (box.kind == Box.Kind.LAYER
          && links.putIfAbsent(box, "#part-" + (folded.size() + 1)) == null) {
        folded.add(box);
      }
    }
    return GraphSvg.of(picture, headline(), links);
  }

  /**
   * Writes a file of the kind that its name ends with: {@code .svg}, {@code .html}, {@code .dot} or
   * {@code .gv}, {@code .mmd} or {@code .mermaid}; directories are created.
   *
   * @throws IllegalArgumentException if it ends with something else
   */
  public void write(Path file) throws IOException {
    String name = Objects.toString(file.getFileName());
    String text =
        switch (name.substring(name.lastIndexOf('.') + 1)) {
          case "svg" -> svg() + "\n";
          case "html" -> html();
          case "dot", "gv" -> dot();
          case "mmd", "mermaid" -> mermaid();
          default ->
              throw new IllegalArgumentException(
                  "graph: a file '%s'; expected a name that ends with .svg, .html, .dot, .gv, .mmd or .mermaid"
                      .formatted(name));
        };
    AtomicFile.createDirectoryOf(file);
    AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns what the picture shows as text, a line for each box. */
  @Override
  public String toString() {
    Box root = outline();
    return headline() + Listing.of(picture(root, root));
  }

  // ---- folding ---------------------------------------------------------------------------------

  Box outline() {
    Box root = Outline.of(recording, gradients);
    if (Picture.count(root, Math.min(depth, Picture.height(root))) > most) {
      Repeats.group(root);
    }
    return root;
  }

  /** Shows what is in a box, in as many boxes as are allowed. */
  Picture picture(Box root, Box scope) {
    int levels = Math.min(depth, Picture.height(scope));
    while (levels > 0 && Picture.count(scope, levels) > most) {
      levels--;
    }
    if (Picture.count(scope, levels) > most) {
      foldEarliest(scope);
    }
    return Picture.of(root, scope, levels);
  }

  private void foldEarliest(Box scope) {
    List<Box> all = List.copyOf(scope.inside);
    int earlier = all.size();
    for (int seen = 1; earlier > 0; earlier--) { // with the box of all before
      Box last = all.get(earlier - 1);
      seen += last.kind == Box.Kind.REPEAT ? Picture.count(last, 0) : 1;
      if (seen > most) {
        break;
      }
    }
    Box fold = new Box(Box.Kind.EARLIER, "all before", -1, null, null);
    all.subList(0, earlier).forEach(fold::add);
    scope.inside.clear();
    scope.add(fold);
    all.subList(earlier, all.size()).forEach(scope::add);
  }

  private String headline() {
    long operations = recording.steps().stream().filter(s -> !s.node().isLeaf()).count();
    long parameters =
        recording.steps().stream()
            .filter(step -> step.node().isParameter())
            .mapToLong(step -> step.value().size())
            .sum();
    return "Graph of %s%s"
        .formatted(
            operations == 1
                ? "1 operation"
                : String.format(Locale.ROOT, "%,d operations", operations),
            parameters == 0
                ? ""
                : parameters == 1
                    ? " and 1 parameter"
                    : String.format(Locale.ROOT, " and %,d parameters", parameters));
  }
}
