package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class AxisTest {

  private final Axis axis = new Axis("x");

  private Axis.Scale including(double... numbers) {
    axis.include(axis.places(numbers));
    return axis.scale();
  }

  /** Returns the labels that are seen. */
  private static List<String> labels(Axis.Scale scale) {
    return LongStream.rangeClosed((long) Math.ceil(scale.min()), (long) Math.floor(scale.max()))
        .mapToObj(scale::label)
        .toList();
  }

  @Test
  void anAxisBeginsAtZeroIfThatIsNear() {
    assertThat(labels(including(1, 10))).containsExactly("0", "2", "4", "6", "8", "10");
  }

  @Test
  void anAxisOfNumbersFarFromZeroHasLittleRoomAround() {
    assertThat(labels(including(0.9, 1)))
        .containsExactly("0.9", "0.92", "0.94", "0.96", "0.98", "1");
  }

  @Test
  void largeAndSmallNumbersHaveExponents() {
    assertThat(labels(including(0, 3e-12))).contains("0", "5e-13", "2.5e-12");
    assertThat(labels(new Axis("y").scale())).contains("0", "0.2", "1");
    assertThat(labels(including(0, 3e123))).contains("2.5e123");
  }

  @Test
  void equalNumbersStandInTheMiddle() {
    assertThat(labels(including(5, 5))).contains("5");
    assertThat(labels(including(5, 5 + 1e-9))).doesNotHaveDuplicates();
  }

  @Test
  void logarithmsOfFewDecadesReachAPowerMore() {
    axis.logarithmic();
    assertThat(labels(including(2, 40))).containsExactly("1", "10");
    assertThat(axis.scale().max()).isLessThan(1.8);
  }

  @Test
  void aLogarithmWithinADecadeReachesBothItsPowers() {
    axis.logarithmic();
    assertThat(labels(including(0.02, 0.04))).containsExactly("0.01", "0.1");
  }

  @Test
  void logarithmsOfManyDecadesEndWhereTheNumbersDo() {
    axis.logarithmic();
    assertThat(labels(including(0.02, 4000))).containsExactly("0.1", "1", "10", "100", "1000");
    assertThat(labels(including(1e-30))).contains("1e-20", "1e-10", "1");
  }

  @Test
  void aRangeThatIsSetStays() {
    axis.range(0, 1);
    assertThat(labels(including(-5, 5))).containsExactly("0", "0.2", "0.4", "0.6", "0.8", "1");
  }

  @Test
  void labelsStandAtWholeNumbers() {
    axis.labels(List.of("two", "four"));
    Axis.Scale scale = including(0, 1);
    assertThat(labels(scale)).containsExactly("two", "four");
    assertThat(scale.label(2)).isNotIn("two", "four");
  }
}
