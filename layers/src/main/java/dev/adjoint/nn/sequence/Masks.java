package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Mask;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/**
 * Makes {@linkplain Mask masks} of sequences: 1 for what counts, 0 for what does not; float32,
 * which other types promote.
 */
public final class Masks {

  private Masks() {}

  /** Returns the mask of shape (1, T, T) in which position t may look at positions 0 to t. */
  public static Tensor causal(int steps) {
    Tensor positions = Tensors.arange(steps);
    return positions.unsqueeze(1).greaterEqual(positions).unsqueeze(0);
  }

  /**
   * Returns the mask of shape (N, T) of the positions before the end of each sequence. A norm over
   * (N, C, T) takes it as it is; with {@code unsqueeze(1)} it tells {@linkplain Attention
   * attention} which keys are padding.
   *
   * @param lengths of shape (N), each from 0 to T
   */
  public static Tensor lengths(IntTensor lengths, int steps) {
    if (lengths.shape().rank() != 1) {
      throw new IllegalArgumentException(
          "lengths: lengths of shape %s; expected one axis".formatted(lengths.shape()));
    }
    if (steps < 0) {
      throw new IllegalArgumentException("lengths: %d steps; expected at least 0".formatted(steps));
    }
    float[] mask = new float[Math.multiplyExact(lengths.size(), steps)];
    for (int i = 0; i < lengths.size(); i++) {
      if (lengths.get(i) < 0 || lengths.get(i) > steps) {
        throw new IllegalArgumentException(
            "lengths: length %d of sequence %d; expected 0 to %d"
                .formatted(lengths.get(i), i, steps));
      }
      Arrays.fill(mask, i * steps, i * steps + lengths.get(i), 1);
    }
    return Tensor.of(mask, lengths.size(), steps);
  }
}
