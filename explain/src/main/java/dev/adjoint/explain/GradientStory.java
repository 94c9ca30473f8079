package dev.adjoint.explain;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Node;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.nn.Layer;
import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.report.Page;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The story of one gradient: each step of a backward pass in its order, with formula, numbers and
 * what it adds to the gradients of its inputs. Made by {@link Explain}; {@link #toString} tells it.
 *
 * <p>It holds copies of all values, and stays as it is when parameters are updated.
 */
public final class GradientStory {

  /** Steps that a text has at most, unless {@link #limit} says otherwise. */
  private static final int LIMIT = 24;

  /**
   * One visit of the backward pass.
   *
   * @param step whose cotangent is complete
   * @param value of the step
   * @param cotangent the gradient of the root with respect to it
   * @param parts what the step adds to the gradients of its inputs, in order; of a leaf none
   * @param inside steps of a checkpoint that was computed again, which are not told
   */
  record Visit(Recording.Step step, Tensor value, Tensor cotangent, List<Part> parts, int inside) {

    /** Returns the formulas of the step; not of a leaf. */
    Formula formula() {
      Primitive primitive = Objects.requireNonNull(step.node().primitive());
      return Formula.of(primitive, step.inputs().size()).with(step.inputs(), step.label());
    }
  }

  /**
   * What a step adds to the gradient of an input.
   *
   * @param input which of the step; -1 of a checkpoint, whose steps inside are not told
   * @param label of the input
   * @param pulled what the pullback returned, of the shape to which the step broadcast the input
   * @param value the same, summed to the shape of the input if that is another
   * @param number how many parts have been added to the gradient, this one included
   * @param sum of these parts
   */
  record Part(int input, String label, Tensor pulled, Tensor value, int number, Tensor sum) {}

  private record Raw(
      Node node, Tensor value, Tensor cotangent, List<RawPart> parts, int[] inside) {}

  private record RawPart(int input, Node to, Tensor pulled, Tensor value, int number, Tensor sum) {}

  private final Recording recording;
  private final List<Raw> visits;
  private final Gradients gradients;
  private final int limit;

  private GradientStory(Recording recording, List<Raw> visits, Gradients gradients, int limit) {
    this.recording = recording;
    this.visits = visits;
    this.gradients = gradients;
    this.limit = limit;
  }

  /** Differentiates what was recorded, and looks on. */
  static GradientStory of(Recording recording) {
    Pass pass = new Pass(recording);
    Gradients gradients = Recorder.observed(pass, recording.root()::backward);
    return new GradientStory(recording, pass.visits, gradients, LIMIT);
  }

  /**
   * Returns this story with a name for a tensor: an input, or what an operation returned.
   *
   * @throws IllegalArgumentException if the tensor took no part
   */
  public GradientStory named(String name, Tensor tensor) {
    return new GradientStory(recording.named(name, tensor), visits, gradients, limit);
  }

  /** Returns this story with the paths of a model's parameters for their names. */
  public GradientStory named(Layer model) {
    return new GradientStory(recording.named(model), visits, gradients, limit);
  }

  /**
   * Returns this story with at most so many steps in its text, the first and the last ones, which
   * then says how many it left out; the default is 24.
   *
   * @throws IllegalArgumentException unless at least 2
   */
  public GradientStory limit(int steps) {
    if (steps < 2) {
      throw new IllegalArgumentException(
          "limit: %d steps; expected at least 2, the first and the last".formatted(steps));
    }
    return new GradientStory(recording, visits, gradients, steps);
  }

  /** Returns the gradients that the story is about: those of {@link Tensor#backward()}. */
  public Gradients gradients() {
    return gradients;
  }

  /**
   * Returns the story as a page of HTML that steps through forward and backward, by key and by
   * click: with numbers, what waits, and what is added up.
   *
   * <pre>{@code
   * Explain.backward(loss).named("x", x).page().write(Path.of("steps.html"));
   * }</pre>
   *
   * @throws IllegalArgumentException if it has more than 60 values
   */
  public Page page() {
    return SteppingPage.of(this);
  }

  Recording recording() {
    return recording;
  }

  /** Returns the visits in the order of the backward pass, leaves last of all that lead to them. */
  List<Visit> visits() {
    Map<Node, Recording.Step> steps = new HashMap<>();
    recording.steps().forEach(step -> steps.put(step.node(), step));
    List<Visit> told = new ArrayList<>();
    for (Raw raw : visits) {
      List<Part> parts = new ArrayList<>();
      for (RawPart part : raw.parts) {
        String label = Objects.requireNonNull(steps.get(part.to)).label();
        parts.add(new Part(part.input, label, part.pulled, part.value, part.number, part.sum));
      }
      told.add(
          new Visit(
              Objects.requireNonNull(steps.get(raw.node)),
              raw.value,
              raw.cotangent,
              parts,
              raw.inside[0]));
    }
    return told;
  }

  /** Tells the story in lines of at most a hundred characters. */
  @Override
  public String toString() {
    return new StoryText(this, limit).toString();
  }

  /** Copies what a backward pass shows. */
  private static final class Pass implements Recorder.Observer {
    private final Map<Node, Tensor> values = new HashMap<>();
    private final Map<Node, Integer> parts = new HashMap<>();
    private final List<Raw> visits = new ArrayList<>();

    Pass(Recording recording) {
      recording.steps().forEach(step -> values.put(step.node(), step.value()));
    }

    @Override
    public void onVisit(Node node, Tensor cotangent) {
      Tensor value = values.get(node);
      if (value != null) {
        visits.add(new Raw(node, copy(value), copy(cotangent), new ArrayList<>(), new int[1]));
      } else { // one of a checkpoint
        visits.getLast().inside[0]++;
      }
    }

    @Override
    public void onPart(int input, Tensor x, Tensor pulled, Tensor part, Tensor sum) {
      Node to = x.node();
      if (to != null && values.containsKey(to)) {
        Raw from = visits.getLast();
        List<Tensor> inputs = from.node.inputs();
        boolean isInside = input >= inputs.size() || inputs.get(input) != x;
        int number = parts.merge(to, 1, Integer::sum);
        Tensor value = copy(part);
        from.parts.add(
            new RawPart(
                isInside ? -1 : input,
                to,
                pulled == part ? value : copy(pulled),
                value,
                number,
                number == 1 ? value : copy(sum)));
      }
    }

    private static Tensor copy(Tensor tensor) {
      return tensor.untracked().copy();
    }
  }
}
