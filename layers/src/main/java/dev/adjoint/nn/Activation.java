package dev.adjoint.nn;

import dev.adjoint.op.Activations;
import dev.adjoint.tensor.Tensor;

/**
 * Elementwise activation functions, each with its gain for {@link Initializers}.
 *
 * <p>In a {@link Sequential} any function does, {@code Tensor::relu} or {@code x ->
 * Activations.elu(x, 0.5)}; these are printed by name, and can be saved.
 */
public enum Activation implements Transform, Describable {
  /** x itself. */
  IDENTITY(1, x -> x),
  /** max(x, 0). */
  RELU(Math.sqrt(2), Tensor::relu),
  /** x, or 0.01 x where it is negative. */
  LEAKY_RELU(Math.sqrt(2 / (1 + 0.01 * 0.01)), x -> Activations.leakyRelu(x, 0.01)),
  /** x, or e^x - 1 where it is negative. */
  ELU(1, x -> Activations.elu(x, 1)),
  /** Scaled elu, which keeps mean 0 and variance 1. */
  SELU(0.75, Activations::selu),
  /** x P(X {@literal <} x), with X normal. */
  GELU(1, Activations::gelu),
  /** x sigmoid(x). */
  SILU(1, Activations::silu),
  /** log(1 + e^x). */
  SOFTPLUS(1, Activations::softplus),
  /** log(sigmoid(x)). */
  LOG_SIGMOID(1, Activations::logSigmoid),
  /** x tanh(softplus(x)). */
  MISH(1, Activations::mish),
  /** x / (1 + |x|). */
  SOFTSIGN(1, Activations::softsign),
  /** x, limited to -1 and 1. */
  HARDTANH(1, x -> Activations.hardtanh(x, -1, 1)),
  /** The hyperbolic tangent. */
  TANH(5.0 / 3, Tensor::tanh),
  /** 1 / (1 + e^-x). */
  SIGMOID(1, Tensor::sigmoid);

  private final double gain;
  private final Transform function;

  Activation(double gain, Transform function) {
    this.gain = gain;
    this.function = function;
  }

  @Override
  public Tensor forward(Tensor x) {
    return function.forward(x);
  }

  /** Returns the function of a description. */
  public static Activation of(Description from) {
    return from.constant("function", Activation.class);
  }

  @Override
  public Description description() {
    return Description.of(Activation::of).set("function", name());
  }

  /** Returns the factor for the deviation of the weights before this, as in torch.nn.init. */
  public double gain() {
    return gain;
  }
}
