package dev.adjoint.nn;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Multiplies each feature by a learned factor that is small at first, so that a deep residual
 * network starts as the identity (Touvron et al. 2021, arXiv:2103.17239): {@code new Residual(new
 * Sequential(block, new LayerScale(features)))}.
 *
 * <p>The features are the last axis. The factors start at 1e-5 by default; the paper has 0.1 up to
 * 18 blocks, 1e-5 up to 24, then 1e-6.
 */
public final class LayerScale extends Layer implements Transform {

  private final Setting<Integer> features = size("features");
  private final Setting<Double> multiplier = decimal("multiplier", 1);
  private final Weight weight = parameter("weight", Shape.of(features.get()), 1e-5);

  /** Creates a layer for inputs of shape (..., features), with factors of 1e-5 at first. */
  public LayerScale(int features) {
    this(features, 1e-5);
  }

  /** Creates a layer for inputs of shape (..., features), with these factors at first. */
  public LayerScale(int features, double factor) {
    this(Description.of(LayerScale::new).set("features", features));
    weight.assign(Tensors.full(weight.shape(), factor, DType.FLOAT32));
  }

  /** Creates a layer from its description. */
  public LayerScale(Description from) {
    super(from);
  }

  /**
   * Makes the factors the weight times a number, which defaults to 1, and changes the weight so
   * that they stay what they are. A step of an optimizer moves the factors that many times as far:
   * nGPT has init / scale for a factor that starts at init and learns like a weight of that scale
   * (Loshchilov et al. 2024, arXiv:2410.01131, section 2.5).
   */
  public LayerScale multiplier(double number) {
    Tensor factors = factors();
    multiplier.set(number);
    weight.assign(factors.div(number));
    return this;
  }

  /** Returns the factors, of shape (features). */
  public Tensor factors() {
    Tensor value = weight.value();
    return multiplier.get() == 1 ? value : value.times(multiplier.get());
  }

  @Override
  public Tensor forward(Tensor x) {
    requireLastAxis("input", x, features.get());
    return observed(x.times(factors()));
  }
}
