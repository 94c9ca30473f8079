package dev.adjoint.nn;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Examples;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Checks masks: tensors of <b>1 for what counts and 0 for what does not</b>, in every layer that
 * takes one.
 *
 * <p>Anything else is refused, above all an additive mask as PyTorch adds to scores, 0 for what
 * counts and -Infinity for what does not: of that, {@code mask.equal(0)} is the mask. (One of
 * nothing but zeros cannot be told from a mask that hides everything.) No gradient flows to a mask.
 */
public final class Mask {

  private Mask() {}

  /**
   * Returns a checked mask, converted to a type.
   *
   * @param operation who asks, for messages
   * @throws IllegalArgumentException naming the first element that is neither 0 nor 1
   */
  public static Tensor of(String operation, Tensor mask, DType dtype) {
    Examples<Tensor> examples = mask.examples();
    if (examples != null) {
      return Tensor.example(examples.with(of(operation, examples.all(), dtype)));
    }
    if (Recorder.isTracing()) { // which sees operations, not elements
      return mask.untracked().to(dtype);
    }
    return Autodiff.noGrad(() -> {
      Tensor isBinary = mask.equal(0).plus(mask.equal(1));
      if (isBinary.size() > 0 && isBinary.min().item() != 1) {
        throw refuse(operation, mask, isBinary.toFloatArray());
      }
      return mask.untracked().to(dtype);
    });
  }

  /**
   * Returns a mask with as many axes as the tensor that it masks, in the type of that tensor.
   *
   * <p>A mask with fewer axes would be laid along the last ones, which are the right ones only by
   * chance.
   *
   * @param operation who asks, for messages
   * @param expected the size that each axis of the mask must have, unless it is 1
   * @throws IllegalArgumentException if the shape is another, or an element is neither 0 nor 1
   */
  public static Tensor of(String operation, Tensor mask, Shape expected, DType dtype) {
    if (mask.rank() != expected.rank() || !mask.shape().broadcastsTo(expected)) {
      throw new IllegalArgumentException(
          "%s: mask of shape %s; expected %s, where each size may be 1"
              .formatted(operation, mask.shape(), expected));
    }
    return of(operation, mask, dtype);
  }

  private static IllegalArgumentException refuse(String operation, Tensor mask, float[] isBinary) {
    int first = 0;
    while (isBinary[first] == 1) {
      first++;
    }
    double value = mask.toDoubleArray()[first];
    return new IllegalArgumentException(
        "%s: mask of shape %s has %s at %s; expected 1 for what counts and 0 for what does not%s"
            .formatted(
                operation,
                mask.shape(),
                value,
                Arrays.toString(mask.shape().unravel(first)),
                value < 0 ? "; of a mask that is added to scores, that is mask.equal(0)" : ""));
  }
}
