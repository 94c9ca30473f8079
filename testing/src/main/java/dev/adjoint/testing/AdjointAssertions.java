package dev.adjoint.testing;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.TensorFunction;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;

/**
 * Entry points for assertions on tensors, gradients and layers; imported statically, beside
 * AssertJ's own {@code Assertions.assertThat}.
 */
public final class AdjointAssertions {

  private AdjointAssertions() {}

  /** Starts an assertion on a tensor. */
  public static TensorAssert assertThat(Tensor actual) {
    return new TensorAssert(actual);
  }

  /**
   * Starts an assertion on the gradients of a function: {@code assertThatGradientsOf(in ->
   * in[0].exp()).at(x).areCorrect()}.
   */
  public static GradientsAssert assertThatGradientsOf(TensorFunction function) {
    return new GradientsAssert(GradientCheck.of(function));
  }

  /**
   * Starts an assertion on a gradient that was written by hand, in plain Java: {@code
   * assertThatGradientsOf(x -> x[0] * x[1], x -> new double[] {x[1], x[0]}).at(2, 3).areCorrect()}.
   */
  public static GradientsAssert assertThatGradientsOf(
      ToDoubleFunction<double[]> value, UnaryOperator<double[]> gradient) {
    return new GradientsAssert(GradientCheck.of(value, gradient));
  }

  /**
   * Starts an assertion on the gradients of a function of several outputs whose product of vector
   * and jacobian was written by hand, in plain Java.
   */
  public static GradientsAssert assertThatGradientsOf(
      UnaryOperator<double[]> f, BinaryOperator<double[]> vjp) {
    return new GradientsAssert(GradientCheck.of(f, vjp));
  }

  /**
   * Starts an assertion on a jacobian that was written by hand, in plain Java, a row for each
   * output.
   */
  public static GradientsAssert assertThatJacobianOf(
      UnaryOperator<double[]> f, Function<double[], double[][]> jacobian) {
    return new GradientsAssert(GradientCheck.ofJacobian(f, jacobian));
  }

  /**
   * Starts an assertion on a layer: {@code
   * assertThatLayer(layer).onInput(x).hasCorrectGradients()}.
   */
  public static LayerAssert assertThatLayer(Layer layer) {
    return new LayerAssert(layer);
  }
}
