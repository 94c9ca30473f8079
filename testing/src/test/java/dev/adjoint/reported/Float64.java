package dev.adjoint.reported;

import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/** Makes layers and inputs of float64, in which gradients are checked. */
final class Float64 {

  private Float64() {}

  /** Converts a layer in place and returns it. */
  static <L extends Layer> L float64(L layer) {
    layer.to(DType.FLOAT64);
    return layer;
  }

  /** Draws numbers of the standard normal distribution. */
  static Tensor normal(Generator generator, int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }
}
