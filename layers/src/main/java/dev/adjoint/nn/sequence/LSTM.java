package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Description;
import dev.adjoint.op.LongShortTermMemory;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * A long short-term memory: a recurrent layer whose cell state c is protected by gates (Hochreiter
 * and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000):
 *
 * <pre>
 *  i = sigmoid(...)   f = sigmoid(...)   g = tanh(...)   o = sigmoid(...)
 *  c' = f c + i g
 *  h' = o tanh(c')
 * </pre>
 *
 * <p>where ... is {@code x W' + b + h U' + d} with the gate's own weights: one below the other in
 * the order i, f, g, o. See {@link Recurrent} for shapes, lengths and weights.
 */
public final class LSTM extends Recurrent<LSTM, LSTM.State> {

  /** The hidden states h and the cell states c of all layers, each (layers, N, hidden). */
  public record State(Tensor h, Tensor c) {}

  /** Creates a layer. */
  public LSTM(int in, int hidden, Generator generator) {
    this(initial(LSTM::new, in, hidden).with(generator));
  }

  /** Creates a layer from its description. */
  public LSTM(Description from) {
    super(from, 4, 2, s -> new State(s.get(0), s.get(1)), s -> List.of(s.h(), s.c()));
  }

  @Override
  List<Tensor> step(Tensor input, Tensor recurrent, List<Tensor> state) {
    return LongShortTermMemory.step(input.plus(recurrent), state.get(1));
  }

  @Override
  Scan scan(Tensor inputs, Tensor weight, List<Tensor> initial, boolean backwards) {
    Tensor states =
        LongShortTermMemory.states(inputs, initial.get(0), initial.get(1), weight, backwards);
    Tensor h = states.select(0, 0);
    int last = backwards ? 0 : inputs.size(0) - 1;
    return new Scan(h, List.of(h.select(0, last), states.select(0, 1).select(0, last)));
  }
}
