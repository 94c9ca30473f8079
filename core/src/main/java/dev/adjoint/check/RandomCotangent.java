package dev.adjoint.check;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/** Draws the numbers by which the elements of an output are added up to one. */
final class RandomCotangent {

  private RandomCotangent() {}

  /**
   * Returns 1 for a single output, so that a report shows the gradient itself; else random ones.
   */
  static Tensor of(Shape shape, DType dtype, Generator random) {
    return shape.size() == 1 ? Tensors.ones(shape, dtype) : draw(shape, dtype, random);
  }

  /**
   * Returns numbers between 0.5 and 1.5 with random signs: none is so small as to hide an error.
   */
  static Tensor draw(Shape shape, DType dtype, Generator random) {
    Tensor sign = signs(shape, dtype, random);
    return random.uniform(0.5, 1.5, shape, dtype).times(sign);
  }

  /** Returns the sum of all outputs, weighed without signs; what is not finite does not count. */
  static double size(double[] weights, double[] outputs) {
    double sum = 0;
    for (int i = 0; i < outputs.length; i++) {
      sum += Double.isFinite(outputs[i]) ? Math.abs(weights[i] * outputs[i]) : 0;
    }
    return sum;
  }

  /** Returns numbers that are 1 or -1. */
  static Tensor signs(Shape shape, DType dtype, Generator random) {
    return random.bernoulli(0.5, shape, dtype).times(2).minus(1);
  }
}
