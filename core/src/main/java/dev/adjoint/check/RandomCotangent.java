package dev.adjoint.check;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/** Random numbers by which the elements of an output are weighed and added up to one. */
final class RandomCotangent {

  private RandomCotangent() {}

  /** Returns 1 for a single output, so that reports show the gradient itself; else random ones. */
  static Tensor of(Tensor y, Generator random) {
    return y.size() == 1 ? Tensors.ones(y.shape(), y.dtype()) : like(y, random);
  }

  /** Returns numbers from 0.5 to 1.5 with random signs: none is so small as to hide an error. */
  static Tensor like(Tensor y, Generator random) {
    Tensor sign = signs(y.shape(), y.dtype(), random);
    return random.uniform(0.5, 1.5, y.shape(), y.dtype()).times(sign);
  }

  static Tensor signs(Shape shape, DType dtype, Generator random) {
    return random.bernoulli(0.5, shape, dtype).times(2).minus(1);
  }
}
