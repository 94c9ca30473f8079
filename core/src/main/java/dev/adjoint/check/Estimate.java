package dev.adjoint.check;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A finite difference with its error: the derivative is within truncation and round-off of it.
 *
 * @param slope by some step
 * @param truncation what a smaller step would reduce
 * @param roundOff what a larger step would reduce
 */
record Estimate(FiniteDifference slope, double truncation, double roundOff) {

  /** Judges a slope by itself: outputs that did not move may have moved by their rounding. */
  static Estimate alone(FiniteDifference slope, double grain) {
    double roundOff = (slope.rounding() + slope.still()) / slope.step() + moving(slope, grain);
    return new Estimate(slope, slope.truncation(), roundOff);
  }

  /**
   * Judges slopes among one another. The noise of each is what the values' rounding, or the wobble
   * at small steps, makes of it; its truncation is how far it is from any slope of a smaller step
   * that has less noise than they are apart.
   *
   * @param slopes descending by step
   */
  static List<Estimate> of(List<FiniteDifference> slopes, StepSizes steps) {
    double still = slopes.stream().mapToDouble(FiniteDifference::still).min().orElse(0);
    double wobble = wobble(slopes, steps.first());
    List<Estimate> estimates = new ArrayList<>();
    for (FiniteDifference slope : slopes.reversed()) {
      // What moves at a large step is not constant at a small one.
      double noise = Math.max(slope.rounding() + slope.still() - still, 6 * wobble);
      double roundOff = noise / slope.step() + moving(slope, steps.grain());
      double truncation = slope.truncation();
      for (Estimate finer : estimates) {
        double apart = finer.distance(slope.value());
        truncation = apart > finer.roundOff ? Math.max(truncation, apart) : truncation;
      }
      estimates.add(new Estimate(slope, truncation, roundOff));
    }
    return estimates.reversed();
  }

  /**
   * Returns the wobble that is noise: that of the smallest steps at which anything moves, before it
   * begins to grow with the step, as that of a smooth function, or of a kink nearby, does.
   */
  private static double wobble(List<FiniteDifference> slopes, double largest) {
    double[] w =
        slopes.reversed().stream()
            .filter(s -> s.step() <= largest && s.wobble() > 0)
            .mapToDouble(FiniteDifference::wobble)
            .limit(8)
            .toArray();
    double growth = slopes.size() < 2 ? 1 : 0.5 * slopes.get(0).step() / slopes.get(1).step();
    double noise = 0;
    for (int i = 0; i < Math.min(5, w.length); i++) {
      boolean steep = grows(w, i, 2, growth * growth);
      if (steep || grows(w, i, 3, growth)) {
        break;
      }
      noise = Math.max(noise, w[i]);
    }
    return noise;
  }

  /** Tells whether a number is more than a factor times the one before, so often in turn. */
  private static boolean grows(double[] w, int from, int times, double factor) {
    return from + times < w.length
        && IntStream.range(from, from + times).allMatch(i -> w[i + 1] > factor * w[i]);
  }

  /** Returns the error from a step that is itself rounded. */
  private static double moving(FiniteDifference slope, double grain) {
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
