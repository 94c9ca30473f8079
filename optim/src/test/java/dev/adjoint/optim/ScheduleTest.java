package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Compares schedules with the recurrences of PyTorch's, which get each rate from the one before,
 * and with the rates that its documentation lists.
 */
class ScheduleTest {

  /** Computes a rate from the one before and the number of steps taken. */
  private interface Recurrence {
    double next(double rate, int step);
  }

  private static void compare(Schedule schedule, int steps, double first, Recurrence recurrence) {
    double rate = first;
    assertThat(schedule.factor(0)).isCloseTo(first, within(1e-15));
    for (int step = 1; step <= steps; step++) {
      rate = recurrence.next(rate, step);
      assertThat(schedule.factor(step)).as("step %d", step).isCloseTo(rate, within(1e-12));
    }
  }

  private static double[] factors(Schedule schedule, int steps) {
    return IntStream.range(0, steps).mapToDouble(schedule::factor).toArray();
  }

  @Test
  void constantChangesNothing() {
    assertThat(factors(Schedule.constant(), 3)).containsExactly(1, 1, 1);
  }

  @Test
  void stepIsStepLR() {
    compare(Schedule.step(30, 0.1), 100, 1, (rate, step) -> step % 30 == 0 ? rate * 0.1 : rate);
    assertThat(0.05 * Schedule.step(30, 0.1).factor(29)).isEqualTo(0.05);
    assertThat(0.05 * Schedule.step(30, 0.1).factor(30)).isCloseTo(0.005, within(1e-15));
    assertThat(0.05 * Schedule.step(30, 0.1).factor(60)).isCloseTo(0.0005, within(1e-15));
  }

  @Test
  void multiStepIsMultiStepLR() {
    compare(
        Schedule.multiStep(0.1, 80, 30),
        100,
        1,
        (rate, step) -> step == 30 || step == 80 ? rate * 0.1 : rate);
  }

  @Test
  void exponentialIsExponentialLR() {
    compare(Schedule.exponential(0.93), 100, 1, (rate, step) -> rate * 0.93);
  }

  @Test
  void linearIsLinearLR() {
    double start = 1.0 / 3;
    compare(
        Schedule.linear(start, 1, 5),
        10,
        start,
        (rate, step) ->
            step > 5 ? rate : rate * (1 + (1 - start) / (5 * start + (step - 1) * (1 - start))));
    assertThat(factors(Schedule.linear(0.5, 1, 4).times(step -> 0.05), 6))
        .containsExactly(new double[] {0.025, 0.03125, 0.0375, 0.04375, 0.05, 0.05}, within(1e-15));
  }

  @Test
  void cosineIsCosineAnnealingLRToItsEnd() {
    double lowest = 0.1;
    compare(
        Schedule.cosine(50, lowest),
        49,
        1,
        (rate, step) ->
            (1 + Math.cos(Math.PI * step / 50))
                    / (1 + Math.cos(Math.PI * (step - 1) / 50))
                    * (rate - lowest)
                + lowest);
    assertThat(Schedule.cosine(50).factor(50)).isEqualTo(0);
    assertThat(Schedule.cosine(50, lowest).factor(1000)).isEqualTo(lowest);
  }

  @Test
  void cosineWithRestartsIsCosineAnnealingWarmRestarts() {
    for (int growth : new int[] {1, 2, 3}) {
      int[] clock = {0, 10}; // T_cur and T_i
      compare(
          Schedule.cosineWithRestarts(10, growth, 0.1),
          200,
          1,
          (rate, step) -> {
            if (++clock[0] >= clock[1]) {
              clock[0] -= clock[1];
              clock[1] *= growth;
            }
            return 0.1 + 0.9 * (1 + Math.cos(Math.PI * clock[0] / clock[1])) / 2;
          });
    }
    assertThat(Schedule.cosineWithRestarts(10, 1, 0).factor(Integer.MAX_VALUE)).isBetween(0.0, 1.0);
    assertThat(Schedule.cosineWithRestarts(10, 2, 0).factor(Integer.MAX_VALUE)).isBetween(0.0, 1.0);
  }

