package dev.adjoint.nn.sequence;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Makes masks of sequences: 1 for what counts, 0 for what does not; float32, which other types
 * promote.
 */
public final class Masks {

  private Masks() {}

  /** Returns the mask of shape (T, T) in which position t may look at positions 0 to t. */
  public static Tensor causal(int steps) {
    Tensor positions = Tensors.arange(steps);
    return positions.unsqueeze(1).greaterEqual(positions);
  }

  /**
   * Returns the mask of shape (N, T) of the positions before the end of each sequence. With {@code
   * unsqueeze(1)} it tells {@linkplain Attention attention} which keys are padding.
   *
   * @param lengths of shape (N), each from 0 to T
   */
  public static Tensor lengths(IntTensor lengths, int steps) {
    if (lengths.shape().rank() != 1) {
      throw new IllegalArgumentException(
          "lengths: lengths of shape %s; expected one axis".formatted(lengths.shape()));
    }
    for (int i = 0; i < lengths.size(); i++) {
      if (lengths.get(i) < 0 || lengths.get(i) > steps) {
        throw new IllegalArgumentException(
            "lengths: length %d of sequence %d; expected 0 to %d"
                .formatted(lengths.get(i), i, steps));
      }
    }
    Tensor positions = Tensors.arange(0, steps, 1, DType.FLOAT64); // float32 counts only to 2^24
    return positions.less(lengths.toTensor(DType.FLOAT64).unsqueeze(1)).to(DType.FLOAT32);
  }
}
