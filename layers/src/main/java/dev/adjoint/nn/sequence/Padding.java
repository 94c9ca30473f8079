package dev.adjoint.nn.sequence;

import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The padding behind the ends of sequences, which a recurrent layer does not read.
 *
 * <p>A sequence that has ended keeps its state. Forwards this is its final state, and backwards its
 * initial one until the steps reach its end: so neither way needs the sequences to be rearranged.
 */
final class Padding {

  /** Of shape (T, N, 1). */
  private final Tensor mask;

  private final int shortest;
  private final Tensor zero;

  Padding(IntTensor lengths, int steps, DType dtype) {
    mask = Masks.lengths(lengths, steps).transpose().unsqueeze(2).to(dtype).contiguous();
    shortest = Arrays.stream(lengths.toArray()).min().orElse(steps);
    zero = Tensor.scalar(0, dtype);
  }

  /** Returns a sequence (T, N, ...) with zeros behind the ends, whatever was there. */
  Tensor zeroed(Tensor sequence) {
    return Where.where(mask, sequence, zero);
  }

  /** Returns the state after step t: the one before where a sequence has ended. */
  List<Tensor> keepEnded(int t, List<Tensor> before, List<Tensor> after) {
    if (t < shortest) {
      return after;
    }
    Tensor running = mask.select(0, t);
    List<Tensor> state = new ArrayList<>();
    for (int i = 0; i < after.size(); i++) {
      state.add(Where.where(running, after.get(i), before.get(i)));
    }
    return state;
  }
}
