package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;

import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Computes a loss that depends on a weight W and data x only through {@code norm(x W')}, and its
 * gradients: what the tests of why normalization works are about.
 */
record Problem(Transform norm, Tensor w, Tensor x, Tensor towards) {

  static final int CASES = 16;
  static final int IN = 10;
  static final int OUT = 12;

  /** Returns a problem with random numbers of float64. */
  static Problem of(Transform norm) {
    Generator generator = Generator.seeded(8);
    return new Problem(
        norm,
        normal(generator, OUT, IN),
        generator.normal(0.5, 1, Shape.of(CASES, IN), DType.FLOAT64),
        normal(generator, CASES, OUT));
  }

  /** Names the norms that are invariant to the scale of all weights and data. */
  enum Norm {
    BATCH,
    LAYER,
    GROUP,
    RMS,
    SCALE;

    Transform with(double epsilon) {
      Normalization<?> norm =
          switch (this) {
            case BATCH -> new BatchNorm(OUT);
            case LAYER -> new LayerNorm(OUT);
            case GROUP -> new GroupNorm(3, OUT);
            case RMS -> new RMSNorm(OUT);
            case SCALE -> new ScaleNorm(OUT);
          };
      return float64(norm.epsilon(epsilon));
    }
  }

  Problem withWeight(Tensor other) {
    return new Problem(norm, other, x, towards);
  }

  Problem withData(Tensor other) {
    return new Problem(norm, w, other, towards);
  }

  Tensor output() {
    return norm.forward(x.matmul(w.transpose()));
  }

  /** A loss that is as good as any other. */
  Tensor loss() {
    return output().tanh().minus(towards).square().sum();
  }

  /** Returns the gradient of the loss with respect to W. */
  Tensor weightGradient() {
    Tensor tracked = w.tracked();
    return withWeight(tracked).loss().backward().of(tracked);
  }

  /** Returns the gradient of the loss with respect to x. */
  Tensor dataGradient() {
    Tensor tracked = x.tracked();
    return withData(tracked).loss().backward().of(tracked);
  }

  /** Returns the difference of two tensors relative to the second, in norm. */
  static double difference(Tensor a, Tensor b) {
    return a.minus(b).norm(2).item() / b.norm(2).item();
  }
}
