package dev.adjoint.testing;

import dev.adjoint.check.TensorFunction;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;

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
    return new GradientsAssert(function);
  }

  /**
   * Starts an assertion on a layer: {@code
   * assertThatLayer(layer).onInput(x).hasCorrectGradients()}.
   */
  public static LayerAssert assertThatLayer(Layer layer) {
    return new LayerAssert(layer);
  }
}
