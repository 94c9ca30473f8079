package dev.adjoint.op;

import dev.adjoint.tensor.Tensor;

/**
 * Elementwise activation functions; {@code relu}, {@code tanh} and {@code sigmoid} are methods of
 * {@link Tensor}.
 */
public final class Activations {

  // Fixed point (mean 0, variance 1) of a layer's activations: Klambauer, Unterthiner, Mayr and
  // Hochreiter 2017, "Self-Normalizing Neural Networks", arXiv:1706.02515
  private static final double SELU_ALPHA = 1.6732632423543772;
  private static final double SELU_SCALE = 1.0507009873554805;

  private static final ElementwiseFunction SELU =
      new ElementwiseFunction("selu", 1, x -> elu(x[0], SELU_ALPHA).times(SELU_SCALE));

  private Activations() {}

  /** Returns log(1 + e^x), a smooth relu. */
  public static Tensor softplus(Tensor x) {
    return Unary.SOFTPLUS.apply(x);
  }

  /** Returns x where it is positive, else slope * x; PyTorch's default slope is 0.01. */
  public static Tensor leakyRelu(Tensor x, double slope) {
    return Binary.LEAKY_RELU.apply(x, Tensor.scalar(slope, x.dtype()));
  }

  /** Returns x where it is positive, else alpha * (e^x - 1); PyTorch's default alpha is 1. */
  public static Tensor elu(Tensor x, double alpha) {
    return Binary.ELU.apply(x, Tensor.scalar(alpha, x.dtype()));
  }

  /** Returns elu with the alpha and scale that keep mean 0 and variance 1 from layer to layer. */
  public static Tensor selu(Tensor x) {
    return SELU.apply(x);
  }

  /** Returns x * P(x), with P the normal distribution function, by the error function. */
  public static Tensor gelu(Tensor x) {
    return Unary.GELU.apply(x);
  }

  /** Returns {@link #gelu} approximated by the hyperbolic tangent, within 0.0005. */
  public static Tensor geluTanh(Tensor x) {
    return Unary.GELU_TANH.apply(x);
  }

  /** Returns x * sigmoid(x), also called swish. */
  public static Tensor silu(Tensor x) {
    return Unary.SILU.apply(x);
  }
}
