package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReduceOnPlateauTest {

  /** PyTorch's rule, written from its documentation: whoever is not better counts as bad. */
  private static double[] rates(
      double[] losses,
      int patience,
      double threshold,
      boolean relative,
      int cooldown,
      double least) {
    double best = Double.POSITIVE_INFINITY;
    double rate = 1;
    int bad = 0;
    int cooling = 0;
    double[] rates = new double[losses.length];
    for (int i = 0; i < losses.length; i++) {
      double bar = relative ? best * (1 - threshold) : best - threshold;
      if (losses[i] < bar) {
        best = losses[i];
        bad = 0;
      } else {
        bad++;
      }
      if (cooling > 0) {
        cooling--;
        bad = 0;
      }
      if (bad > patience) {
        rate = Math.max(rate * 0.1, least);
        cooling = cooldown;
        bad = 0;
      }
      rates[i] = rate;
    }
    return rates;
  }

  /** Returns losses that fall, more and more slowly, with noise. */
  private static double[] losses() {
    double[] noise = Generator.seeded(4).uniform(120).toDoubleArray();
    double[] losses = new double[noise.length];
    for (int i = 0; i < losses.length; i++) {
      losses[i] = 1.0 / (i + 1) + 0.1 * noise[i];
    }
    return losses;
  }

  private static double[] observed(ReduceOnPlateau plateau, double[] losses) {
    double[] rates = new double[losses.length];
    for (int i = 0; i < losses.length; i++) {
      plateau.observe(losses[i]);
      rates[i] = plateau.factor(i);
    }
    return rates;
  }

  @Test
  void itLowersTheRateWhenPyTorchDoes() {
    assertThat(observed(new ReduceOnPlateau(), losses()))
        .containsExactly(rates(losses(), 10, 1e-4, true, 0, 0), within(1e-15));
    assertThat(observed(new ReduceOnPlateau().patience(3).threshold(0.1).cooldown(5), losses()))
        .containsExactly(rates(losses(), 3, 0.1, true, 5, 0), within(1e-15));
    assertThat(
            observed(
                new ReduceOnPlateau().patience(3).absoluteThreshold(0.01).lowest(5e-3), losses()))
        .containsExactly(rates(losses(), 3, 0.01, false, 0, 5e-3), within(1e-15))
        .contains(5e-3);
  }

  @Test
  void maximizingIsMinimizingTheOpposite() {
    double[] opposite = Arrays.stream(losses()).map(loss -> -loss).toArray();
    assertThat(
            observed(
                new ReduceOnPlateau().patience(3).absoluteThreshold(0.01).maximize(), opposite))
        .containsExactly(
            observed(new ReduceOnPlateau().patience(3).absoluteThreshold(0.01), losses()));
  }

  @Test
  void aLossThatIsNoNumberIsNoBetter() {
    ReduceOnPlateau plateau = new ReduceOnPlateau().patience(1);
    observed(plateau, new double[] {Double.NaN, 1, Double.NaN, Double.NaN});
    assertThat(plateau.factor(0)).isEqualTo(0.1);
  }

  @Test
  void itIsAScheduleAmongOthers() {
    Parameter w = new Parameter("w", Tensor.of(0.0));
    ReduceOnPlateau plateau = new ReduceOnPlateau().patience(0);
    Optimizer sgd =
        new SGD(List.of(w)).learningRate(1).schedule(Schedule.linear(0.5, 1, 1).times(plateau));
    assertThat(sgd.currentLearningRate()).isEqualTo(0.5);
    observed(plateau, new double[] {1, 1});
    sgd.step(w.value().sum().backward());
    assertThat(w.value().item()).isCloseTo(-0.05, within(1e-15));
  }

  @Test
  void itGoesOnFromASavedState() {
    double[] losses = losses();
    ReduceOnPlateau plateau = new ReduceOnPlateau().patience(3).cooldown(2);
    double[] head = Arrays.copyOf(losses, 60);
    double[] tail = Arrays.copyOfRange(losses, 60, 120);
    observed(plateau, head);
    ReduceOnPlateau resumed = new ReduceOnPlateau().patience(3).cooldown(2);
    resumed.load(plateau.state());
    assertThat(observed(resumed, tail)).isEqualTo(observed(plateau, tail));
    Map<String, Tensor> broken = new HashMap<>(plateau.state());
    broken.remove("best");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> resumed.load(broken))
        .withMessage(
            "load: this state does not fit ReduceOnPlateau: 'best' of shape () is missing");
  }

  @Test
  void nonsenseIsRefused() {
    ReduceOnPlateau plateau = new ReduceOnPlateau();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plateau.gamma(1))
        .withMessage("ReduceOnPlateau: gamma 1.0; expected 0 <= gamma < 1");
    assertThatIllegalArgumentException().isThrownBy(() -> plateau.patience(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> plateau.threshold(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> plateau.cooldown(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> plateau.lowest(-1));
  }

  @Test
  void aNegativeLossIsBetterOnlyIfItIsLower() {
    double[] constant = new double[12];
    Arrays.fill(constant, -1);
    double[] rates = observed(new ReduceOnPlateau().patience(3), constant);
    assertThat(rates[3]).isEqualTo(1);
    assertThat(rates[4]).isEqualTo(0.1);
    ReduceOnPlateau falling = new ReduceOnPlateau().patience(0).threshold(0.01);
    assertThat(observed(falling, new double[] {-100, -101.5, -102})) // the last by less than 1 %
        .containsExactly(1, 1, 0.1);
    ReduceOnPlateau rising = new ReduceOnPlateau().patience(0).threshold(0.01).maximize();
    assertThat(observed(rising, new double[] {-100, -98.5, -98})).containsExactly(1, 1, 0.1);
  }

  @Test
  void anyNumberIsBetterThanAnInfiniteLoss() {
    ReduceOnPlateau plateau = new ReduceOnPlateau().patience(1);
    for (double loss : new double[] {Double.POSITIVE_INFINITY, 9, 8, 7, 6, 5}) {
      plateau.observe(loss);
    }
    assertThat(plateau.factor(0)).isEqualTo(1);
    ReduceOnPlateau score = new ReduceOnPlateau().patience(1).maximize();
    for (double value : new double[] {Double.NEGATIVE_INFINITY, 1, 2, 3, 4, 5}) {
      score.observe(value);
    }
    assertThat(score.factor(0)).isEqualTo(1);
  }
}