  @Test
  void oneCycleIsOneCycleLR() {
    int steps = 100;
    Schedule cycle = Schedule.oneCycle(steps);
    double first = 1.0 / 25;
    double last = first / 1e4;
    double up = 0.3 * steps - 1;
    for (int step = 0; step < steps; step++) {
      boolean rising = step <= up;
      double part = rising ? step / up : (step - up) / (steps - 1 - up);
      double from = rising ? first : 1;
      double to = rising ? 1 : last;
      double expected = to + (from - to) / 2 * (Math.cos(Math.PI * part) + 1);
      assertThat(cycle.factor(step)).isCloseTo(expected, within(1e-14));
    }
    assertThat(cycle.factor(0)).isCloseTo(0.04, within(1e-15));
    assertThat(cycle.factor(29)).isEqualTo(1);
    assertThat(cycle.factor(99)).isCloseTo(4e-6, within(1e-15));
    assertThat(cycle.factor(1000)).isEqualTo(cycle.factor(99));
    assertThat(Schedule.oneCycle(10, 0.1, 10, 10).factor(0)).isEqualTo(1);
    assertThat(Schedule.oneCycle(10, 0, 10, 10).factor(9)).isCloseTo(0.01, within(1e-15));
  }

  @Test
  void oneCycleReachesItsHighestFactorHoweverFewTheSteps() {
    for (int steps = 2; steps < 60; steps++) {
      for (double rise : new double[] {0, 0.1, 0.3, 0.5, 0.99}) {
        double[] factors = factors(Schedule.oneCycle(steps, rise, 25, 1e4), steps + 5);
        assertThat(Arrays.stream(factors).max().getAsDouble()).isEqualTo(1);
        assertThat(factors[steps - 1]).isCloseTo(4e-6, within(1e-15));
        assertThat(factors[steps + 4]).isEqualTo(factors[steps - 1]);
      }
    }
    assertThat(factors(Schedule.oneCycle(4), 4))
        .containsExactly(new double[] {1, 0.75, 0.25, 0}, within(1e-5));
    assertThat(factors(Schedule.oneCycle(6), 3))
        .containsExactly(new double[] {0.04, 1, 0.853553}, within(1e-5));
  }

  @Test
  void aWarmupRisesInEqualStepsToWhereTheScheduleBegins() {
    assertThat(factors(Schedule.step(2, 0.5).warmup(3), 8))
        .containsExactly(0.25, 0.5, 0.75, 1, 1, 0.5, 0.5, 0.25);
    assertThat(Schedule.cosine(10).warmup(0).factor(3)).isEqualTo(Schedule.cosine(10).factor(3));
  }

  @Test
  void thenIsSequentialLR() {
    // The example of PyTorch's documentation: ConstantLR(0.1), at step 20 ExponentialLR(0.9).
    Schedule schedule = ((Schedule) step -> 0.1).then(20, Schedule.exponential(0.9));
    assertThat(0.05 * schedule.factor(19)).isCloseTo(0.005, within(1e-15));
    assertThat(0.05 * schedule.factor(20)).isCloseTo(0.05, within(1e-15));
    assertThat(0.05 * schedule.factor(21)).isCloseTo(0.045, within(1e-15));
  }

  @Test
  void timesIsChainedScheduler() {
    // The example of PyTorch's documentation: ConstantLR(0.1, 20) and ExponentialLR(0.9).
    Schedule schedule =
        ((Schedule) step -> 0.1).then(20, Schedule.constant()).times(Schedule.exponential(0.9));
    assertThat(0.05 * schedule.factor(0)).isCloseTo(0.005, within(1e-15));
    assertThat(0.05 * schedule.factor(1)).isCloseTo(0.0045, within(1e-15));
    assertThat(0.05 * schedule.factor(19)).isCloseTo(0.00067543, within(1e-8));
    assertThat(0.05 * schedule.factor(20)).isCloseTo(0.00607883, within(1e-8));
  }

  @Test
  void everyCountsEpochs() {
    assertThat(factors(Schedule.exponential(0.5).every(3), 7))
        .containsExactly(1, 1, 1, 0.5, 0.5, 0.5, 0.25);
  }

