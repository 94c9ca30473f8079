package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WrapperTest {

  private final Parameter a = new Parameter("a", Tensor.of(1.0, -2.0));
  private final Parameter b = new Parameter("b", Tensor.of(3.0));
  private final Map<String, Parameter> both = Map.of("x.a", a, "x.b", b);

  private void step(Optimizer optimizer) {
    optimizer.step(a.value().square().sum().plus(b.value().square().sum()).backward());
  }

  @Test
  void settingsAreTheSameThroughWhicheverOfBothTheyAreSet() {
    SGD sgd = new SGD(both).learningRate(0.5).schedule(t -> 1.0 / (1 + t));
    Lookahead outer = new Lookahead(new Lookahead(sgd).steps(100)).steps(100);
    assertThat(outer.learningRate()).isEqualTo(0.5);
    outer.group(ParameterGroup.of(List.of(b)).learningRate(0.25));
    step(outer);
    assertThat(a.value().toDoubleArray()).containsExactly(0, 0);
    assertThat(b.value().toDoubleArray()).containsExactly(1.5);
    assertThat(sgd.currentLearningRate()).isEqualTo(0.25);
    outer.learningRate(0.125).schedule(Schedule.constant()).weightDecay(2);
    assertThat(sgd.learningRate()).isEqualTo(0.125);
    a.assign(Tensor.of(1.0, -2.0));
    step(sgd);
    assertThat(a.value().toDoubleArray()).containsExactly(0.5, -1);
    assertThat(outer.parameters()).isEqualTo(sgd.parameters());
  }

  @Test
  void slowWeightsAreRememberedBesideWhatTheOtherRemembers() {
    Optimizer optimizer = new Lookahead(new SGD(both).learningRate(0.25).momentum(0.5)).steps(2);
    step(optimizer);
    Map<String, Tensor> state = optimizer.state();
    assertThat(state)
        .containsOnlyKeys(
            "step",
            "x.a.step",
            "x.a.momentum_buffer",
            "x.a.slow",
            "x.b.step",
            "x.b.momentum_buffer",
            "x.b.slow");
    assertThat(state.get("x.a.slow").toDoubleArray()).containsExactly(1, -2);
    step(optimizer);
    assertThat(optimizer.state().get("x.a.slow").toDoubleArray())
        .isEqualTo(a.value().toDoubleArray());
  }

  @Test
  void lookaheadOfEveryStepIsAShorterStep() {
    step(new Lookahead(new SGD(both).learningRate(0.5)).steps(1).alpha(0.25));
    assertThat(a.value().toDoubleArray()).containsExactly(0.75, -1.5);
  }

  @Test
  void badSettingsAreNamed() {
    Lookahead lookahead = new Lookahead(new SGD(both));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lookahead.steps(0))
        .withMessage("Lookahead: steps 0; expected at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lookahead.alpha(1.5))
        .withMessage("Lookahead: alpha 1.5; expected 0 <= alpha <= 1");
  }

  @Test
  void slowWeightsThatAreNotRememberedYetBeginAsTheValues() {
    SGD sgd = new SGD(both).learningRate(0.25);
    step(sgd);
    Optimizer optimizer = new Lookahead(sgd).steps(2).alpha(0.5);
    optimizer.load(optimizer.state());
    assertThat(optimizer.state().get("x.a.slow").shape()).isEqualTo(Shape.of(0));
    step(optimizer); // from 0.5 to 0.25, and half of the way back
    assertThat(optimizer.state().get("x.a.slow").toDoubleArray()).containsExactly(0.375, -0.75);
  }
}
