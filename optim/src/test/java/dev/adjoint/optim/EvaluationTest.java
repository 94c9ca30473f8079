package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Parameters have other values while they are evaluated than while they learn. */
class EvaluationTest {

  private final Parameter w = new Parameter("w", Tensor.of(4.0, -2.0));
  private final ScheduleFreeAdamW optimizer = new ScheduleFreeAdamW(List.of(w)).learningRate(0.1);

  private void step() {
    optimizer.step(w.value().square().sum().backward());
  }

  @Test
  void evaluationIsAtTheMeanOfWhatStepsHaveMoved() {
    double[] sum = new double[2];
    double[] weights = {0};
    optimizer.schedule(Schedule.constant().warmup(3));
    for (int t = 0; t < 6; t++) {
      double weight = Math.pow(Math.min(1, (t + 1) / 4.0), 2);
      step();
      double[] z = optimizer.state().get("w.z").toDoubleArray();
      sum[0] += weight * z[0];
      sum[1] += weight * z[1];
      weights[0] += weight;
      double[] y = w.value().toDoubleArray();
      optimizer.eval();
      double[] x = w.value().toDoubleArray();
      assertThat(x)
          .containsExactly(new double[] {sum[0] / weights[0], sum[1] / weights[0]}, within(1e-12));
      assertThat(y[0]).isCloseTo(0.9 * x[0] + 0.1 * z[0], within(1e-12));
      optimizer.train();
      assertThat(w.value().toDoubleArray()).isEqualTo(y);
    }
  }

  @Test
  void nothingIsSteppedSavedOrLoadedMeanwhile() {
    optimizer.eval(); // before the first step nothing is another
    step();
    Map<String, Tensor> state = optimizer.state();
    optimizer.eval();
    optimizer.eval();
    assertThatIllegalStateException()
        .isThrownBy(this::step)
        .withMessage("ScheduleFreeAdamW: step in eval mode; expected train() before");
    assertThatIllegalStateException().isThrownBy(optimizer::state);
    assertThatIllegalStateException().isThrownBy(() -> optimizer.load(state));
    optimizer.train();
    optimizer.train();
    step();
  }

  @Test
  void aWrapperEvaluatesWhatItWraps() {
    Lookahead lookahead = new Lookahead(optimizer);
    lookahead.step(w.value().square().sum().backward());
    lookahead.step(w.value().square().sum().backward());
    double[] y = w.value().toDoubleArray();
    lookahead.eval();
    assertThat(w.value().toDoubleArray()).isNotEqualTo(y);
    assertThatIllegalStateException().isThrownBy(this::step);
    optimizer.train();
    assertThat(w.value().toDoubleArray()).isEqualTo(y);
  }

  @Test
  void withoutAScheduleTheMeanOfNoisyStepsIsNearTheMinimum() {
    Generator generator = Generator.seeded(1);
    for (int t = 0; t < 2000; t++) {
      Tensor noisy = w.value().minus(generator.normal(2));
      optimizer.step(noisy.square().sum().backward());
    }
    double[] y = w.value().toDoubleArray();
    optimizer.eval();
    double[] x = w.value().toDoubleArray();
    assertThat(Math.hypot(x[0], x[1])).isLessThan(0.1).isLessThan(Math.hypot(y[0], y[1]) + 0.1);
  }

  @Test
  void badSettingsAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> optimizer.betas(0, 0.9))
        .withMessage("ScheduleFreeAdamW: beta1 0.0; expected 0 < beta1 < 1");
    assertThatIllegalArgumentException().isThrownBy(() -> optimizer.epsilon(-1));
  }
}
