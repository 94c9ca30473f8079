package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Tensor;

/**
 * Divides by the activity of neighboring channels: {@code x / (k + alpha / size * sum(x^2))^beta},
 * the sum over size channels around each (Krizhevsky, Sutskever and Hinton 2012).
 *
 * <p>Inputs have the shape (N, C, ...). As in PyTorch and ONNX, alpha defaults to 1e-4, beta to
 * 0.75 and k to 1. The paper does not divide alpha by the size: its network is {@code new
 * LocalResponseNorm(5).alpha(5e-4).k(2)}. Of an even size, one channel more lies before, as in
 * PyTorch. There is nothing to learn.
 */
public final class LocalResponseNorm extends Layer implements Transform {

  private final Setting<Integer> size = size("size");
  private final Setting<Double> alpha = decimal("alpha", 1e-4);
  private final Setting<Double> beta = decimal("beta", 0.75);
  private final Setting<Double> k = decimal("k", 1);

  /** Creates a norm over so many channels. */
  public LocalResponseNorm(int size) {
    this(Description.of(LocalResponseNorm::new).set("size", size));
  }

  /** Creates a layer from its description. */
  public LocalResponseNorm(Description from) {
    super(from);
  }

  /** Sets the weight of the mean square; the default is 1e-4. */
  public LocalResponseNorm alpha(double weight) {
    alpha.set(weight);
    return this;
  }

  /** Sets the exponent; the default is 0.75. */
  public LocalResponseNorm beta(double exponent) {
    beta.set(exponent);
    return this;
  }

  /** Sets what is added to the mean square; the default is 1. */
  public LocalResponseNorm k(double offset) {
    k.set(offset);
    return this;
  }

  @Override
  public Tensor forward(Tensor x) {
    requireInput(x.rank() >= 2, x, () -> "(N, C, ...)");
    Tensor sum = neighbors(x.square(), 1, size.get());
    return observed(x.div(sum.times(alpha.get() / size.get()).plus(k.get()).pow(beta.get())));
  }

  /** Returns the sum of so many elements around each along an axis, with zeros beyond its ends. */
  static Tensor neighbors(Tensor x, int axis, int size) {
    Tensor padded = x.pad(axis, size / 2, (size - 1) / 2, 0);
    Tensor sum = padded.slice(axis, 0, x.size(axis));
    for (int i = 1; i < size; i++) {
      sum = sum.plus(padded.slice(axis, i, i + x.size(axis)));
    }
    return sum;
  }
}
