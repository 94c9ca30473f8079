package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TimeSeriesTest {

  private static TimeSeries ofFive() {
    TimeSeries series = new TimeSeries();
    for (int i = 1; i <= 5; i++) {
      series.add(i, 10 * i);
    }
    return series;
  }

  @Test
  void theFirstRowAndEverySecondAfterItStay() {
    TimeSeries series = ofFive();
    series.thin();
    assertThat(series.column(0)).containsExactly(1, 3, 5);
  }

  @Test
  void aMeanIsOfTheRowsThatThereAre() {
    TimeSeries averaged = ofFive().averaged(3);
    assertThat(averaged.column(0)).containsExactly(1.5, 3.5, 5);
    assertThat(averaged.column(1)).containsExactly(15, 35, 50);
  }
}
