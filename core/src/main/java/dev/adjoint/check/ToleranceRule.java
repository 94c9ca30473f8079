package dev.adjoint.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The rule by which a derivative passes, fails or remains undecided beside finite differences (ADR
 * 7).
 *
 * <p>The first step has the least error for most functions, and ends the matter if the two agree
 * and rounding cannot have hidden a difference. Otherwise all steps are measured, and the one with
 * the least uncertainty decides: a smaller step cannot excuse what a larger one has disproved. Only
 * what the next smaller step sees as well, if it is no larger than the element, is called wrong;
 * and a step larger than the element does not count unless its uncertainty is small.
 *
 * @param absolute tolerance
 * @param relative tolerance
 * @param resolution the largest uncertainty, relative to the derivative, that passes
 */
record ToleranceRule(double absolute, double relative, double resolution) {

  /**
   * The derivative by backward, and what its errors are measured by.
   *
   * @param analytic the derivative by backward
   * @param largest the largest derivative of the same kind: an error that is nothing beside it is
   *     none
   * @param nothing an error that is none beside the outputs and the inputs
   * @param noise supplies the rounding of the analytic derivative; asked only when it matters
   */
  record Derivative(double analytic, double largest, double nothing, DoubleSupplier noise) {}

  /**
   * An outcome and what it is based on.
   *
   * @param resolution the uncertainty relative to the derivative, or to that beside which it is
   *     nothing
   */
  record Decision(Outcome outcome, Estimate estimate, double resolution) {}

  /** Returns the rule whose absolute tolerance includes the relative one of a larger number. */
  ToleranceRule within(double scale) {
    return new ToleranceRule(absolute + relative * scale, 0, resolution);
  }

  Decision decide(
      Derivative derivative, StepSizes steps, DoubleFunction<FiniteDifference> slopeAt) {
    FiniteDifference first = slopeAt.apply(steps.first());
    Estimate quick = Estimate.alone(first, steps.grain());
    if (!Double.isFinite(derivative.analytic)) {
      return decision(Outcome.NOT_FINITE, derivative, quick, 0);
    }
    if (first.isFinite()) {
      Outcome outcome = agreement(derivative, quick, 0, Math.max(relative, resolution / 100));
      if (outcome != null) {
        return decision(outcome, derivative, quick, 0);
      }
      if (derivative.analytic == 0
          && first.isStill()
          && beyond(steps.all().getFirst(), slopeAt).isStill()) {
        return decision(Outcome.ZERO, derivative, quick, 0);
      }
    }
    List<FiniteDifference> slopes = new ArrayList<>();
    for (double h : steps.all()) {
      FiniteDifference slope =
          h > steps.first() ? beyond(h, slopeAt) : h == steps.first() ? first : slopeAt.apply(h);
      if (slope.isFinite()) {
        slopes.add(slope);
      }
    }
    return slopes.isEmpty()
        ? decision(Outcome.NOT_FINITE, derivative, quick, 0)
        : decide(derivative, steps, slopes);
  }

