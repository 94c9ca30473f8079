package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.UnaryOperator;
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

  private static void close(Tensor actual, Tensor expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.toDoubleArray()).containsExactly(expected.toDoubleArray(), within(1e-11));
  }
}
