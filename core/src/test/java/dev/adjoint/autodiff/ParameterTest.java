package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ParameterTest {

  private final Parameter w = new Parameter("hidden.weight", Tensor.of(1.0, 2.0));

  @Test
  void anUpdateMakesOldValuesUnreadable() {
    Tensor before = w.value();
    Tensor view = before.flip(0);
    Tensor copy = before.copy();
    w.assign(Tensor.of(3.0, 4.0));
    assertThat(w.value().toDoubleArray()).containsExactly(3, 4);
    assertThat(copy.toDoubleArray()).containsExactly(1, 2);
    refuses(() -> before.toDoubleArray());
    refuses(() -> before.get(0));
    refuses(() -> before.exp());
    refuses(() -> view.plus(1));
    refuses(() -> before.tracked().exp());
    refuses(() -> before.toString());
  }

  @Test
  void aGraphThatNeedsTheOldValueRefuses() {
    Tensor y = w.value().square().sum();
    Tensor z = Autodiff.checkpoint(() -> w.value().square().sum());
    w.update(array -> ((double[]) array)[0] = 7);
    refuses(y::backward);
    refuses(z::backward);
    assertThat(w.value().square().sum().backward().of(w).toDoubleArray()).containsExactly(14, 4);
  }

  @Test
  void aGraphThatSavedNothingDoesNotComplain() {
    Tensor y = w.value().plus(1).reshape(2, 1).neg().sum();
    w.assign(Tensor.of(3.0, 4.0));
    assertThat(y.backward().of(w).toDoubleArray()).containsExactly(-1, -1);
    assertThat(y.item()).isEqualTo(-5);
  }

  @Test
  void theFirstValueIsCopiedAndTheTypeStays() {
    double[] source = {1, 2};
    Tensor initial = Tensor.of(source, 2);
    Parameter p = new Parameter("p", initial.flip(0));
    p.assign(Tensor.of(5f, 6f));
    assertThat(p.value().toDoubleArray()).containsExactly(5, 6);
    assertThat(p.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(initial.toDoubleArray()).containsExactly(1, 2);
    assertThatThrownBy(() -> p.assign(Tensor.of(1.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'p' has shape (2), the new value (1)");
    p.assign(p.value().flip(0));
    assertThat(p.value().toDoubleArray()).containsExactly(6, 5);
  }

  @Test
  void aConversionKeepsTheParameterAndRoundsItsValues() {
    Parameter p = new Parameter("p", Tensor.of(0.1, 2.0).reshape(2, 1));
    p.to(DType.FLOAT32);
    assertThat(p.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(p.shape()).isEqualTo(Shape.of(2, 1));
    assertThat(p.value().toFloatArray()).containsExactly(0.1f, 2);
    Tensor gradient = p.value().square().sum().backward().of(p);
    assertThat(gradient.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(gradient.toFloatArray()).containsExactly(0.2f, 4);
    p.to(DType.FLOAT64);
    assertThat(p.value().toDoubleArray()).containsExactly(0.1f, 2);
    p.assign(Tensor.of(0.1, 0.2).reshape(2, 1));
    assertThat(p.value().toDoubleArray()).containsExactly(0.1, 0.2);
  }

  @Test
  void aConversionMakesOldValuesUnreadable() {
    Tensor before = w.value();
    Tensor y = before.square().sum();
    Tensor z = before.plus(1).sum();
    w.to(DType.FLOAT32);
    for (ThrowingCallable read : List.<ThrowingCallable>of(before::toDoubleArray, y::backward)) {
      assertThatThrownBy(read)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("parameter 'hidden.weight' was converted to float32")
          .hasMessageContaining("or a copy() made before the conversion");
    }
    assertThat(z.backward().of(w).toDoubleArray()).containsExactly(1, 1);
    Tensor converted = w.value();
    w.update(array -> ((float[]) array)[0] = 7);
    refuses(converted::toFloatArray);
    assertThat(w.value().toFloatArray()).containsExactly(7, 2);
  }

  @Test
  void aConversionToItsOwnTypeIsNone() {
    Tensor before = w.value();
    w.to(DType.FLOAT64);
    assertThat(before.toDoubleArray()).containsExactly(1, 2);
  }

  @Test
  void aConversionLeavesAFrozenParameterFrozen() {
    w.freeze();
    w.to(DType.FLOAT32);
    assertThat(w.value().isTracked()).isFalse();
    w.unfreeze();
    assertThat(w.value().sum().backward().of(w).toFloatArray()).containsExactly(1, 1);
  }

  private static void refuses(ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("parameter 'hidden.weight' was updated")
        .hasMessageContaining("hidden.weight.value(), or a copy() made before the update");
  }

  @Test
  void aParameterPrintsItsNameAndItsValues() {
    assertThat(w).hasToString("Parameter hidden.weight: Tensor(2) float64 [1, 2]");
    w.freeze();
    assertThat(w).hasToString("Parameter hidden.weight, frozen: Tensor(2) float64 [1, 2]");
    w.update(_ -> assertThat(w.toString()).contains("being updated, shape (2) float64"));
  }

  @Test
  void gradientsPrintALineEach() {
    Tensor x = Tensor.of(3.0, 4.0).tracked();
    Gradients gradients = w.value().times(x).sum().backward();
    assertThat(gradients.toString().lines())
        .containsExactly(
            "2 gradients",
            "  hidden.weight (2) float64, norm 5.000",
            "  tracked tensor (2) float64, norm 2.236");
    assertThat(gradients.times(1e200).times(1e100).toString()).contains("norm 5.000e+300");
    assertThat(gradients.times(0).toString()).contains("norm 0.000");
    assertThat(gradients.times(Double.NaN).toString()).contains("norm NaN");
  }
}
