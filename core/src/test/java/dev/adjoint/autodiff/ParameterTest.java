package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
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

  private static void refuses(ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("parameter 'hidden.weight' was updated")
        .hasMessageContaining("hidden.weight.value(), or a copy()");
  }
}
