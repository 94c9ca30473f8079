package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
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

  @Test
  void anUpdateInTheMiddleOfAReadIsNoticed() {
    CustomFunction function =
        new CustomFunction() {
          @Override
          public Tensor forward(List<Tensor> x) {
            Tensor y = x.get(0).copy();
            w.assign(Tensor.of(3.0, 4.0));
            return y;
          }

          @Override
          public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
            return List.of(cotangent);
          }
        };
    Tensor before = w.value();
    refuses(() -> Autodiff.apply(function, before));
  }

  @Test
  void noReadMixesOldAndNewElements() throws InterruptedException {
    int n = 20_000;
    Parameter p = new Parameter("hidden.weight", Tensors.zeros(n));
    IntTensor classes = IntTensor.of(new int[n / 2]);
    // Each gives elements that are all the same, if those of the parameter are.
    List<Function<Tensor, Tensor>> reads =
        List.of(
            t -> t.times(1),
            t -> Tensor.of(t.toFloatArray()),
            Tensor::copy,
            t -> t.reshape(n / 10, 10).matmul(Tensors.ones(10, 10)),
            t -> t.square().sum().backward().of(p),
            t -> t.reshape(n / 2, 2).argmax(1).toTensor(DType.FLOAT32),
            t -> Losses.crossEntropy(t.reshape(n / 2, 2), classes).backward().of(p).abs());
    AtomicBoolean done = new AtomicBoolean();
    Thread writer =
        new Thread(() -> {
          for (int i = 1; !done.get(); i++) {
            float value = i % 1000;
            p.update(array -> Arrays.fill((float[]) array, value));
            LockSupport.parkNanos(20_000);
          }
        });
    writer.start();
    int complete = 0;
    try {
      // On a slow machine all of them may come too late.
      for (int i = 0; i < 700 || complete == 0 && i < 1_000_000; i++) {
        try {
          Tensor all = reads.get(i % reads.size()).apply(p.value());
          assertThat(all.max().item()).isEqualTo(all.min().item());
          complete++;
        } catch (IllegalStateException e) {
          assertThat(e).hasMessageContaining("parameter 'hidden.weight' was updated");
        }
      }
    } finally {
      done.set(true);
      writer.join();
    }
    assertThat(complete).isPositive();
  }

  @Test
  void anUpdateThatFailsLeavesTheParameterReadable() {
    Tensor before = w.value();
    assertThatThrownBy(() ->
            w.update(array -> {
              throw new OutOfMemoryError("no memory for the update");
            }))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(w.value().toDoubleArray()).containsExactly(1, 2);
    refuses(before::toDoubleArray);
  }

  @Test
  void severalParametersAreAssignedOrNone() {
    Parameter v = new Parameter("v", Tensor.of(5.0));
    Map<Parameter, Tensor> swapped = new LinkedHashMap<>();
    swapped.put(v, w.value().slice(0, 1, 2));
    swapped.put(w, Tensor.of(7.0, 8.0));
    Parameter.assign(swapped);
    assertThat(v.value().toDoubleArray()).containsExactly(2);
    assertThat(w.value().toDoubleArray()).containsExactly(7, 8);
    swapped.put(w, Tensor.of(1.0));
    swapped.put(v, Tensor.of(9.0));
    assertThatThrownBy(() -> Parameter.assign(swapped))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(v.value().toDoubleArray()).containsExactly(2);
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
    w.update(_ ->
        assertThat(w.toString())
            .startsWith(
                "Parameter hidden.weight, frozen: Tensor(2) float64: parameter 'hidden.weight' was updated"));
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
