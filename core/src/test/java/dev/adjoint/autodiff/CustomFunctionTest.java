package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class CustomFunctionTest {

  private final Tensor x = Tensor.of(1.0, 2.0, 3.0).tracked();

  @Test
  void aPullbackInTensorOperationsGivesEveryOrder() {
    CustomFunction cube =
        function(in -> in.get(0).pow(3), (g, in) -> List.of(g.times(in.get(0).square().times(3))));
    Tensor y = Autodiff.apply(cube, x);
    assertThat(y.toDoubleArray()).containsExactly(1, 8, 27);
    assertThat(y.sum().backward().of(x).toDoubleArray()).containsExactly(3, 12, 27);
    Tensor g = Backward.wrt(x).createGraph().of(y.sum()).of(x);
    Tensor h = Backward.wrt(x).createGraph().of(g.sum()).of(x);
    assertThat(h.toDoubleArray()).containsExactly(6, 12, 18);
    assertThat(h.sum().backward().of(x).toDoubleArray()).containsExactly(6, 6, 6);
  }

  @Test
  void aPullbackOnArraysGivesTheFirstOrderAndRefusesTheSecond() {
    CustomFunction square = onArrays();
    Tensor y = Autodiff.apply(square, x).sum();
    assertThat(y.backward().of(x).toDoubleArray()).containsExactly(2, 4, 6);
    refuses(() -> Backward.wrt(x).createGraph().of(y));
    refuses(() -> Derivatives.hessian(t -> Autodiff.apply(onArrays(), t).sum(), x));
    refuses(() -> Derivatives.jvp(t -> Autodiff.apply(onArrays(), t), x, x.untracked()));
  }

  @Test
  void aPullbackThatReadsOutOnlyPartlyIsRefusedToo() {
    for (Function<Tensor, Tensor> reader :
        List.<Function<Tensor, Tensor>>of(
            t -> Tensor.of(t.times(2).toDoubleArray(), 3),
            t -> t.plus(Tensor.scalar(t.get(0), DType.FLOAT64)),
            t -> t.times(t.sum().item()),
            t -> t.times(t.toFloatArray()[0]),
            t -> t.times(t.toNestedArray(double[].class)[0]))) {
      CustomFunction f =
          function(in -> in.get(0).times(2), (g, in) -> List.of(g.times(reader.apply(in.get(0)))));
      Tensor y = Autodiff.apply(f, x).square().sum();
      y.backward();
      refuses(() -> Backward.wrt(x).createGraph().of(y));
    }
    CustomFunction ofCotangent =
        function(
            in -> in.get(0).times(2), (g, in) -> List.of(Tensor.of(g.times(2).toDoubleArray(), 3)));
    Tensor z = Autodiff.apply(ofCotangent, x).square().sum();
    assertThat(z.backward().of(x).toDoubleArray()).containsExactly(8, 16, 24);
    refuses(() -> Backward.wrt(x).createGraph().of(z));
  }

  @Test
  void constantsMayBeReadOutAndTensorsPrinted() {
    Tensor scale = Tensor.of(5.0);
    CustomFunction f =
        function(
            in -> in.get(0).times(in.get(1)),
            (g, in) -> {
              assertThat(in.get(0).toString()).contains("1, 2, 3");
              double s = in.get(1).item();
              return List.of(g.times(s), g.times(in.get(0)).sum().reshape(1));
            });
    Tensor y = Autodiff.apply(f, x, scale).square().sum();
    Tensor g = Backward.wrt(x).createGraph().of(y).of(x);
    assertThat(g.sum().backward().of(x).toDoubleArray()).containsExactly(50, 50, 50);
  }

  @Test
  void aPullbackMayCallAFunctionThatComputesOnArrays() {
    CustomFunction outer =
        function(
            in -> in.get(0).times(in.get(0)).times(in.get(0)),
            (g, in) -> List.of(g.times(Autodiff.apply(onArrays(), in.get(0))).times(3)));
    Tensor g = Backward.wrt(x).createGraph().of(Autodiff.apply(outer, x).sum()).of(x);
    assertThat(g.toDoubleArray()).containsExactly(3, 12, 27);
    assertThat(g.sum().backward().of(x).toDoubleArray()).containsExactly(6, 12, 18);
    refuses(() -> Backward.wrt(x).createGraph().of(g.sum()));
  }

  @Test
  void otherOperationsInTheSameGraphAreNotSealed() {
    Tensor y = Autodiff.apply(onArrays(), x).sum();
    assertThat(x.square().toDoubleArray()).containsExactly(1, 4, 9);
    Tensor z = x.exp();
    Tensor g = Backward.wrt(z).createGraph().of(y.times(z).sum()).of(z);
    assertThat(g.toDoubleArray()).containsExactly(14, 14, 14);
  }

  @Test
  void cotangentsMustFit() {
    Tensor one = Tensor.of(1.0, 1.0, 1.0).tracked();
    CustomFunction few = function(in -> in.get(0).plus(in.get(1)), (g, in) -> List.of(g));
    assertThatThrownBy(() -> Autodiff.apply(few, x, one).sum().backward())
        .hasMessageContaining("returned 1 cotangents for 2 inputs");
    CustomFunction small = function(in -> in.get(0).times(2), (g, in) -> List.of(g.sum()));
    assertThatThrownBy(() -> Autodiff.apply(small, x).sum().backward())
        .hasMessageContaining("cotangent of shape () for input 0 of shape (3)");
    Tensor rows = Tensor.of(new double[12], 4, 3);
    CustomFunction broadcast =
        function(in -> in.get(0).times(rows), (g, in) -> List.of(g.times(rows)));
    assertThatThrownBy(() -> Autodiff.apply(broadcast, x).sum().backward())
        .hasMessageEndingWith(
            "a cotangent of shape (4, 3) for input 0 of shape (3); expected equal shapes: the input"
                + " was broadcast, so sum over axes [0]");
    CustomFunction mean = function(in -> in.get(0).mean(), (g, in) -> List.of(g.div(3)));
    assertThatThrownBy(() -> Autodiff.apply(mean, x).backward())
        .hasMessageEndingWith("so spread its cotangent over them");
    CustomFunction single =
        function(in -> in.get(0).times(2), (g, in) -> List.of(g.times(2).to(DType.FLOAT32)));
    assertThat(Autodiff.apply(single, x).sum().backward().of(x).dtype()).isEqualTo(DType.FLOAT64);
  }

  @Test
  void theGraphKeepsItsOwnListOfInputs() {
    Tensor[] inputs = {x};
    Tensor y =
        Autodiff.apply(
            function(in -> in.get(0).square(), (g, in) -> List.of(g.times(in.get(0)).times(2))),
            inputs);
    inputs[0] = Tensor.of(7.0, 7.0, 7.0).tracked();
    assertThat(y.sum().backward().of(x).toDoubleArray()).containsExactly(2, 4, 6);
  }

  @Test
  void aFunctionMayReturnItsInput() {
    CustomFunction reversal = function(in -> in.get(0), (g, in) -> List.of(g.neg()));
    Tensor y = Autodiff.apply(reversal, x);
    assertThat(y.toDoubleArray()).containsExactly(1, 2, 3);
    assertThat(y.sum().backward().of(x).toDoubleArray()).containsExactly(-1, -1, -1);
  }

  private static void refuses(org.assertj.core.api.ThrowableAssert.ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("custom function: its pullback reads out a tensor")
        .hasMessageContaining("expected a pullback in tensor operations");
  }

  /** The square, on arrays in both directions. */
  private static CustomFunction onArrays() {
    return function(
        in -> {
          double[] values = in.get(0).toDoubleArray();
          for (int i = 0; i < values.length; i++) {
            values[i] *= values[i];
          }
          return Tensor.of(values, values.length);
        },
        (g, in) -> {
          double[] result = g.toDoubleArray();
          double[] values = in.get(0).toDoubleArray();
          for (int i = 0; i < values.length; i++) {
            result[i] *= 2 * values[i];
          }
          return List.of(Tensor.of(result, result.length));
        });
  }

  private interface Pullback {
    List<Tensor> apply(Tensor g, List<Tensor> in);
  }

  private static CustomFunction function(
      Function<List<Tensor>, Tensor> forward, Pullback pullback) {
    return new CustomFunction() {
      @Override
      public Tensor forward(List<Tensor> inputs) {
        return forward.apply(inputs);
      }

      @Override
      public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
        return pullback.apply(cotangent, inputs);
      }
    };
  }

  @Test
  void aHookKeepsTheTypeOfTheGradient() {
    Tensor t = Tensor.of(1f, 2f).tracked();
    Tensor y = Autodiff.onGradient(t, g -> g.times(Tensor.of(2.0, 3.0)));
    Tensor gradient = y.sum().backward().of(t);
    assertThat(gradient.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(gradient.toFloatArray()).containsExactly(2, 3);
  }

  @Test
  @SuppressWarnings("NullAway") // the mistakes of users whose build does not check for null
  void whoReturnsNullIsToldSo() {
    Tensor t = Tensor.of(1.0, 2.0).tracked();
    assertThatThrownBy(() -> Autodiff.onGradient(t, g -> null).sum().backward())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("onGradient: the hook returned null for a gradient of shape (2)");
    assertThatThrownBy(() -> Autodiff.apply(returning(t, null), t).sum().backward())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "named: the pullback returned null; expected a list of 1 cotangents, one for each"
                + " input");
    assertThatThrownBy(
            () -> Autodiff.apply(returning(t, Collections.singletonList(null)), t).sum().backward())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "named: the pullback returned null for input 0; expected a cotangent of shape (2),"
                + " zeros if it has no influence");
    assertThatThrownBy(() -> Autodiff.apply(returning(null, List.of()), t))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("named: forward returned null; expected a tensor");
    assertThatThrownBy(() -> Autodiff.checkpoint(() -> null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("checkpoint: the computation returned null; expected a tensor");
  }

  @SuppressWarnings("NullAway")
  private static CustomFunction returning(Tensor y, List<Tensor> cotangents) {
    return new CustomFunction() {
      @Override
      public String name() {
        return "named";
      }

      @Override
      public Tensor forward(List<Tensor> inputs) {
        return y;
      }

      @Override
      public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
        return cotangents;
      }
    };
  }
}
