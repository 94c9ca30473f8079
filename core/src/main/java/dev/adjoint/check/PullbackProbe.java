package dev.adjoint.check;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Follows tensors of one step along a line, to see whether they move as they should. */
final class PullbackProbe {

  private final int step;
  private final String sentence;
  private final Function<GraphStep, List<Tensor>> tensors;
  private final double[] base;
  private final double[] weights;
  private final double expected;
  private final double epsilon;
  private final List<FiniteDifference> slopes = new ArrayList<>();

  /**
   * Creates a probe.
   *
   * @param steps those of the base point
   * @param step which of them
   * @param sentence what is wrong if they do not move so
   * @param tensors some of the step; none, if nothing is known of them
   * @param weights by which their elements are added up, each of the shape of its tensor
   * @param expected the slope of the sum if the step is right
   */
  PullbackProbe(
      List<GraphStep> steps,
      int step,
      String sentence,
      Function<GraphStep, List<Tensor>> tensors,
      List<Tensor> weights,
      double expected) {
    this.step = step;
    this.sentence = sentence;
    this.tensors = tensors;
    this.base = at(steps);
    this.weights = flat(weights);
    this.expected = expected;
    this.epsilon = weights.stream().mapToDouble(w -> w.dtype().epsilon()).max().orElse(0);
  }

  int step() {
    return step;
  }

  String sentence() {
    return sentence;
  }

  /** Returns the elements of the tensors at some point of the line, where these are the steps. */
  double[] at(List<GraphStep> steps) {
    return Autodiff.noGrad(() -> flat(tensors.apply(steps.get(step))));
  }

  /** Measures the slope once more, by a smaller step size. */
  void measure(FiniteDifference.Line line, double h) {
    slopes.add(FiniteDifference.measure(line, base, weights, h, epsilon));
  }

  /** Tells whether the tensors move otherwise than expected. */
  boolean isOff(GradientCheckSettings settings, StepSizes steps) {
    List<FiniteDifference> usable =
        slopes.stream().filter(s -> s.step() <= steps.first() && s.isFinite()).toList();
    if (usable.isEmpty()) {
      return true;
    }
    double scale = Math.abs(expected) + usable.getFirst().variation();
    List<Double> sizes = slopes.stream().map(FiniteDifference::step).toList();
    return settings
        .tolerance()
        .within(scale)
        .decide(
            new ToleranceRule.Derivative(expected, scale, 0, () -> 0),
            new StepSizes(steps.first(), sizes, steps.own(), steps.grain()),
            h -> slopes.get(sizes.indexOf(h)))
        .verdict()
        .failed();
  }

  private static double[] flat(List<Tensor> tensors) {
    Stream<Tensor> rows =
        tensors.stream().map(t -> t.untracked().to(DType.FLOAT64).reshape(t.size()));
    Stream<Tensor> none = Stream.of(Tensors.zeros(Shape.of(0), DType.FLOAT64));
    return Joining.concat(0, Stream.concat(none, rows).toArray(Tensor[]::new)).toDoubleArray();
  }
}
