package dev.adjoint.check;

import java.util.List;
import java.util.function.DoubleFunction;

/**
 * Compares a derivative with slopes, and tells a wrong derivative from a kink.
 *
 * <p>The first step is the one with the least error for most functions. Where the two disagree,
 * smaller steps decide: a function that bends sharply, has a kink nearby, or ends nearby (as log
 * does at 0) agrees at one of them. At a kink the slopes on both sides stay apart however small the
 * step; at a smooth point they meet.
 *
 * @param absolute tolerance
 * @param relative tolerance
 */
record Judge(double absolute, double relative) {

  /**
   * Gives the verdict on one derivative.
   *
   * @param steps to try, descending; at least two
   */
  Comparison judge(
      List<Integer> index,
      int direction,
      double analytic,
      List<Double> steps,
      DoubleFunction<Slope> slopeAt) {
    Slope best = null;
    Slope coarse = null;
    Slope fine = null;
    for (double step : steps) {
      Slope slope = slopeAt.apply(step);
      Verdict verdict = agreement(analytic, slope);
      if (verdict.passed()) {
        return comparison(index, direction, analytic, slope, verdict);
      }
      if (best == null || !(best.uncertainty() <= slope.uncertainty())) {
        best = slope;
      }
      coarse = fine;
      fine = slope;
    }
    if (best == null || coarse == null || fine == null) {
      throw new IllegalStateException("a judge needs two steps");
    }
    if (isKink(coarse, fine) && isBetween(analytic, fine)) {
      return comparison(index, direction, analytic, fine, Verdict.KINK);
    }
    boolean finite = Double.isFinite(analytic) && Double.isFinite(best.value());
    return comparison(
        index, direction, analytic, best, finite ? Verdict.WRONG : Verdict.NOT_FINITE);
  }

  private Verdict agreement(double analytic, Slope slope) {
    double error = Math.abs(analytic - slope.value());
    if (!Double.isFinite(error)) {
      return Verdict.NOT_FINITE;
    }
    if (error <= absolute) {
      return Verdict.ABSOLUTE;
    }
    if (error <= relative * Math.max(Math.abs(analytic), Math.abs(slope.value()))) {
      return Verdict.RELATIVE;
    }
    return error <= 4 * slope.roundOff() ? Verdict.ROUND_OFF : Verdict.WRONG;
  }

  private boolean isKink(Slope coarse, Slope fine) {
    double noise = absolute + 100 * fine.roundOff();
    double scale = Math.max(Math.abs(fine.left()), Math.abs(fine.right()));
    return fine.gap() > noise + relative * scale && fine.gap() > coarse.gap() / 2;
  }

  private boolean isBetween(double analytic, Slope slope) {
    double low = Math.min(slope.left(), slope.right());
    double high = Math.max(slope.left(), slope.right());
    double slack = absolute + relative * Math.max(Math.abs(low), Math.abs(high));
    return analytic >= low - slack - slope.roundOff()
        && analytic <= high + slack + slope.roundOff();
  }

  /**
   * Orders comparisons by how bad they are: failures, then kinks, then errors by what is allowed.
   */
  double badness(Comparison c) {
    double scale = Math.max(Math.abs(c.analytic()), Math.abs(c.numeric()));
    double allowed = absolute + relative * scale;
    double error = c.absoluteError() == 0 ? 0 : c.absoluteError() / allowed;
    return switch (c.verdict()) {
      case NOT_FINITE -> Double.POSITIVE_INFINITY;
      case WRONG -> 1e100 * (1 + c.absoluteError());
      case KINK -> 1e50;
      default -> error;
    };
  }

  private static Comparison comparison(
      List<Integer> index, int direction, double analytic, Slope s, Verdict verdict) {
    return new Comparison(
        index,
        direction,
        analytic,
        s.value(),
        s.left(),
        s.right(),
        s.step(),
        s.truncation(),
        s.roundOff(),
        verdict);
  }
}
