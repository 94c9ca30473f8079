package dev.adjoint.optim;

/**
 * A factor of the learning rate for each step: {@code
 * optimizer.schedule(Schedule.cosine(900).warmup(100))}.
 *
 * <p>The factor multiplies the rate that has been set on the optimizer, and those of its groups. It
 * depends on nothing but the number of the step, so that schedules can be combined, drawn and
 * resumed; {@link ReduceOnPlateau}, which listens to a loss, is the exception.
 */
@FunctionalInterface
public interface Schedule {

  /**
   * Returns the factor of a step.
   *
   * @param step the number of steps before it: 0 for the first
   */
  double factor(int step);

  /** Returns the schedule that changes nothing. */
  static Schedule constant() {
    return step -> 1;
  }

  /** Multiplies by gamma after every so many steps (PyTorch's StepLR). */
  static Schedule step(int every, double gamma) {
    Numbers.atLeast(1, "Schedule.step", "every", every);
    Numbers.atLeastZero("Schedule.step", "gamma", gamma);
    return step -> Math.pow(gamma, step / every);
  }

  /** Multiplies by gamma when each of these numbers of steps is reached (MultiStepLR). */
  static Schedule multiStep(double gamma, int... milestones) {
    Numbers.atLeastZero("Schedule.multiStep", "gamma", gamma);
    int[] reached = milestones.clone();
    return step -> {
      double factor = 1;
      for (int milestone : reached) {
        factor *= step >= milestone ? gamma : 1;
      }
      return factor;
    };
  }

  /** Multiplies by gamma after every step (ExponentialLR). */
  static Schedule exponential(double gamma) {
    Numbers.atLeastZero("Schedule.exponential", "gamma", gamma);
    return step -> Math.pow(gamma, step);
  }

  /** Goes from one factor to another in so many equal steps, and stays there (LinearLR). */
  static Schedule linear(double start, double end, int steps) {
    Numbers.atLeastZero("Schedule.linear", "start", start);
    Numbers.atLeastZero("Schedule.linear", "end", end);
    Numbers.atLeast(1, "Schedule.linear", "steps", steps);
    return step -> {
      int taken = Math.min(step, steps);
      double way = (end - start) * taken / steps;
      return start + (Double.isFinite(way) ? way : (end - start) * (taken / (double) steps));
    };
  }

  /** Falls to 0 along half a cosine, in so many steps. */
  static Schedule cosine(int steps) {
    return cosine(steps, 0);
  }

  /**
   * Falls along half a cosine, in so many steps, and stays there, where PyTorch's CosineAnnealingLR
   * would rise again (Loshchilov and Hutter 2017, arXiv:1608.03983).
   */
  static Schedule cosine(int steps, double lowest) {
    Numbers.atLeast(1, "Schedule.cosine", "steps", steps);
    Numbers.atLeastZero("Schedule.cosine", "lowest", lowest);
    return step -> halfCosine(1, lowest, Math.min(step, steps) / (double) steps);
  }

  /** Falls to 0 as a power of the steps that are left, and stays there (PolynomialLR). */
  static Schedule polynomial(int steps, double power) {
    Numbers.atLeast(1, "Schedule.polynomial", "steps", steps);
    Numbers.atLeastZero("Schedule.polynomial", "power", power);
    return step -> Math.pow(1 - Math.min(step, steps) / (double) steps, power);
  }

  /**
   * Rises in so many steps, the last of which has factor 1, and falls with the inverse square root
   * of the number of steps (Vaswani et al. 2017, arXiv:1706.03762, section 5.3): theirs with a
   * learning rate of {@code 1 / sqrt(width * warmup)}.
   */
  static Schedule inverseSquareRoot(int warmup) {
    Numbers.atLeast(1, "Schedule.inverseSquareRoot", "warmup", warmup);
    Schedule fall = step -> Math.sqrt(warmup / (double) (warmup + step));
    return fall.warmup(warmup - 1);
  }

  /** Falls to 0 in so many steps, as 1 minus a square root, and stays there. */
  static Schedule oneMinusSqrt(int steps) {
    Numbers.atLeast(1, "Schedule.oneMinusSqrt", "steps", steps);
    return step -> 1 - Math.sqrt(Math.min(step, steps) / (double) steps);
  }

