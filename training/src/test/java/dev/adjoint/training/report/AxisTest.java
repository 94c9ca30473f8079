package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class AxisTest {

  private static final double LENGTH = 300;

  private final Axis axis = new Axis("x");

  private Axis.Scale including(double... numbers) {
    axis.include(axis.places(numbers));
    return axis.scale(LENGTH, Svg::width);
  }

  private List<String> labels(double... numbers) {
    return labels(including(numbers));
  }

  private static List<String> labels(Axis.Scale scale) {
    return scale.ticks().stream().map(Axis.Tick::label).toList();
  }

  @Test
  void anAxisBeginsAtZeroIfThatIsNear() {
    assertThat(labels(1, 10)).containsExactly("0", "2", "4", "6", "8", "10");
  }

  @Test
  void anAxisOfNumbersFarFromZeroHasLittleRoomAround() {
    Axis.Scale scale = including(0.9, 1);
    assertThat(labels(scale)).containsExactly("0.90", "0.92", "0.94", "0.96", "0.98", "1.00");
    assertThat(scale.low()).isEqualTo(0.896, within(1e-12));
    assertThat(scale.high()).isEqualTo(1.004, within(1e-12));
  }

  @Test
  void largeAndSmallNumbersHaveExponents() {
    assertThat(labels(0, 3e-12)).contains("0", "1e-12", "2e-12");
    assertThat(labels(new Axis("y").scale(LENGTH, Svg::width))).contains("0", "0.2", "1.0");
    assertThat(labels(0, 3e6)).contains("1e6", "2e6");
    assertThat(labels(0, 3e123)).contains("2e123");
  }

  @Test
  void thousandsAreSetApart() {
    assertThat(labels(0, 2000)).containsExactly("0", "500", "1,000", "1,500", "2,000");
  }

  @Test
  void equalNumbersStandInTheMiddle() {
    assertThat(labels(5, 5)).contains("5.0");
    assertThat(labels(5, 5 + 1e-9)).doesNotHaveDuplicates();
  }

  @Test
  void logarithmsOfFewDecadesHaveLabelsBetweenThePowers() {
    axis.logarithmic();
    assertThat(labels(2, 40)).containsExactly("2", "5", "10", "20");
    assertThat(axis.scale(LENGTH, Svg::width).high()).isLessThan(1.8);
  }

  @Test
  void aLogarithmWithinADecadeHasRoundNumbers() {
    axis.logarithmic();
    assertThat(labels(0.02, 0.04)).containsExactly("0.020", "0.025", "0.030", "0.035", "0.040");
  }

  @Test
  void logarithmsOfManyDecadesEndWhereTheNumbersDo() {
    axis.logarithmic();
    assertThat(labels(0.02, 4000)).containsExactly("0.1", "1", "10", "100", "1,000");
    assertThat(labels(1e-30)).contains("1e-20", "1e-10", "1");
  }

  @Test
  void aLogarithmicLabelStandsAtItsNumber() {
    axis.logarithmic();
    Axis.Scale scale = including(1, 100);
    assertThat(scale.ticks())
        .allSatisfy(tick ->
            assertThat(tick.at())
                .isEqualTo(scale.of(Math.log10(Double.parseDouble(tick.label()))), within(1e-12)));
  }

  @Test
  void aRangeThatIsSetStays() {
    axis.range(0, 1);
    assertThat(labels(-5, 5)).containsExactly("0", "0.2", "0.4", "0.6", "0.8", "1.0");
  }

  @Test
  void namesStandAtWholeNumbers() {
    axis.labels(List.of("two", "four"));
    Axis.Scale scale = including(0, 1);
    assertThat(labels(scale)).containsExactly("two", "four");
    assertThat(scale.ticks().get(1).at()).isEqualTo(scale.of(1));
  }

  @Test
  void labelsThatWouldOverlapAreLeftOut() {
    for (double length : new double[] {30, 60, 120, 300}) {
      Axis large = new Axis("y");
      large.include(123_000, 456_000);
      Axis.Scale scale = large.scale(length, Svg::width);
      for (int i = 1; i < scale.ticks().size(); i++) {
        double apart = (scale.ticks().get(i).at() - scale.ticks().get(i - 1).at()) * length;
        assertThat(apart).isGreaterThanOrEqualTo(Svg.width("400,000"));
      }
    }
    axis.labels(List.of("a long name", "another long name", "a third one"));
    assertThat(labels(axis.scale(100, Svg::width))).containsExactly("a long name", "a third one");
  }

  @Test
  void aRangeOfNeighborsFarFromZeroHasAnEnd() {
    axis.range(1e16, 1e16 + 2);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> assertThat(axis.scale(LENGTH, Svg::width).ticks().size()).isLessThan(7));
  }
}
