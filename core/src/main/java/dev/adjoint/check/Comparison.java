package dev.adjoint.check;

import java.util.List;

/**
 * A derivative by the backward pass beside its finite difference.
 *
 * @param index the index of the element that was moved; empty for a scalar, and for a direction
 * @param name the name of the element by {@link GradientCheck#elements}; empty if it has none
 * @param direction the number of the direction along which all elements were moved, or -1
 * @param analytic the derivative by the backward pass
 * @param numeric the derivative by central differences
 * @param left the derivative by points below only
 * @param right the derivative by points above only
 * @param step the step size of the finite difference
 * @param truncation an estimate of the numeric error that a smaller step would reduce
 * @param roundOff an estimate of the numeric error that a larger step would reduce
 * @param resolution the uncertainty of the finite difference relative to the derivative: a smaller
 *     error would not be seen. An uncertainty that is negligible beside the largest derivative of
 *     the input is given relative to that
 * @param outcome whether the derivative passed, and by which rule
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
    Outcome outcome) {

  /** Keeps the index as it is now. */
  public Comparison {
    index = List.copyOf(index);
  }

  /** Returns how far the two derivatives are apart. */
  public double absoluteError() {
    return Math.abs(analytic - numeric);
  }

  /** Returns the absolute error divided by the larger of the two; 0 if both are 0. */
  public double relativeError() {
    double scale = Math.max(Math.abs(analytic), Math.abs(numeric));
    return scale == 0 ? 0 : absoluteError() / scale;
  }

  /** Returns the element's name, its index as in {@code [2, 0]}, or {@code direction 1}. */
  public String place() {
    String ofElement = name.isEmpty() ? index.toString() : name;
    return direction >= 0 ? "direction " + direction : ofElement;
  }

  /** Returns how much of a derivative was left unseen, as far as that is news. */
  double doubt() {
    return switch (outcome) {
      case RELATIVE, ROUND_OFF, UNDECIDED -> resolution;
      default -> 0;
    };
  }

  /** Returns how bad this is, to be sorted by: failures, then kinks, then errors. */
  double severity() {
    return switch (outcome) {
      case NOT_FINITE -> Double.POSITIVE_INFINITY;
      case WRONG -> 1e100 * (1 + absoluteError());
      case UNDECIDED -> 1e75 * (1 + resolution);
      case KINK -> 1e50;
      default -> Math.max(relativeError(), resolution);
    };
  }
}
