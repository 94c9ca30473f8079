package dev.adjoint.op;

import dev.adjoint.tensor.Tensor;

/** Activation functions; {@code relu}, {@code tanh} and {@code sigmoid} are in {@link Tensor}. */
public final class Activations {

  // Fixed point (mean 0, variance 1) of a layer's activations: Klambauer, Unterthiner, Mayr and
  // Hochreiter 2017, "Self-Normalizing Neural Networks", arXiv:1706.02515
  private static final double SELU_ALPHA = 1.6732632423543772;
  private static final double SELU_SCALE = 1.0507009873554805;

  private static final ElementwiseFunction SELU =
      new ElementwiseFunction("selu", 1, x -> elu(x[0], SELU_ALPHA).times(SELU_SCALE));

  private static final ElementwiseFunction LOG_SIGMOID =
      new ElementwiseFunction("logSigmoid", 1, x -> softplus(x[0].neg()).neg());

  // From 30 on tanh is 1 in float64, too; below -1000 it is 0, and so is the product.
  private static final ElementwiseFunction MISH =
      new ElementwiseFunction(
          "mish",
          1,
          x -> {
            Tensor near = x[0].clamp(-1000, 30);
            return Where.where(x[0].greater(30), x[0], near.times(softplus(near).tanh()));
          });

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

  /**
   * Returns x limited to {@code low <= x <= high}, in PyTorch by default -1 and 1. The gradient at
   * the limits is 0, where that of {@link Tensor#clamp} is 1.
   */
  public static Tensor hardtanh(Tensor x, double low, double high) {
    return new Clamp(low, high, true).apply(x);
  }

  /** Returns log(sigmoid(x)), accurate where that is nearly 0 and where it is nearly 1. */
  public static Tensor logSigmoid(Tensor x) {
    return LOG_SIGMOID.apply(x);
  }

  /**
   * Returns x * tanh(softplus(x)) (Misra 2019, arXiv:1908.08681); at -infinity the limit, 0, where
   * PyTorch has NaN.
   */
  public static Tensor mish(Tensor x) {
    return MISH.apply(x);
  }

  /** Returns x / (1 + |x|); at infinity the limits, -1 and 1, where PyTorch has NaN. */
  public static Tensor softsign(Tensor x) {
    return Unary.SOFTSIGN.apply(x);
  }

  /** Returns x * sigmoid(x), also called swish. */
  public static Tensor silu(Tensor x) {
    return Unary.SILU.apply(x);
  }
}
