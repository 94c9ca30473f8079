package dev.adjoint.nn;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/** Makes layers and inputs of float64, in which gradients are checked. */
public final class Float64 {

  private Float64() {}

  /** Converts a layer in place and returns it. */
  public static <L extends Layer> L float64(L layer) {
    layer.to(DType.FLOAT64);
    return layer;
  }

  /** Draws numbers of the standard normal distribution. */
  public static Tensor normal(Generator generator, int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  /** Gives every parameter values that no formula can hide behind: not 0, not 1. */
  public static <L extends Layer> L scrambled(L layer, Generator generator) {
    layer.parameters().forEach(p -> p.assign(generator.normal(0.3, 0.7, p.shape(), DType.FLOAT64)));
    return layer;
  }
}
