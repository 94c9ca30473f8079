package dev.adjoint.check;

import java.util.ArrayList;
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
    List<Slope> slopes = new ArrayList<>();
    for (double step : steps) {
      Slope slope = slopeAt.apply(step);
      Verdict verdict = agreement(analytic, slope);
      if (verdict.passed()) {
        return comparison(index, direction, analytic, slope, verdict);
      }
      slopes.add(slope);
    }
    Slope finest = slopes.get(slopes.size() - 1);
    if (isKink(slopes) && isBetween(analytic, finest)) {
      return comparison(index, direction, analytic, finest, Verdict.KINK);
    }
    Slope best = slopes.get(0);
    for (Slope slope : slopes) {
      if (!(best.uncertainty() <= slope.uncertainty())) {
        best = slope;
      }
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

  /**
   * Tells a kink, where the slope on each side stays as it is while the step shrinks, and a jump,
   * where one of them grows as the step shrinks. Noise does neither, at one step after another; the
   * jumps of a function that rounds to float32 inside are too small to count.
   */
  private boolean isKink(List<Slope> slopes) {
    boolean kink = true;
    boolean jump = true;
    for (int i = 1; i < slopes.size(); i++) {
      Slope coarse = slopes.get(i - 1);
      Slope fine = slopes.get(i);
      double noise = absolute + 100 * fine.roundOff();
      double scale = Math.max(Math.abs(fine.left()), Math.abs(fine.right()));
      boolean apart = fine.gap() > noise + relative * scale;
      boolean leftStays = Math.abs(fine.left() - coarse.left()) < fine.gap() / 4;
      boolean rightStays = Math.abs(fine.right() - coarse.right()) < fine.gap() / 4;
      double growth = fine.gap() * fine.step() / (coarse.gap() * coarse.step());
      kink &= apart && leftStays && rightStays;
      jump &= apart && (leftStays || rightStays) && Math.abs(growth - 1) < 0.05;
      jump &= fine.gap() * fine.step() > 1e-5 * fine.size();
    }
    return kink || jump;
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
