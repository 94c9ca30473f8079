package dev.adjoint.check;

import java.util.List;

/**
 * Says how far a slope can be trusted: the derivative is within truncation and round-off of it.
 *
 * @param slope by some step
 * @param truncation what a smaller step would reduce
 * @param roundOff what a larger step would reduce
 */
record Estimate(Slope slope, double truncation, double roundOff) {

  /** Judges a slope by itself: outputs that did not move may have moved by their rounding. */
  static Estimate alone(Slope slope, double grain) {
    double roundOff = (slope.rounding() + slope.still()) / slope.step() + moving(slope, grain);
    return new Estimate(slope, slope.truncation(), roundOff);
  }

  /**
   * Judges a slope among others. Its noise is what the values' rounding, or the wobble at smaller
   * steps, makes of it; its truncation is how far it is from any slope of a smaller step that has
   * less noise than they are apart.
   *
   * @param all descending by step
   * @param at which of them
   */
  static Estimate among(List<Slope> all, int at, double grain) {
    Slope slope = all.get(at);
    List<Slope> finer = all.subList(at + 1, all.size());
    // What moves at a large step is not constant at a small one.
    double still = all.stream().mapToDouble(Slope::still).min().orElse(0);
    double noise = slope.rounding() + slope.still() - still;
    for (Slope s : finer) {
      noise = Math.max(noise, 3 * s.wobble());
    }
    double truncation = slope.truncation();
    for (Slope s : finer) {
      double apart = Math.abs(slope.value() - s.value());
      if (apart > noise / s.step() + moving(s, grain)) {
        truncation = Math.max(truncation, apart);
      }
    }
    return new Estimate(slope, truncation, noise / slope.step() + moving(slope, grain));
  }

  /** Returns the error from a step that is itself rounded. */
  private static double moving(Slope slope, double grain) {
    return grain / slope.step() * Math.abs(slope.value());
  }

  double value() {
    return slope.value();
  }

  double uncertainty() {
    return truncation + roundOff;
  }

  double distance(double analytic) {
    return Math.abs(analytic - value());
  }
}