  @Test
  void anOptimizerAppliesItsSchedule() {
    Parameter w = new Parameter("w", Tensor.of(0.0));
    Optimizer sgd = new SGD(List.of(w)).learningRate(0.5).schedule(Schedule.exponential(0.1));
    assertThat(sgd.currentLearningRate()).isEqualTo(0.5);
    sgd.step(w.value().sum().backward());
    assertThat(sgd.currentLearningRate()).isEqualTo(0.05);
    sgd.step(w.value().sum().backward());
    assertThat(w.value().item()).isCloseTo(-0.55, within(1e-15));
    assertThat(sgd.learningRate()).isEqualTo(0.5);
    sgd.learningRate(50);
    sgd.step(w.value().sum().backward());
    assertThat(w.value().item()).isCloseTo(-1.05, within(1e-15));
  }

  @Test
  void factorsNextToTheLargestNumberDoNotOverflow() {
    assertThat(Schedule.linear(1e308, 0, 10).factor(5)).isEqualTo(5e307);
    assertThat(Schedule.linear(0, 1.5e308, 8).factor(4)).isEqualTo(7.5e307);
    assertThat(Schedule.linear(0, 1.5e308, 8).factor(9)).isEqualTo(1.5e308);
    Schedule cosine = Schedule.cosine(4, 1.5e308);
    assertThat(cosine.factor(2)).isCloseTo(7.5e307, withinPercentage(1e-9));
    assertThat(cosine.factor(4)).isEqualTo(1.5e308);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.step(0, 0.1))
        .withMessage("Schedule.step: every 0; expected at least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.exponential(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.multiStep(Double.NaN, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.linear(0, 1, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.cosine(0))
        .withMessage("Schedule.cosine: steps 0; expected at least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.cosineWithRestarts(5, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.oneCycle(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.oneCycle(10, 0.3, 0.5, 1))
        .withMessage("Schedule.oneCycle: div 0.5; expected a number of at least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.constant().warmup(-1));
    Parameter w = new Parameter("w", Tensor.of(0.0));
    Optimizer sgd = new SGD(List.of(w)).schedule(step -> 1 - step);
    sgd.step(w.value().sum().backward());
    sgd.step(w.value().sum().backward());
    assertThatIllegalStateException()
        .isThrownBy(() -> sgd.step(w.value().sum().backward()))
        .withMessage(
            "SGD: the schedule's factor for step 2 is -1.0; expected a number of at least 0");
  }

  @Test
  void polynomialIsPolynomialLR() {
    compare(
        Schedule.polynomial(40, 1.7),
        60,
        1,
        (rate, step) ->
            step > 40 ? rate : rate * Math.pow((1 - step / 40.0) / (1 - (step - 1) / 40.0), 1.7));
    // The rates that PyTorch's documentation lists for 0.001, 4 steps and power 1.
    assertThat(factors(Schedule.polynomial(4, 1), 6)).containsExactly(1, 0.75, 0.5, 0.25, 0, 0);
  }

  @Test
  void inverseSquareRootIsNoams() {
    int width = 512;
    int warmup = 400;
    double rate = 1 / Math.sqrt(width * (double) warmup);
    for (int step = 0; step < 2000; step++) {
      double t = step + 1;
      double noam = Math.pow(width, -0.5) * Math.min(Math.pow(t, -0.5), t * Math.pow(warmup, -1.5));
      assertThat(rate * Schedule.inverseSquareRoot(warmup).factor(step))
          .as("step %d", step)
          .isCloseTo(noam, within(1e-15));
    }
    assertThat(Schedule.inverseSquareRoot(1).factor(0)).isEqualTo(1);
  }

  @Test
  void warmupStableDecayHasThreePhases() {
    assertThat(factors(Schedule.warmupStableDecay(3, 2, Schedule.linear(1, 0, 4)), 11))
        .containsExactly(0.25, 0.5, 0.75, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0);
    assertThat(factors(Schedule.warmupStableDecay(0, 1, Schedule.oneMinusSqrt(4)), 7))
        .containsExactly(
            new double[] {1, 1, 0.5, 1 - Math.sqrt(0.5), 1 - Math.sqrt(0.75), 0, 0}, within(1e-15));
  }

  @Test
  void newSchedulesRefuseBadNumbers() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.polynomial(0, 1))
        .withMessage("Schedule.polynomial: steps 0; expected at least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.polynomial(3, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.inverseSquareRoot(0))
        .withMessage("Schedule.inverseSquareRoot: warmup 0; expected at least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> Schedule.oneMinusSqrt(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Schedule.warmupStableDecay(1, -1, Schedule.constant()))
        .withMessage("Schedule.then: steps -1; expected at least 0");
  }
}
