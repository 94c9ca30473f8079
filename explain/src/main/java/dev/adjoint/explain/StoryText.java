package dev.adjoint.explain;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a story as one would on a blackboard: on the left what is computed, on the right numbers.
 */
final class StoryText {

  private static final int WIDTH = 100;
  private static final int LEFT = 44;
  private static final int INDENT = 11;

  /** A line, or two where the left part is too long; the right part is written for a width. */
  private record Row(String left, @Nullable IntFunction<String> right) {}

  private final Recording recording;
  private final List<GradientStory.Visit> visits;
  private final int limit;
  private final String loss;
  private final List<Row> rows = new ArrayList<>();
  private String place = "";

  StoryText(GradientStory story, int limit) {
    this.recording = story.recording();
    this.visits = story.visits();
    this.limit = limit;
    String root = recording.steps().getLast().label();
    this.loss = isShort(root) ? root : "L";
  }

  @Override
  public String toString() {
    List<GradientStory.Visit> steps = visits.stream().filter(v -> !isLeaf(v)).toList();
    List<GradientStory.Visit> leaves = visits.reversed().stream().filter(this::isLeaf).toList();
    String root = recording.steps().getLast().label();
    line("The gradient of %s, step by step as backward() computes it.".formatted(root));
    line(
        "In each step g is d%s/d(result): how %s changes with what the step has computed."
            .formatted(loss, root.equals(loss) ? root : "it"));
    if (steps.stream().anyMatch(step -> step.formula().value().contains("@"))) {
      line("@ is the matrix product and ' transposes; * goes element by element.");
    }
    if (steps.size() > limit) {
      summarize(steps);
    }
    line("");
    line("Forward");
    List<Map.Entry<String, Tensor>> constants =
        recording.constants().entrySet().stream()
            .filter(
                constant -> constant.getValue().rank() > 0 || !constant.getKey().matches("-?\\d.*"))
            .toList();
    some(
        constants,
        _ -> "",
        constant -> row("  " + constant.getKey() + "  constant", constant.getValue(), ""));
    some(
        leaves,
        StoryText::between,
        leaf -> row("  %s  %s".formatted(leaf.step().label(), kind(leaf)), leaf.value(), ""));
    some(steps.reversed(), StoryText::between, this::forward);
    place = "";
    line("");
    line("Backward: the youngest result first, so each after all that was computed from it");
    some(steps, StoryText::between, step -> backward(steps.indexOf(step) + 1, step));
    line("");
    line("Gradients");
    some(
        leaves,
        StoryText::between,
        leaf -> row("  " + d(leaf.step().label()), leaf.cotangent(), "= "));
    if (visits.stream().flatMap(v -> v.parts().stream()).anyMatch(part -> part.number() > 1)) {
      line("");
      line("What is used several times gets a part from each use; they are added up within one");
      line("backward(). Nothing is kept between two calls of it: each starts from nothing.");
    }
    return text();
  }

  private void forward(GradientStory.Visit visit) {
    place(visit);
    row("  " + equation(visit), visit.value(), "");
  }

  private void backward(int number, GradientStory.Visit visit) {
    place(visit);
    row("%3s  %s".formatted(number, equation(visit)), visit.cotangent(), "g = ");
    if (visit.inside() > 0) {
      line("       (the %s steps inside are not told)".formatted(visit.inside()));
    }
    for (GradientStory.Part part : visit.parts()) {
      String cotangent = visit.formula().cotangent(part.input());
      row("       %s = %s".formatted(d(part.label()), cotangent), part.pulled(), "= ");
      Shape from = part.pulled().shape();
      Shape to = part.value().shape();
      if (!from.equals(to)) {
        row(
            "         summed over %s to shape %s".formatted(axes(from, to), to),
            part.value(),
            "= ");
      }
      Tensor before = before(part);
      if (before != null) {
        rows.add(new Row("         added to what is there", width -> sum(before, part, width)));
      }
    }
  }

  /** Returns the sum to which a part was added; null for the first. */
  private @Nullable Tensor before(GradientStory.Part part) {
    return visits.stream()
        .flatMap(visit -> visit.parts().stream())
        .filter(p -> p.label().equals(part.label()) && p.number() == part.number() - 1)
        .map(GradientStory.Part::sum)
        .findFirst()
        .orElse(null);
  }

  private static String sum(Tensor before, GradientStory.Part part, int width) {
    String all =
        "= %s + %s = %s"
            .formatted(
                Numbers.text(before, width),
                Numbers.text(part.value(), width),
                Numbers.text(part.sum(), width));
    return all.length() <= width && part.sum().size() <= Numbers.FEW
        ? all
        : "= " + Numbers.text(part.sum(), width - 2).replace("\n", "\n  ");
  }

  /** Says which axes a broadcast had added or made longer. */
  static String axes(Shape from, Shape to) {
    int added = from.rank() - to.rank();
    List<Integer> axes =
        IntStream.range(0, from.rank())
            .filter(axis -> axis < added || from.size(axis) != to.size(axis - added))
            .boxed()
            .toList();
    return (axes.size() == 1 ? "axis " : "axes ")
        + axes.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }

  private static String kind(GradientStory.Visit leaf) {
    return leaf.step().node().toString().equals("tracked tensor") ? "tracked" : "parameter";
  }

  private String equation(GradientStory.Visit visit) {
    return visit.step().label() + " = " + visit.formula().value();
  }

  private String d(String label) {
    return "d" + loss + "/d" + (label.matches("[A-Za-z]\\w*") ? label : "(" + label + ")");
  }

  private static boolean isShort(String label) {
    return label.matches("[A-Za-z]\\w{0,7}");
  }

