package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightAverageTest {

  private final Parameter w = new Parameter("w", Tensor.of(1.0, 2.0));
  private final WeightAverage average = new WeightAverage(List.of(w)).decay(0.75);

  private double[] averages() {
    return average.swappedIn(() -> w.value().toDoubleArray());
  }

  @Test
  void theFirstUpdateCopiesAndLaterOnesMoveTowardsTheParameters() {
    w.assign(Tensor.of(4.0, 8.0));
    average.update();
    assertThat(averages()).containsExactly(4, 8);
    w.assign(Tensor.of(0.0, 4.0));
    average.update();
    assertThat(averages()).containsExactly(3, 7);
    average.update();
    assertThat(averages()).containsExactly(2.25, 6.25);
  }

  @Test
  void theWeightsOfThePastAreAGeometricSequence() {
    WeightAverage slow = new WeightAverage(List.of(w));
    double expected = 0;
    for (int step = 0; step <= 100; step++) {
      w.assign(Tensor.of((double) step, 0.0));
      slow.update();
      expected = step == 0 ? 0 : 0.999 * expected + 0.001 * step;
    }
    double average = slow.swappedIn(() -> w.value().get(0));
    assertThat(average).isCloseTo(expected, within(1e-12));
  }

  @Test
  void parametersGetTheirOwnValuesBack() {
    average.update();
    w.assign(Tensor.of(5.0, 5.0));
    average.update();
    assertThat(averages()).containsExactly(2, 2.75);
    assertThat(w.value().toDoubleArray()).containsExactly(5, 5);
    assertThatIllegalStateException()
        .isThrownBy(() ->
            average.swappedIn(() -> {
              throw new IllegalStateException("while swapped in");
            }))
        .withMessage("while swapped in");
    assertThat(w.value().toDoubleArray()).containsExactly(5, 5);
    assertThat(averages()).containsExactly(2, 2.75);
  }

  @Test
  void beforeTheFirstUpdateParametersKeepTheirValues() {
    assertThat(averages()).containsExactly(1, 2);
  }

  @Test
  void nothingChangesTheAveragesWhileTheyAreSwappedIn() {
    average.update();
    average.swappedIn(() -> {
      assertThatIllegalStateException()
          .isThrownBy(average::update)
          .withMessage(
              "WeightAverage: update while the averages are swapped in; expected it after"
                  + " swappedIn(...)");
      assertThatIllegalStateException().isThrownBy(() -> average.swappedIn(() -> 1));
      assertThatIllegalStateException().isThrownBy(average::state);
      return 1;
    });
  }

  @Test
  void itGoesOnFromASavedState() {
    average.update();
    w.assign(Tensor.of(3.0, 3.0));
    average.update();
    Map<String, Tensor> state = average.state();
    assertThat(state.keySet()).containsExactly("n_averaged", "w.average");
    WeightAverage resumed = new WeightAverage(List.of(w)).decay(0.75);
    resumed.load(state);
    resumed.update();
    average.update();
    double[] after = resumed.swappedIn(() -> w.value().toDoubleArray());
    assertThat(after).isEqualTo(averages());

    Map<String, Tensor> broken = new HashMap<>(state);
    broken.put("w.average", Tensors.ones(3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> resumed.load(broken))
        .withMessage(
            "load: this state does not fit WeightAverage: 'w.average' has shape (3), expected (2)");
    assertThat(resumed.swappedIn(() -> w.value().toDoubleArray())).isEqualTo(after);
  }

  @Test
  void averagesFollowTheTypeOfTheParameter() {
    average.update();
    w.to(DType.FLOAT32);
    w.assign(Tensor.of(5.0, 6.0));
    average.update();
    assertThat(averages()).containsExactly(2, 3);
    w.to(DType.FLOAT64);
    assertThat(averages()).containsExactly(2, 3);
    assertThat(w.value().toDoubleArray()).containsExactly(5, 6);
  }

  @Test
  void anyNumberOfThreadsGivesTheSameBits() {
    assertThat(Parallel.withThreads(1, WeightAverageTest::someUpdates))
        .isEqualTo(Parallel.withThreads(4, WeightAverageTest::someUpdates));
  }

  private static float[] someUpdates() {
    Generator generator = Generator.seeded(2);
    Parameter large = new Parameter("large", generator.normal(50_003));
    WeightAverage average = new WeightAverage(List.of(large)).decay(0.9);
    for (int i = 0; i < 4; i++) {
      average.update();
      large.assign(generator.normal(50_003));
    }
    return average.swappedIn(() -> large.value().toFloatArray());
  }

  @Test
  void theDecayIsBelowOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> average.decay(1))
        .withMessage("WeightAverage: decay 1.0; expected 0 <= decay < 1");
  }

  @Test
  void aCumulativeAverageIsThePlainMeanOfAllUpdates() {
    Parameter w = new Parameter("w", Tensor.of(0.0, 0.0));
    WeightAverage average = new WeightAverage(List.of(w)).cumulativeAverage();
    for (int i = 1; i <= 7; i++) {
      w.assign(Tensor.of(i, i * i));
      average.update();
    }
    assertThat(average.updates()).isEqualTo(7);
    average.assign();
    assertThat(w.value().toDoubleArray()).containsExactly(new double[] {4, 20}, within(1e-12));
    average.reset();
    assertThat(average.state()).containsOnlyKeys("n_averaged");
    w.assign(Tensor.of(Double.POSITIVE_INFINITY, 1.0));
    average.update();
    w.assign(Tensor.of(2.0, 3.0));
    average.reset();
    average.update();
    assertThat(average.state().get("w.average").toDoubleArray()).containsExactly(2, 3);
  }
}
