package dev.adjoint.explain;

import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
    line("");
    line("Forward");
    recording
        .constants()
        .forEach((label, value) -> {
          if (value.rank() > 0 || !label.matches("-?\\d.*")) {
            row("  " + label + "  constant", value, "");
          }
        });
    some(
        leaves,
        leaf -> row("  %s  %s".formatted(leaf.step().label(), kind(leaf)), leaf.value(), ""));
    some(steps.reversed(), this::forward);
    place = "";
    line("");
    line("Backward: the youngest result first, so each after all that was computed from it");
    some(steps, step -> backward(steps.indexOf(step) + 1, step));
    line("");
    line("Gradients");
    some(leaves, leaf -> row("  " + d(leaf.step().label()), leaf.cotangent(), "= "));
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
    row("%3d  %s".formatted(number, equation(visit)), visit.cotangent(), "g = ");
    if (visit.inside() > 0) {
      line("       (the %d steps inside are not told)".formatted(visit.inside()));
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
    String layers = String.join(".", visit.step().layers());
    String line = visit.step().line();
    String next =
        Stream.of(layers.isEmpty() ? "" : "layer " + layers, line == null ? "" : line)
            .filter(part -> !part.isEmpty())
            .collect(Collectors.joining(", "));
    if (!next.equals(place)) {
      line("  -- " + (next.isEmpty() ? "elsewhere" : next));
      place = next;
    }
  }

  /** Writes the first and the last ones, and how many there are between. */
  private void some(List<GradientStory.Visit> all, Consumer<GradientStory.Visit> write) {
    int left = all.size() - limit;
    int first = left <= 0 ? all.size() : (limit + 1) / 2;
    all.subList(0, first).forEach(write);
    if (left > 0) {
      List<GradientStory.Visit> hidden = all.subList(first, first + left);
      line("  ... %d left out%s; limit(%d) tells all".formatted(left, between(hidden), all.size()));
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
