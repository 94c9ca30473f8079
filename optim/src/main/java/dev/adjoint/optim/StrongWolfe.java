package dev.adjoint.optim;

import dev.adjoint.tensor.Tensor;
import java.util.function.DoubleFunction;

/**
 * Searches along a direction for a point that is low enough and flat enough: the strong Wolfe
 * conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6), with PyTorch's choice of trial
 * points. A loss of NaN counts as too high: the search keeps to where the loss is defined.
 */
final class StrongWolfe {

  /** Demands that the loss falls by this part of what the slope promises. */
  private static final double DECREASE = 1e-4;

  /** Demands that the slope becomes smaller than this part of the first. */
  private static final double FLATNESS = 0.9;

  private static final int MAX_TRIALS = 25;
  private static final double CHANGE_TOLERANCE = 1e-9;

  /** A place on the line: how far along, and the loss, gradient and slope there. */
  record Point(double t, double loss, Tensor gradient, double slope) {
    Point {
      if (Double.isNaN(slope)) {
        loss = slope; // who has no slope is no better than who has no loss
      }
    }
  }

  private final DoubleFunction<Point> line;
  private final Point start;
  private int trials;

  private StrongWolfe(DoubleFunction<Point> line, Point start) {
    this.line = line;
    this.start = start;
  }

  /**
   * Returns the point that was found.
   *
   * @param line computes the point at some distance
   * @param start the point at 0, whose slope is negative
   * @param first the distance of the first trial
   * @param longest the largest element of the direction, by which t is multiplied
   */
  static Point search(DoubleFunction<Point> line, Point start, double first, double longest) {
    return new StrongWolfe(line, start).search(first, longest);
  }

  private Point search(double first, double longest) {
    Point before = start;
    Point point = line.apply(first);
    while (trials < MAX_TRIALS) {
      if (isTooHigh(point) || trials > 1 && !(point.loss < before.loss)) {
        return zoom(before, point, longest);
      }
      if (isFlat(point)) {
        return point;
      }
      if (point.slope >= 0) {
        return zoom(before, point, longest);
      }
      double next =
          minimumOfCubic(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10);
      before = point;
      point = line.apply(next);
      trials++;
    }
    return point.loss < start.loss ? point : start;
  }

  /** Narrows an interval that has a good point inside. */
  private Point zoom(Point a, Point b, double longest) {
    boolean falls = b.loss < a.loss;
    Point low = falls ? b : a;
    Point high = falls ? a : b;
    boolean wasNearEnd = false;
    while (trials < MAX_TRIALS && Math.abs(high.t - low.t) * longest >= CHANGE_TOLERANCE) {
      double left = Math.min(low.t, high.t);
      double right = Math.max(low.t, high.t);
      double t = minimumOfCubic(low, high, left, right);
      // Twice near an end of the interval, or at it, the next trial is a tenth of it inside.
      double margin = 0.1 * (right - left);
      boolean nearEnd = Math.min(right - t, t - left) < margin;
      if (nearEnd && (wasNearEnd || t >= right || t <= left)) {
        t = right - t < t - left ? right - margin : left + margin;
        nearEnd = false;
      }
      wasNearEnd = nearEnd;

      Point point = line.apply(t);
      trials++;
      if (isTooHigh(point) || !(point.loss < low.loss)) {
        high = point;
        if (high.loss < low.loss) {
          high = low;
          low = point;
        }
        continue;
      }
      if (isFlat(point)) {
        return point;
      }
      if (point.slope * (high.t - low.t) >= 0) {
        high = low;
      }
      low = point;
    }
    return low;
  }

  /** Tells whether a loss is too high, or NaN, as where the loss is not defined. */
  private boolean isTooHigh(Point point) {
    return !(point.loss <= start.loss + DECREASE * point.t * start.slope);
  }

  private boolean isFlat(Point point) {
    return Math.abs(point.slope) <= -FLATNESS * start.slope;
  }

  /** Returns where the cubic through two points with their slopes is lowest, within bounds. */
  private static double minimumOfCubic(Point a, Point b, double least, double largest) {
    double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
    double square = d1 * d1 - a.slope * b.slope;
    if (!(square >= 0)) {
      return (least + largest) / 2;
    }
    Point left = a.t <= b.t ? a : b;
    Point right = a.t <= b.t ? b : a;
    double d2 = Math.sqrt(square);
    double part = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
    return Math.min(Math.max(right.t - (right.t - left.t) * part, least), largest);
  }
}
