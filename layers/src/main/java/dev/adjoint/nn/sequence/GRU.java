package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * A gated recurrent unit: a recurrent layer whose state is updated through gates (Cho et al. 2014,
 * arXiv:1406.1078):
 *
 * <pre>
 *  r = sigmoid(...)   z = sigmoid(...)   n = tanh(x W' + b + r (h U' + d))
 *  h' = (1 - z) n + z h
 * </pre>
 *
 * <p>where ... is {@code x W' + b + h U' + d}, and each gate has its own weights: one below the
 * other in the order r, z, n. As in PyTorch, r scales the product of the state with its weight, not
 * the state; that is why it keeps its own bias. See {@link Recurrent} for shapes, lengths and
 * weights.
 */
public final class GRU extends Recurrent<GRU, Tensor> {

  /** Creates a layer. */
  public GRU(int in, int hidden, Generator generator) {
    this(initial(GRU::new, in, hidden).with(generator));
  }

  /** Creates a layer from its description. */
  public GRU(Description from) {
    super(from, 3, 1, List::getFirst, List::of);
  }

  @Override
  List<Tensor> step(Tensor input, Tensor recurrent, List<Tensor> state) {
    List<Tensor> x = input.chunk(3, 1);
    List<Tensor> h = recurrent.chunk(3, 1);
    Tensor r = x.get(0).plus(h.get(0)).sigmoid();
    Tensor z = x.get(1).plus(h.get(1)).sigmoid();
    Tensor n = x.get(2).plus(r.times(h.get(2))).tanh();
    return List.of(n.plus(z.times(state.getFirst().minus(n))));
  }

  @Override
  boolean keepsHiddenBiasApart() {
    return true;
  }
}
