package dev.adjoint.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.AnomalyException;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.op.Losses;
import dev.adjoint.op.Masking;
import dev.adjoint.op.Pad;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Anomaly mode, as users see it: this package is not the engine's, so its lines are user code. */
class AnomalyTest {

  private final Tensor x = Tensor.of(new double[] {0, 1, 4, 9}, 2, 2).tracked();

  @Test
  void theFirstNaNOfAForwardPassIsNamed() {
    assertAnomaly(
        () -> x.minus(1).log().sum(),
        "log of (2, 2) gave NaN in shape (2, 2), computed at",
        "lambda");
    assertAnomaly(() -> x.plus(x.reciprocal()), "reciprocal of (2, 2) gave infinity", "lambda");
    assertAnomaly(() -> x.log(), "log of (2, 2) gave -infinity", "lambda");
    assertAnomaly(
        () -> Tensor.of(1.0).div(Tensor.of(0.0)), "div of (1) and (1) gave inf", "lambda");
  }

  @Test
  void theFirstInfinityOfABackwardPassIsNamedWithTheLineThatComputedIt() {
    assertAnomaly(
        () -> rootOf(x).sum().backward(),
        "the gradient of sqrt of (2, 2) with respect to its input 0 has infinity in shape (2, 2)",
        "rootOf");
    assertAnomaly(
        () -> Autodiff.checkpoint(() -> rootOf(x)).sum().backward(),
        "the gradient of sqrt",
        "rootOf");
  }

  @Test
  void theDivergenceFromAProbabilityOfZeroIsNoAnomaly() {
    Tensor target = Tensor.of(0.0, 1).tracked();
    Tensor logTarget = Tensor.of(Double.NEGATIVE_INFINITY, 0).tracked();
    Tensor logits = Tensor.of(Double.NEGATIVE_INFINITY, -1).tracked();
    Autodiff.detectAnomalies(() -> {
      Gradients g = Losses.klDiv(logits, target).backward();
      assertThat(g.of(logits).toDoubleArray()).containsExactly(0, -1);
      assertThat(g.of(target).toDoubleArray()).containsExactly(0, 2);
      Tensor ofLogs = Losses.klDiv(logits, logTarget, true, Losses.Reduction.MEAN);
      assertThat(ofLogs.item()).isEqualTo(1);
      assertThat(ofLogs.backward().of(logTarget).toDoubleArray()).containsExactly(0, 2);
      return ofLogs;
    });
  }

  @Test
  void gradientsOfGradientsAreWatchedToo() {
    Tensor t = Tensor.of(0.0).tracked();
    assertAnomaly(
        () -> Backward.wrt(t).createGraph().of(power(t).sum()).of(t).sum().backward(),
        "the gradient of ",
        "power");
  }

  @Test
  void aGraphOfOutsideSaysSo() {
    Tensor y = rootOf(x).sum();
    assertThatThrownBy(() -> Autodiff.detectAnomalies(() -> y.backward()))
        .isInstanceOf(AnomalyException.class)
        .hasMessageContaining("the gradient of sqrt")
        .hasMessageContaining("a line outside of detectAnomalies");
  }

  @Test
  void whatIsFiniteIsLeftAlone() {
    Tensor y = Autodiff.detectAnomalies(() -> x.plus(1).sqrt().sum());
    assertThat(Autodiff.detectAnomalies(() -> y.backward()).of(x).get(0, 0)).isEqualTo(0.5);
    assertThat(x.log().get(0, 0)).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void anInfinityThatWasGivenIsNoAnomaly() {
    double none = Double.NEGATIVE_INFINITY;
    Tensor mask = Tensor.of(new double[] {0, none, 0, 0}, 2, 2);
    Tensor triangle = Tensor.of(new double[] {0, 1, 0, 0}, 2, 2);
    assertThat(
            Autodiff.detectAnomalies(() -> x.plus(mask).softmax(-1).square().sum().backward().of(x))
                .isFinite()
                .all()
                .item())
        .isEqualTo(1);
    Autodiff.detectAnomalies(
        () -> Masking.maskedFill(x, triangle, none).softmax(-1).square().sum().backward());
    Autodiff.detectAnomalies(() -> Pad.apply(x, 0, 1, 1, none).max(0).sum().backward());
    Tensor all = Tensors.full(Shape.of(2, 2), none, DType.FLOAT64);
    assertAnomaly(() -> x.plus(all).minus(all), "minus of (2, 2) and (2, 2) gave NaN", "lambda");
  }

  private static Tensor rootOf(Tensor t) {
    return t.sqrt();
  }

  private static Tensor power(Tensor t) {
    return t.pow(1.5);
  }

  private static void assertAnomaly(Supplier<?> action, String what, String where) {
    assertThatThrownBy(() -> Autodiff.detectAnomalies(action))
        .isInstanceOf(AnomalyException.class)
        .hasMessageContaining(what)
        .message()
        .matches("(?s).*AnomalyTest\\.[^ ]*" + where + "[^ ]*\\(AnomalyTest.java:\\d+\\).*");
  }
}
