package dev.adjoint.check;

import com.google.common.primitives.Doubles;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * A weighed sum over tensors of one step, which moves as expected along a line if the step is
 * right.
 *
 * @param step the number of the step
 * @param sentence what is wrong if the sum does not move so
 * @param tensors some of the step; none, if nothing is known of them
 * @param weights by which their elements are added up, each of the shape of its tensor
 * @param expected the slope of the sum if the step is right
 */
record PullbackProbe(
    int step,
    String sentence,
    Function<GraphStep, List<Tensor>> tensors,
    List<Tensor> weights,
    double expected) {

  /** Returns the elements of the tensors at some point of the line, where these are the steps. */
  double[] at(List<GraphStep> steps) {
    return Autodiff.noGrad(() -> flat(tensors.apply(steps.get(step))));
  }

  /** Measures the slope once, by values along the line. */
  FiniteDifference measure(FiniteDifference.Line line, double[] base, double h) {
    double epsilon = weights.stream().mapToDouble(w -> w.dtype().epsilon()).max().orElse(0);
    return FiniteDifference.measure(line, base, flat(weights), h, epsilon);
  }

  /** Tells whether the tensors move otherwise than expected. */
  boolean isOff(List<FiniteDifference> slopes, GradientCheckSettings settings, StepSizes steps) {
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
    return Doubles.concat(
        tensors.stream().map(t -> t.untracked().toDoubleArray()).toArray(double[][]::new));
  }
}
