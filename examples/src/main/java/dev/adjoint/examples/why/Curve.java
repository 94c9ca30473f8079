package dev.adjoint.examples.why;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;

/** What was measured of one network while it learned. */
record Curve(List<Point> points) {

  /**
   * What was measured at one step.
   *
   * @param p15 the 15th percentile, over the tests, of what the first of the last hidden units gets
   */
  record Point(int step, double accuracy, double p15, double p50, double p85) {

    private static Point of(int step, double accuracy, double[] sorted) {
      int last = sorted.length - 1;
      return new Point(
          step,
          accuracy,
          sorted[(int) (0.15 * last)],
          sorted[(int) (0.50 * last)],
          sorted[(int) (0.85 * last)]);
    }
  }

  /** Trains, and looks every tenth step at first, every fiftieth later. */
  static Curve of(Learner learner, int steps) {
    List<Point> points = new ArrayList<>();
    points.add(point(0, learner));
    for (int step = 0; step < steps; ) {
      int more = step < 150 ? 10 : 50;
      learner.run(more);
      step += more;
      points.add(point(step, learner));
    }
    return new Curve(points);
  }

  private static Point point(int step, Learner learner) {
    // The last is the output layer, the one before it the activation.
    Tensor inputs = learner.outputOf(learner.model().children().size() - 3);
    double[] ofFirst = inputs.select(1, 0).toDoubleArray();
    Arrays.sort(ofFirst);
    return Point.of(step, learner.accuracy(), ofFirst);
  }

  /** Returns the first step that is seen with an accuracy, if there is one. */
  OptionalInt stepsTo(double accuracy) {
    return points.stream()
        .filter(point -> point.accuracy >= accuracy)
        .mapToInt(Point::step)
        .findFirst();
  }

  /** Returns the last step that is seen. */
  int lastStep() {
    return points.getLast().step;
  }

  /** Returns between which medians the unit's input moves. */
  double drift() {
    return max(Point::p50) + max(point -> -point.p50);
  }

  /** Returns how many times as far apart the outer percentiles become. */
  double widening() {
    return max(point -> point.p85 - point.p15) * max(point -> 1 / (point.p85 - point.p15));
  }

  private double max(ToDoubleFunction<Point> number) {
    return points.stream().mapToDouble(number).max().orElseThrow();
  }

  double[] each(ToDoubleFunction<Point> number) {
    return points.stream().mapToDouble(number).toArray();
  }
}
