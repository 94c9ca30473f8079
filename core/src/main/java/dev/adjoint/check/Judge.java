package dev.adjoint.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Compares a derivative with slopes: tells what is right from what is wrong, and both from what
 * cannot be told (ADR 7).
 *
 * <p>The first step has the least error for most functions, and ends the matter if the two agree
 * and rounding cannot have hidden a difference. Otherwise all steps are measured, and the one with
 * the least uncertainty decides: a smaller step cannot excuse what a larger one has disproved. Only
 * what the next smaller step sees as well, if it is no larger than the element, is called wrong;
 * and a step larger than the element is no witness unless it is certain of its own slope.
 *
 * @param absolute tolerance
 * @param relative tolerance
 * @param resolution the largest uncertainty, relative to the derivative, that passes
 */
record Judge(double absolute, double relative, double resolution) {

  /**
   * Holds what is to be judged.
   *
   * @param analytic the derivative by backward
   * @param largest the largest derivative of the same kind: an error that is nothing beside it is
   *     none
   * @param nothing an error that is none beside the outputs and the inputs
   * @param blur supplies the rounding of the analytic derivative; asked only when it matters
   */
  record Claim(double analytic, double largest, double nothing, DoubleSupplier blur) {}

  /**
   * Holds a verdict and what it is based on.
   *
   * @param resolution the uncertainty relative to the derivative, or to that beside which it is
   *     nothing
   */
  record Ruling(Verdict verdict, Estimate estimate, double resolution) {}

  /** Returns a judge to whom the relative tolerance of a larger number is an absolute one. */
  Judge within(double scale) {
    return new Judge(absolute + relative * scale, 0, resolution);
  }

  /** Gives the verdict on one derivative. */
  Ruling judge(Claim claim, Steps steps, DoubleFunction<Slope> slopeAt) {
    Slope first = slopeAt.apply(steps.first());
    Estimate quick = Estimate.alone(first, steps.grain());
    if (!Double.isFinite(claim.analytic)) {
      return ruling(Verdict.NOT_FINITE, claim, quick, 0);
    }
    if (first.isFinite()) {
      Verdict verdict = agreement(claim, quick, 0, Math.max(relative, resolution / 100));
      if (verdict != null) {
        return ruling(verdict, claim, quick, 0);
      }
      if (claim.analytic == 0 && !first.moves() && isStill(beyond(steps.all().get(0), slopeAt))) {
        return ruling(Verdict.ZERO, claim, quick, 0);
      }
    }
    List<Slope> slopes = new ArrayList<>();
    for (double h : steps.all()) {
      Slope slope =
          h > steps.first() ? beyond(h, slopeAt) : h == steps.first() ? first : slopeAt.apply(h);
      if (slope != null && slope.isFinite()) {
        slopes.add(slope);
      }
    }
    return slopes.isEmpty()
        ? ruling(Verdict.NOT_FINITE, claim, quick, 0)
        : judge(claim, steps, slopes);
  }

  private Ruling judge(Claim claim, Steps steps, List<Slope> slopes) {
    List<Estimate> estimates = Estimate.of(slopes, steps);

    Estimate best = Collections.min(estimates, Comparator.comparingDouble(Estimate::uncertainty));
    if (claim.analytic == 0 && slopes.stream().noneMatch(Slope::moves)) {
      return ruling(Verdict.ZERO, claim, best, 0);
    }
    Verdict verdict = agreement(claim, best, 0, resolution);
    if (verdict != null) {
      return ruling(verdict, claim, best, 0);
    }
    Slope kink = Kink.among(slopes, steps.first(), this);
    if (kink != null && isBetween(claim, kink)) {
      return ruling(Verdict.KINK, claim, Estimate.alone(kink, 0), 0);
    }
    double blur = 4 * claim.blur.getAsDouble();
    verdict = agreement(claim, best, blur, resolution);
    if (verdict == null
        && Math.abs(claim.analytic) <= blur
        && Math.abs(best.value()) <= Math.max(best.uncertainty(), blur)) {
      verdict = Verdict.ZERO;
    }
    if (verdict == null) {
      boolean wrong =
          (best.slope().step() <= steps.own() || 4 * best.uncertainty() <= Math.abs(best.value()))
              && disproves(best, claim, blur)
              && estimates.stream()
                  .filter(e -> e.slope().step() < best.slope().step())
                  .filter(e -> e.slope().step() <= steps.own())
                  .findFirst()
                  .map(e -> disproves(e, claim, blur))
                  .orElse(true);
      verdict = wrong ? Verdict.WRONG : Verdict.UNDECIDED;
    }
    return ruling(verdict, claim, best, blur);
  }

