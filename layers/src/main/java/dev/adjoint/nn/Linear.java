package dev.adjoint.nn;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Computes {@code x W' + b} over the last axis: from (..., in) to (..., out).
 *
 * <p>The weight has the shape (out, in). Weight and bias start uniform between -1/sqrt(in) and
 * 1/sqrt(in).
 */
public final class Linear extends Layer implements Transform {

  private final int in;
  private final int out;
  private final Parameter weight;
  private final @Nullable Parameter bias;

  /** Creates a float32 layer with a bias. */
  public Linear(int in, int out, Generator generator) {
    this(in, out, DType.FLOAT32, generator);
  }

  /** Creates a layer with a bias. */
  public Linear(int in, int out, DType dtype, Generator generator) {
    this(in, out, true, dtype, generator);
  }

  private Linear(int in, int out, boolean withBias, DType dtype, Generator generator) {
    if (in < 1 || out < 1) {
      throw new IllegalArgumentException(
          "Linear: %d inputs and %d outputs; expected at least 1 of both".formatted(in, out));
    }
    this.in = in;
    this.out = out;
    double bound = 1 / Math.sqrt(in);
    weight = parameter("weight", generator.uniform(-bound, bound, Shape.of(out, in), dtype));
    bias =
        withBias ? parameter("bias", generator.uniform(-bound, bound, Shape.of(out), dtype)) : null;
  }

  /** Returns a layer that only multiplies, as before a normalization that shifts by itself. */
  public static Linear withoutBias(int in, int out, DType dtype, Generator generator) {
    return new Linear(in, out, false, dtype, generator);
  }

  @Override
  public Tensor forward(Tensor x) {
    if (x.rank() == 0 || x.size(-1) != in) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected (..., %d)".formatted(this, x.shape(), in));
    }
    Tensor product = x.matmul(weight.value().transpose());
    return bias == null ? product : product.plus(bias.value());
  }

  @Override
  public String toString() {
    return "Linear(%d, %d)".formatted(in, out);
  }
}
