package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Setting;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * A recurrent layer that computes {@code h' = tanh(x W' + b + h U' + d)} (Elman 1990, "Finding
 * structure in time").
 *
 * <p>See {@link Recurrent} for shapes, lengths and weights.
 */
public final class RNN extends Recurrent<RNN, Tensor> {

  private final Setting<Activation> activation = constant("activation", Activation.TANH);

  /** Creates a layer. */
  public RNN(int in, int hidden, Generator generator) {
    this(initial(RNN::new, in, hidden).with(generator));
  }

  /** Creates a layer from its description. */
  public RNN(Description from) {
    super(from, 1, 1, List::getFirst, List::of);
  }

  /** Sets the function; the default is tanh. */
  public RNN activation(Activation function) {
    activation.set(function);
    return this;
  }

  @Override
  List<Tensor> step(Tensor input, Tensor recurrent, List<Tensor> state) {
    return List.of(activation.get().forward(input.plus(recurrent)));
  }
}
