package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.AllocatedBytes;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class DerivativesTest {

  private final Tensor x = Tensor.of(1.0, 2.0, 3.0);
  private final Tensor w = Generator.seeded(3).normal(0, 1, Shape.of(3, 2), DType.FLOAT64);

  @Test
  void valueAndGradient() {
    ValueAndGradient one = Derivatives.valueAndGradient(t -> t.square().sum(), x);
    assertThat(one.value().item()).isEqualTo(14);
    assertThat(one.gradient().toDoubleArray()).containsExactly(2, 4, 6);
    assertThat(one.value().isTracked()).isFalse();
    assertThat(one.gradient().isTracked()).isFalse();
    ValueAndGradient two =
        Derivatives.valueAndGradient(t -> t.get(0).times(t.get(1)).sum(), List.of(x, x));
    assertThat(two.gradients()).hasSize(2);
    assertThat(two.gradients().get(1).toDoubleArray()).containsExactly(1, 2, 3);
    assertThatThrownBy(two::gradient).hasMessageContaining("2 inputs; expected 1");
    assertThatThrownBy(() -> Derivatives.valueAndGradient(t -> t.square(), x))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("valueAndGradient: the function returned shape (3)");
  }

  @Test
  void productsWithAVectorAgreeWithTheJacobian() {
    UnaryOperator<Tensor> f = t -> t.matmul(w).tanh();
    Tensor jacobian = Derivatives.jacobian(f, x);
    assertThat(jacobian.shape()).isEqualTo(Shape.of(2, 3));
    Tensor g = Tensor.of(0.3, -2.0);
    Tensor v = Tensor.of(1.0, -1.0, 0.5);
    close(Derivatives.vjp(f, x, g), g.matmul(jacobian));
    close(Derivatives.jvp(f, x, v), jacobian.matmul(v));
    assertThatThrownBy(() -> Derivatives.vjp(f, x, v))
        .hasMessageContaining("vjp: the cotangent has shape (3), the output (2)");
    assertThatThrownBy(() -> Derivatives.jvp(f, x, g))
        .hasMessageContaining("jvp: vector 0 has shape (2), input 0 (3)");
    assertThatThrownBy(() -> Derivatives.jvp(t -> t.get(0), List.of(x), List.of()))
        .hasMessageContaining("jvp: 0 vectors for 1 inputs");
  }

  @Test
  void aJacobianHasTheAxesOfOutputAndInput() {
    List<Tensor> jacobians =
        Derivatives.jacobian(t -> t.get(0).reshape(1, 3).matmul(t.get(1)), List.of(x, w));
    assertThat(jacobians.get(0).shape()).isEqualTo(Shape.of(1, 2, 3));
    assertThat(jacobians.get(1).shape()).isEqualTo(Shape.of(1, 2, 3, 2));
    close(jacobians.get(0).reshape(2, 3), w.transpose());
    assertThat(jacobians.get(1).get(0, 1, 2, 1)).isEqualTo(3);
    assertThat(jacobians.get(1).get(0, 1, 2, 0)).isZero();
    close(Derivatives.jacobian(t -> t.times(2).sum(), x), Tensor.of(2.0, 2.0, 2.0));
    assertThat(Derivatives.jacobian(t -> t.slice(0, 0, 0), x).shape()).isEqualTo(Shape.of(0, 3));
  }

  @Test
  void whatDoesNotDependHasZeroDerivative() {
    assertThat(Derivatives.jacobian(t -> w, x).shape()).isEqualTo(Shape.of(3, 2, 3));
    assertThat(Derivatives.jacobian(t -> w, x).toDoubleArray()).containsOnly(0);
    List<Tensor> both = Derivatives.jacobian(t -> t.get(0).exp(), List.of(x, w));
    assertThat(both.get(1).shape()).isEqualTo(Shape.of(3, 3, 2));
    assertThat(both.get(1).toDoubleArray()).containsOnly(0);
    assertThat(Derivatives.hessian(t -> t.sum(), x).toDoubleArray()).containsOnly(0);
    assertThat(Derivatives.jvp(t -> w, x, x).toDoubleArray()).containsOnly(0);
    assertThat(Derivatives.vjp(t -> w, x, w).toDoubleArray()).containsOnly(0);
    assertThat(Derivatives.hessianVectorProduct(t -> t.sum(), x, x).toDoubleArray())
        .containsOnly(0);
    assertThat(Derivatives.valueAndGradient(t -> w.sum(), x).gradient().toDoubleArray())
        .containsOnly(0);
  }

  @Test
  void aHessianAndItsProducts() {
    UnaryOperator<Tensor> f = t -> t.prod().plus(t.pow(3).sum());
    Tensor hessian = Derivatives.hessian(f, x);
    close(hessian, Tensor.of(new double[][] {{6, 3, 2}, {3, 12, 1}, {2, 1, 18}}));
    Tensor v = Tensor.of(1.0, -2.0, 0.5);
    close(Derivatives.hessianVectorProduct(f, x, v), hessian.matmul(v));
    List<List<Tensor>> blocks =
        Derivatives.hessian(t -> t.get(0).matmul(t.get(1)).square().sum(), List.of(x, w));
    assertThat(blocks.get(0).get(1).shape()).isEqualTo(Shape.of(3, 3, 2));
    close(blocks.get(0).get(1).reshape(3, 6), blocks.get(1).get(0).reshape(6, 3).transpose());
    List<Tensor> products =
        Derivatives.hessianVectorProduct(
            t -> t.get(0).matmul(t.get(1)).square().sum(), List.of(x, w), List.of(v, w));
    Tensor first =
        blocks
            .get(0)
            .get(0)
            .matmul(v)
            .plus(blocks.get(0).get(1).reshape(3, 6).matmul(w.reshape(6)));
    close(products.get(0), first);
    assertThatThrownBy(() -> Derivatives.hessian(t -> t, x))
        .hasMessageContaining("hessian: the function returned shape (3)");
  }

  @Test
  void derivativesNest() {
    UnaryOperator<Tensor> gradient =
        t -> Derivatives.valueAndGradient(u -> u.pow(4).sum(), t).gradient();
    close(Derivatives.jacobian(gradient, x), Derivatives.hessian(u -> u.pow(4).sum(), x));
    Tensor third = Derivatives.jacobian(t -> Derivatives.hessian(u -> u.pow(4).sum(), t), x);
    assertThat(third.shape()).isEqualTo(Shape.of(3, 3, 3));
    assertThat(third.get(2, 2, 2)).isCloseTo(72, within(1e-9));
    UnaryOperator<Tensor> along = t -> Derivatives.jvp(Tensor::exp, t, t);
    Tensor slopes = x.plus(1).times(x.exp()); // of x e^x
    close(Derivatives.vjp(along, x, Tensors.ones(x.shape(), x.dtype())), slopes);
    UnaryOperator<Tensor> product =
        t -> Derivatives.hessianVectorProduct(u -> u.pow(3).sum(), t, x);
    close(Derivatives.jvp(product, x, Tensor.of(1.0, 1.0, 1.0)), x.times(6));
  }

  @Test
  void oneTensorMayBePassedTwice() {
    Tensor t = x.tracked();
    List<Tensor> parts = Derivatives.vjp(p -> p.get(0).times(p.get(1).square()), List.of(t, t), x);
    close(parts.get(0), x.pow(3));
    close(parts.get(1), x.pow(3).times(2));
    assertThat(parts.get(0).isTracked()).isTrue();
  }

  @Test
  void derivativesWorkInsideOfNoGrad() {
    Tensor h = Autodiff.noGrad(() -> Derivatives.hessian(t -> t.pow(3).sum(), x.tracked()));
    assertThat(h.isTracked()).isFalse();
    assertThat(h.get(2, 2)).isCloseTo(18, within(1e-12));
  }

  @Test
  void gradientsFlowToWhatTheFunctionCaptures() {
    Parameter p = new Parameter("p", w);
    UnaryOperator<Tensor> vector = t -> t.matmul(p.value()).tanh();
    UnaryOperator<Tensor> scalar = t -> vector.apply(t).square().sum();
    Tensor v = Tensor.of(1.0, -1.0, 0.5);
    Map<String, Supplier<Tensor>> all = new LinkedHashMap<>();
    all.put("value", () -> Derivatives.valueAndGradient(scalar, x).value());
    all.put("gradient", () -> Derivatives.valueAndGradient(scalar, x).gradient());
    all.put("vjp", () -> Derivatives.vjp(vector, x, Tensor.of(0.3, -2.0)));
    all.put("jvp", () -> Derivatives.jvp(vector, x, v));
    all.put("hvp", () -> Derivatives.hessianVectorProduct(scalar, x, v));
    all.put("jacobian", () -> Derivatives.jacobian(vector, x));
    all.put("hessian", () -> Derivatives.hessian(scalar, x));
    all.forEach((name, derivative) -> {
      Supplier<Tensor> loss = () -> derivative.get().sin().sum();
      double[] expected = differences(p, loss);
      assertThat(loss.get().backward().of(p).toDoubleArray())
          .as(name)
          .containsExactly(expected, within(1e-7));
      assertThat(Autodiff.noGrad(derivative).isTracked()).as(name).isFalse();
    });
  }

  @Test
  void aGradientPenaltyReachesTheCritic() {
    Parameter critic = new Parameter("critic", Tensor.of(2.0, 3.0));
    Tensor slope =
        Derivatives.valueAndGradient(
                q -> q.matmul(critic.value()).square().sum(), Tensor.of(0.5, 1))
            .gradient();
    // 2 (q w) w with q w = 4; the derivative of |slope|^2 = 4 (q w)^2 w w is 8 (q w) (w w) q + 8 (q
    // w)^2 w
    assertThat(slope.toDoubleArray()).containsExactly(16, 24);
    assertThat(slope.square().sum().backward().of(critic).toDoubleArray())
        .containsExactly(8 * 4 * 13 * 0.5 + 8 * 16 * 2, 8 * 4 * 13 * 1 + 8 * 16 * 3);
  }

  @Test
  @SuppressWarnings("NullAway") // the function returns null
  void aFunctionThatLeavesItsArgumentOutForWhatIsPassedIsRefused() {
    Parameter p = new Parameter("p", w);
    UnaryOperator<Tensor> f = t -> x.matmul(p.value()).tanh();
    Tensor value = p.value();
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> Derivatives.jacobian(f, value),
            () -> Derivatives.hessian(t -> f.apply(t).sum(), value),
            () -> Derivatives.valueAndGradient(t -> f.apply(t).sum(), value),
            () -> Autodiff.noGrad(() -> Derivatives.jvp(f, value, w)))) {
      assertThatThrownBy(call)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(
              "the function does not use its argument 0, but the tensor of shape (3, 2) that is"
                  + " passed for it; expected a function of its argument, or"
                  + " Backward.wrt(tensor).of(value)");
    }
    Tensor t = x.tracked(); // what is captured beside the argument is held
    close(Derivatives.valueAndGradient(u -> u.times(t).sum(), t).gradient(), x);
    assertThatThrownBy(() -> Derivatives.jacobian(u -> null, t))
        .hasMessage("jacobian: the function returned null; expected a tensor");
  }

  @Test
  void functionsOfTensorsOfEightAxesHaveJacobiansAndHessians() {
    Tensor x = Tensor.of(1.0, 2, 3);
    UnaryOperator<Tensor> squares = t -> t.reshape(1, 1, 1, 1, 3, 1, 1, 1).square().reshape(3);
    Tensor expected = Linalg.diagEmbed(x.times(2));
    assertThat(Derivatives.jacobian(squares, x).toDoubleArray())
        .containsExactly(expected.toDoubleArray());
    assertThat(Derivatives.hessian(t -> squares.apply(t).sum(), x).toDoubleArray())
        .containsExactly(Tensors.eye(3).times(2).toDoubleArray());
  }

  @Test
  void aJacobianIsTheSameForwardAndBackwardInBlocksOfAnySize() {
    Tensor a = Generator.seeded(5).normal(0, 1, Shape.of(5, 7), DType.FLOAT64);
    Tensor b = Generator.seeded(6).normal(0, 1, Shape.of(7, 3), DType.FLOAT64);
    Function<List<Tensor>, Tensor> f =
        t -> t.get(0).matmul(t.get(1).softmax(0)).slice(0, 1, 4).times(t.get(0).sum()).tanh();
    for (int copies : new int[] {1, 10, 2000}) { // of the outputs: 9 < 56 < 90
      List<Tensor> jacobians =
          Derivatives.jacobian(t -> f.apply(t).unsqueeze(0).expand(copies, 3, 3), List.of(a, b));
      for (int i = 0; i < 9; i++) {
        Tensor unit = Tensors.arange(9).equal(i).to(DType.FLOAT64).reshape(3, 3);
        List<Tensor> row = Derivatives.vjp(f, List.of(a, b), unit);
        for (int k = 0; k < 2; k++) {
          int[] shape = row.get(k).shape().toArray();
          Tensor rows = jacobians.get(k).reshape(copies, 9, shape[0], shape[1]);
          close(rows.select(0, 0).select(0, i), row.get(k));
          close(rows.select(0, copies - 1).select(0, i), row.get(k));
        }
      }
    }
  }

  @Test
  void theJacobianOfManyOutputsByOneInputFitsIntoASmallHeap() {
    Tensor t = Tensors.arange(20_000).to(DType.FLOAT64);
    long before = AllocatedBytes.ofThisThread();
    Tensor jacobian = Derivatives.jacobian(u -> t.times(u).sin(), Tensor.of(0.5));
    assertThat(AllocatedBytes.ofThisThread() - before).isLessThan(32L << 20);
    close(jacobian, t.times(0.5).cos().times(t).unsqueeze(1));
  }

  @Test
  void aJacobianTakesNoMemoryThatGrowsWithTheSquareOfTheOutput() {
    int n = 3000;
    UnaryOperator<Tensor> f = t -> t.expand(n);
    long halfAnIdentityMatrix = 4L * n * n / 2;
    Tensor jacobian = Derivatives.jacobian(f, Tensor.of(1f));
    assertThat(jacobian.shape()).isEqualTo(Shape.of(n, 1));
    assertThat(jacobian.min().item()).isEqualTo(1);
    Runnable again = () -> Derivatives.jacobian(f, Tensor.of(1f));
    assertThat(AllocatedBytes.ofCompiled(again, halfAnIdentityMatrix))
        .isLessThan(halfAnIdentityMatrix);
  }

  /** Returns the derivatives of a loss by central differences in each element of a parameter. */
  private static double[] differences(Parameter p, Supplier<Tensor> loss) {
    double[] base = p.value().toDoubleArray();
    double[] slopes = new double[base.length];
    double step = 1e-5;
    for (int i = 0; i < base.length; i++) {
      double[] values = new double[2];
      for (int side = 0; side < 2; side++) {
        double[] moved = base.clone();
        moved[i] += side == 0 ? -step : step;
        p.assign(Tensor.of(moved, p.shape().toArray()));
        values[side] = loss.get().item();
      }
      slopes[i] = (values[1] - values[0]) / (2 * step);
    }
    p.assign(Tensor.of(base, p.shape().toArray()));
    return slopes;
  }

  private static void close(Tensor actual, Tensor expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.toDoubleArray()).containsExactly(expected.toDoubleArray(), within(1e-11));
  }
}