  /**
   * Rises, stays at 1 for so many steps, and falls (WSD; Hu et al. 2024, arXiv:2404.06395): the
   * number of stable steps need not be known before.
   *
   * @param decay the fall: {@code linear(1, 0, steps)}, or {@link #oneMinusSqrt}, which Hägele et
   *     al. 2024, arXiv:2405.18392, found to be better
   */
  static Schedule warmupStableDecay(int warmup, int stable, Schedule decay) {
    return constant().then(stable, decay).warmup(warmup);
  }

  /**
   * Falls along half a cosine and starts anew, again and again (CosineAnnealingWarmRestarts).
   *
   * @param first the steps to the first restart
   * @param growth how many times as long each period is as the one before
   */
  static Schedule cosineWithRestarts(int first, int growth, double lowest) {
    Numbers.atLeast(1, "Schedule.cosineWithRestarts", "first", first);
    Numbers.atLeast(1, "Schedule.cosineWithRestarts", "growth", growth);
    Numbers.atLeastZero("Schedule.cosineWithRestarts", "lowest", lowest);
    return step -> {
      long start = growth == 1 ? (long) step / first * first : 0;
      long period = first;
      while (step >= start + period) {
        start += period;
        period *= growth;
      }
      return halfCosine(1, lowest, (step - start) / (double) period);
    };
  }

  /**
   * Rises from 1/25 to 1 in the first 30 percent of the steps and falls to 1/250,000 in the others,
   * along half cosines (OneCycleLR; Smith and Topin 2018, arXiv:1708.07120). The momentum stays.
   *
   * <p>The factor is 1 in a whole step, where PyTorch's may pass it between two: that in which the
   * rise ends, rounded; the first, if the rise is less than one and a half steps.
   */
  static Schedule oneCycle(int steps) {
    return oneCycle(steps, 0.3, 25, 1e4);
  }

  /**
   * Rises to 1 and falls, along half cosines, and stays there; as {@link #oneCycle(int)}.
   *
   * @param rise the part of the steps in which it rises
   * @param div 1 over the first factor
   * @param finalDiv the first factor over the last
   */
  static Schedule oneCycle(int steps, double rise, double div, double finalDiv) {
    Numbers.atLeast(2, "Schedule.oneCycle", "steps", steps);
    Numbers.belowOne("Schedule.oneCycle", "rise", rise);
    int highest = Math.clamp(Math.round(rise * steps) - 1, 0, steps - 2); // has factor 1
    double first = 1 / Numbers.atLeastOne("Schedule.oneCycle", "div", div);
    double last = first / Numbers.atLeastOne("Schedule.oneCycle", "finalDiv", finalDiv);
    return step ->
        step < highest
            ? halfCosine(first, 1, step / (double) highest)
            : halfCosine(1, last, Math.min(1, (step - highest) / (steps - 1.0 - highest)));
  }

  /** Returns this after a linear rise over so many steps, from {@code 1 / (steps + 1)}. */
  default Schedule warmup(int steps) {
    Numbers.atLeast(0, "Schedule.warmup", "steps", steps);
    Schedule rise = step -> (step + 1.0) / (steps + 1) * factor(0);
    return rise.then(steps, this);
  }

  /** Returns this for so many steps, and then another from its beginning (SequentialLR). */
  default Schedule then(int steps, Schedule next) {
    Numbers.atLeast(0, "Schedule.then", "steps", steps);
    return step -> step < steps ? factor(step) : next.factor(step - steps);
  }

  /** Returns the product of both (ChainedScheduler). */
  default Schedule times(Schedule other) {
    return step -> factor(step) * other.factor(step);
  }

  /** Returns this with epochs of so many steps in the place of steps. */
  default Schedule every(int steps) {
    Numbers.atLeast(1, "Schedule.every", "steps", steps);
    return step -> factor(step / steps);
  }

  private static double halfCosine(double from, double to, double part) {
    return to + (from - to) * ((1 + Math.cos(Math.PI * part)) / 2);
  }
}
