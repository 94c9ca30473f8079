package dev.adjoint.check;

import java.util.List;

/**
 * One derivative by backward beside its finite difference.
 *
 * @param index of the element that was moved; empty for a scalar, and for a direction
 * @param name of the element, by {@link GradientCheck#elements}; else empty
 * @param direction the number of the direction along which all elements were moved, or -1
 * @param analytic the derivative by backward
 * @param numeric the slope by central differences
 * @param left the slope by points below only
 * @param right the slope by points above only
 * @param step by which the element was moved
 * @param truncation an estimate of the numeric error that a smaller step would reduce
 * @param roundOff an estimate of the numeric error that a larger step would reduce
 * @param resolution what is uncertain about the slope, relative to the derivative: smaller errors
 *     cannot be seen. Where it is nothing beside the largest derivative of the input: relative to
 *     that
 * @param verdict the result
 */
public record Comparison(
    List<Integer> index,
    String name,
    int direction,
    double analytic,
    double numeric,
    double left,
    double right,
    double step,
    double truncation,
    double roundOff,
    double resolution,
    Verdict verdict) {

  /** Keeps the index as it is now. */
  public Comparison {
    index = List.copyOf(index);
  }

  /** Returns the distance of the two derivatives. */
  public double absoluteError() {
    return Math.abs(analytic - numeric);
  }

  /** Returns the distance divided by the larger of the two; 0 if both are 0. */
  public double relativeError() {
    double scale = Math.max(Math.abs(analytic), Math.abs(numeric));
    return scale == 0 ? 0 : absoluteError() / scale;
  }

  /** Returns the place: a name, an index as in {@code [2, 0]}, or {@code direction 1}. */
  public String place() {
    if (direction >= 0) {
      return "direction " + direction;
    }
    return name.isEmpty() ? index.toString() : name;
  }

  /** Returns how much of a derivative was left unseen, as far as that is news. */
  double doubt() {
    return switch (verdict) {
      case RELATIVE, ROUND_OFF, UNDECIDED -> resolution;
      default -> 0;
    };
  }

  /** Returns how bad this is, to be sorted by: failures, then kinks, then errors. */
  double severity() {
    return switch (verdict) {
      case NOT_FINITE -> Double.POSITIVE_INFINITY;
      case WRONG -> 1e100 * (1 + absoluteError());
      case UNDECIDED -> 1e75 * (1 + resolution);
      case KINK -> 1e50;
      default -> Math.max(relativeError(), resolution);
    };
  }
}