  private boolean isLeaf(GradientStory.Visit visit) {
    return visit.step().node().isLeaf();
  }

  /** Writes a heading where the layer or the line of code is another one. */
  private void place(GradientStory.Visit visit) {
    String next = visit.step().place();
    if (!next.equals(place)) {
      line("  -- " + (next.isEmpty() ? "elsewhere" : next));
      place = next;
    }
  }

  /** Writes the first and the last ones, and how many there are between. */
  private <T> void some(List<T> all, Function<List<T>, String> between, Consumer<T> write) {
    int left = all.size() - limit;
    int first = left <= 0 ? all.size() : (limit + 1) / 2;
    all.subList(0, first).forEach(write);
    if (left > 0) {
      List<T> hidden = all.subList(first, first + left);
      line(
          "  ... %s left out%s; limit(%s) tells all"
              .formatted(left, between.apply(hidden), all.size()));
      all.subList(first + left, all.size()).forEach(write);
    }
  }

  private static String between(List<GradientStory.Visit> hidden) {
    Function<GradientStory.Visit, String> of = visit -> String.join(".", visit.step().layers());
    String first = of.apply(hidden.getFirst());
    String last = of.apply(hidden.getLast());
    return first.isEmpty() || last.isEmpty()
        ? ""
        : first.equals(last)
            ? ", in layer " + first
            : ", from layer " + first + " to layer " + last;
  }

  // ---- by layer --------------------------------------------------------------------------------

  /** Steps that one layer made in a row, and how many layers within one another are told apart. */
  private record Stretch(List<GradientStory.Visit> steps, int depth) {

    List<String> layers() {
      List<String> layers = steps.getFirst().step().layers();
      return layers.subList(0, Math.min(depth, layers.size()));
    }
  }

  /** Says of each layer how large gradients are, of the innermost layers that are few enough. */
  private void summarize(List<GradientStory.Visit> steps) {
    int deepest = steps.stream().mapToInt(visit -> visit.step().layers().size()).max().orElse(0);
    if (deepest == 0) {
      return;
    }
    List<Stretch> stretches = stretches(steps, deepest);
    for (int depth = deepest - 1; stretches.size() > limit && depth > 0; depth--) {
      stretches = stretches(steps, depth);
    }
    Map<String, Tensor> parameters = new HashMap<>();
    visits.stream()
        .filter(visit -> visit.step().node().isParameter())
        .forEach(visit -> parameters.put(visit.step().label(), visit.cotangent()));
    line("");
    line("By layer: norms of the gradients of what it returned, and of the parameters it used");
    line("  %-44s  %5s  %10s  %10s".formatted("layer", "steps", "returned", "parameters"));
    some(stretches, _ -> "", stretch -> summarize(stretch, parameters));
  }

  private void summarize(Stretch stretch, Map<String, Tensor> parameters) {
    List<String> layers = stretch.layers();
    String headline = layers.isEmpty() ? null : recording.headline(layers);
    String name =
        layers.isEmpty()
            ? "outside of layers"
            : String.join(".", layers) + (headline == null ? "" : ": " + headline);
    double[] norms =
        stretch.steps.stream()
            .flatMap(visit -> visit.parts().stream())
            .map(GradientStory.Part::label)
            .distinct()
            .filter(parameters::containsKey)
            .mapToDouble(label -> norm(Objects.requireNonNull(parameters.get(label))))
            .toArray();
    line(
        "  %-44s  %5s  %10s  %10s"
            .formatted(
                name.length() <= LEFT ? name : name.substring(0, LEFT - 1) + "…",
                stretch.steps.size(),
                Numbers.text(norm(stretch.steps.getFirst().cotangent())),
                norms.length == 0
                    ? ""
                    : Numbers.text(Math.sqrt(Arrays.stream(norms).map(n -> n * n).sum())))
            .stripTrailing());
  }

  private static double norm(Tensor tensor) {
    return tensor.to(DType.FLOAT64).norm(2).item();
  }

  private static List<Stretch> stretches(List<GradientStory.Visit> steps, int depth) {
    List<Stretch> stretches = new ArrayList<>();
    for (GradientStory.Visit step : steps) {
      Stretch next = new Stretch(new ArrayList<>(List.of(step)), depth);
      if (!stretches.isEmpty() && stretches.getLast().layers().equals(next.layers())) {
        stretches.getLast().steps.add(step);
      } else {
        stretches.add(next);
      }
    }
    return stretches;
  }

  // ---- lines -----------------------------------------------------------------------------------

  private void line(String text) {
    rows.add(new Row(text, null));
  }

  private void row(String left, Tensor value, String before) {
    String indented = "\n" + " ".repeat(before.length());
    rows.add(
        new Row(
            left,
            width ->
                before + Numbers.text(value, width - before.length()).replace("\n", indented)));
  }

  private String text() {
    int column =
        2
            + rows.stream()
                .filter(row -> row.right != null)
                .mapToInt(row -> row.left.length())
                .filter(length -> length <= LEFT)
                .max()
                .orElse(0);
    StringBuilder text = new StringBuilder();
    for (Row row : rows) {
      String left = row.left;
      for (int end; left.length() > WIDTH && (end = left.lastIndexOf(' ', WIDTH)) > INDENT; ) {
        text.append(left, 0, end).append('\n');
        left = " ".repeat(INDENT) + left.substring(end + 1);
      }
      text.append(left);
      if (row.right != null) {
        boolean isLong = left.length() > column - 2;
        text.append(isLong ? "\n" + " ".repeat(column) : " ".repeat(column - left.length()))
            .append(row.right.apply(WIDTH - column).replace("\n", "\n" + " ".repeat(column)));
      }
      text.append('\n');
    }
    return text.toString().stripTrailing();
  }
}
