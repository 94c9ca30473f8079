package dev.adjoint.nn.reparam;

import dev.adjoint.nn.Convolutional;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.stream.IntStream;

/** Says along which axes a weight is one vector, and divides by lengths of vectors. */
final class Lengths {

  private Lengths() {}

  /** Returns the axis of a layer's weight that counts its outputs. */
  static int outputAxis(Layer layer) {
    return layer instanceof Convolutional<?> convolution ? convolution.outputAxis() : 0;
  }

  /** Returns all axes of a weight but one: those of the vector at each position of that one. */
  static int[] allBut(int axis, Shape shape) {
    if (shape.rank() < 2) {
      throw new IllegalArgumentException(
          "reparametrization: weight of shape %s; expected (out, in, ...), a vector for each output"
              .formatted(shape));
    }
    int kept = shape.axis("reparametrization", axis);
    return IntStream.range(0, shape.rank()).filter(i -> i != kept).toArray();
  }

  /** Returns lengths to divide by: 1 for 0, so that zeros stay zeros, with finite gradients. */
  static Tensor divisor(Tensor lengths) {
    return lengths.plus(lengths.equal(0));
  }
}
