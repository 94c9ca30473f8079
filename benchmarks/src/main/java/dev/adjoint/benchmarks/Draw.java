package dev.adjoint.benchmarks;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/** Draws what both libraries compute on: the same numbers in every process. */
final class Draw {

  private final Generator generator;
  private final DType dtype;

  Draw(long seed, DType dtype) {
    generator = Generator.seeded(seed);
    this.dtype = dtype;
  }

  /** Draws the cotangent of an output. */
  static Tensor cotangent(DType dtype, int... sizes) {
    return new Draw(2, dtype).normal(sizes);
  }

  /** Returns the generator, for what draws its own weights. */
  Generator generator() {
    return generator;
  }

  Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), dtype);
  }

  /** Returns numbers of [0.5, 2), for what wants them positive. */
  Tensor positive(int... sizes) {
    return generator.uniform(0.5, 2, Shape.of(sizes), dtype);
  }

  IntTensor indices(int bound, int... sizes) {
    return generator.integers(bound, sizes);
  }
}