  private Decision decide(Derivative derivative, StepSizes steps, List<FiniteDifference> slopes) {
    List<Estimate> estimates = Estimate.of(slopes, steps);

    Estimate best = Collections.min(estimates, Comparator.comparingDouble(Estimate::uncertainty));
    if (derivative.analytic == 0 && slopes.stream().allMatch(FiniteDifference::isStill)) {
      return decision(Outcome.ZERO, derivative, best, 0);
    }
    Outcome outcome = agreement(derivative, best, 0, resolution);
    if (outcome != null) {
      return decision(outcome, derivative, best, 0);
    }
    FiniteDifference kink = KinkFinder.among(slopes, steps.first(), this);
    if (kink != null && isBetween(derivative, kink)) {
      return decision(Outcome.KINK, derivative, Estimate.alone(kink, 0), 0);
    }
    double noise = 4 * derivative.noise.getAsDouble();
    outcome = agreement(derivative, best, noise, resolution);
    if (outcome == null
        && Math.abs(derivative.analytic) <= noise
        && Math.abs(best.value()) <= Math.max(best.uncertainty(), noise)) {
      outcome = Outcome.ZERO;
    }
    if (outcome == null) {
      boolean wrong =
          (best.slope().step() <= steps.own() || 4 * best.uncertainty() <= Math.abs(best.value()))
              && disproves(best, derivative, noise)
              && estimates.stream()
                  .filter(e -> e.slope().step() < best.slope().step())
                  .filter(e -> e.slope().step() <= steps.own())
                  .findFirst()
                  .map(e -> disproves(e, derivative, noise))
                  .orElse(true);
      outcome = wrong ? Outcome.WRONG : Outcome.UNDECIDED;
    }
    return decision(outcome, derivative, best, noise);
  }

  /** Measures at a step so large that the function may throw, being outside of its domain. */
  private static FiniteDifference beyond(double h, DoubleFunction<FiniteDifference> slopeAt) {
    try {
      return slopeAt.apply(h);
    } catch (RuntimeException e) {
      return FiniteDifference.OUTSIDE;
    }
  }

  /** Returns by which rule a derivative passes, or null. */
  private @Nullable Outcome agreement(
      Derivative derivative, Estimate e, double noise, double precision) {
    double scale = scale(derivative, e);
    double error = e.distance(derivative.analytic);
    double uncertainty = e.uncertainty() + noise;
    if (absolute > 0 && error <= absolute && uncertainty <= absolute) {
      return Outcome.ABSOLUTE;
    }
    double enough = Math.max(precision * scale, relative * beside(derivative, e));
    double least = Math.max(absolute, derivative.nothing);
    if (!(error <= allowed(scale, derivative) + uncertainty
        && uncertainty <= Math.max(least, enough))) {
      return null;
    }
    return error <= relative * scale ? Outcome.RELATIVE : Outcome.ROUND_OFF;
  }

  private boolean disproves(Estimate e, Derivative derivative, double noise) {
    double allowed =
        allowed(scale(derivative, e), derivative) + e.uncertainty() + noise + hidden(e);
    return e.distance(derivative.analytic) > allowed;
  }

  private double allowed(double scale, Derivative derivative) {
    return Math.max(Math.max(absolute, derivative.nothing), relative * scale);
  }

  private static double scale(Derivative derivative, Estimate e) {
    return Math.max(Math.abs(derivative.analytic), Math.abs(e.value()));
  }

  private Decision decision(Outcome outcome, Derivative derivative, Estimate e, double noise) {
    double uncertainty = e.uncertainty() + noise;
    double scale = scale(derivative, e);
    if (outcome == Outcome.UNDECIDED) {
      uncertainty = Math.max(uncertainty + hidden(e), e.distance(derivative.analytic));
    } else if (outcome != Outcome.ROUND_OFF && uncertainty <= relative * beside(derivative, e)) {
      scale = beside(derivative, e);
    }
    return new Decision(outcome, e, uncertainty == 0 ? 0 : scale == 0 ? 1 : uncertainty / scale);
  }

  /** Returns beside what an error may be nothing. */
  private static double beside(Derivative derivative, Estimate e) {
    return Math.max(scale(derivative, e), Math.max(derivative.largest, e.slope().steepest()));
  }

  /** Returns the slope that outputs which did not move may have all the same. */
  private static double hidden(Estimate e) {
    return e.slope().still() / e.slope().step();
  }

  private boolean isBetween(Derivative derivative, FiniteDifference slope) {
    double low = Math.min(slope.left(), slope.right());
    double high = Math.max(slope.left(), slope.right());
    double slack = allowed(slope.steepest(), derivative) + slope.roundOff();
    return derivative.analytic >= low - slack && derivative.analytic <= high + slack;
  }
}