  /** Measures at a step so large that it may leave the domain: null if the function throws. */
  private static @Nullable Slope beyond(double h, DoubleFunction<Slope> slopeAt) {
    try {
      return slopeAt.apply(h);
    } catch (RuntimeException e) {
      return null;
    }
  }

  private static boolean isStill(@Nullable Slope slope) {
    return slope != null && slope.isFinite() && !slope.moves();
  }

  /** Returns by which rule a derivative passes, or null. */
  private @Nullable Verdict agreement(Claim claim, Estimate e, double blur, double precision) {
    double scale = scale(claim, e);
    double error = e.distance(claim.analytic);
    double uncertainty = e.uncertainty() + blur;
    if (absolute > 0 && error <= absolute && uncertainty <= absolute) {
      return Verdict.ABSOLUTE;
    }
    double enough = Math.max(precision * scale, relative * beside(claim, e));
    double least = Math.max(absolute, claim.nothing);
    if (!(error <= allowed(scale, claim) + uncertainty && uncertainty <= Math.max(least, enough))) {
      return null;
    }
    return error <= relative * scale ? Verdict.RELATIVE : Verdict.ROUND_OFF;
  }

  private boolean disproves(Estimate e, Claim claim, double blur) {
    double allowed = allowed(scale(claim, e), claim) + e.uncertainty() + blur + hidden(e);
    return e.distance(claim.analytic) > allowed;
  }

  private double allowed(double scale, Claim claim) {
    return Math.max(Math.max(absolute, claim.nothing), relative * scale);
  }

  private static double scale(Claim claim, Estimate e) {
    return Math.max(Math.abs(claim.analytic), Math.abs(e.value()));
  }

  private Ruling ruling(Verdict verdict, Claim claim, Estimate e, double blur) {
    double uncertainty = e.uncertainty() + blur;
    double scale = scale(claim, e);
    if (verdict == Verdict.UNDECIDED) {
      uncertainty = Math.max(uncertainty + hidden(e), e.distance(claim.analytic));
    } else if (verdict != Verdict.ROUND_OFF && uncertainty <= relative * beside(claim, e)) {
      scale = beside(claim, e);
    }
    return new Ruling(verdict, e, uncertainty == 0 ? 0 : scale == 0 ? 1 : uncertainty / scale);
  }

  /** Returns beside what an error may be nothing. */
  private static double beside(Claim claim, Estimate e) {
    return Math.max(scale(claim, e), Math.max(claim.largest, e.slope().steepest()));
  }

  /** Returns the slope that outputs which did not move may have all the same. */
  private static double hidden(Estimate e) {
    return e.slope().still() / e.slope().step();
  }

  private boolean isBetween(Claim claim, Slope slope) {
    double low = Math.min(slope.left(), slope.right());
    double high = Math.max(slope.left(), slope.right());
    double slack = allowed(slope.steepest(), claim) + slope.roundOff();
    return claim.analytic >= low - slack && claim.analytic <= high + slack;
  }

  /** Returns how much of a derivative was left unseen, as far as that is news. */
  double doubt(Comparison c) {
    return switch (c.verdict()) {
      case RELATIVE, ROUND_OFF, UNDECIDED -> c.resolution();
      default -> 0;
    };
  }

  /** Orders comparisons by how bad they are: failures, then kinks, then errors. */
  double badness(Comparison c) {
    return switch (c.verdict()) {
      case NOT_FINITE -> Double.POSITIVE_INFINITY;
      case WRONG -> 1e100 * (1 + c.absoluteError());
      case UNDECIDED -> 1e75 * (1 + c.resolution());
      case KINK -> 1e50;
      default -> Math.max(c.relativeError(), c.resolution());
    };
  }
}
