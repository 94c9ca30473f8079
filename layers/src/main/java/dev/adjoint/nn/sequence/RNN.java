package dev.adjoint.nn.sequence;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Copies;
import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Locale;

/**
 * Reads sequences with {@code h' = tanh(x W' + b + h U' + d)} (Elman 1990, "Finding structure in
 * time").
 *
 * <p>See {@link Recurrent} for shapes, lengths and weights.
 */
public final class RNN extends Recurrent<RNN, Tensor> {

  private Activation activation = Activation.TANH;

  /** Creates a layer. */
  public RNN(int in, int hidden, Generator generator) {
    super(in, hidden, 1, 1, generator);
  }

  /** Creates what was described. */
  public RNN(Description from) {
    super(from, 1, 1);
    activation = from.constant("activation", Activation.class);
  }

  private RNN(RNN original, Copies copies) {
    super(original, copies);
    activation = original.activation;
  }

  /** Sets the function: tanh unless it is set. */
  public RNN activation(Activation function) {
    activation = function;
    return this;
  }

  @Override
  List<Tensor> step(Tensor input, Tensor recurrent, List<Tensor> state) {
    return List.of(activation.forward(input.plus(recurrent)));
  }

  @Override
  Tensor state(List<Tensor> tensors) {
    return tensors.getFirst();
  }

  @Override
  List<Tensor> tensors(Tensor state) {
    return List.of(state);
  }

  @Override
  String cell() {
    return activation == Activation.TANH ? "" : activation.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Description description() {
    return super.description().set("activation", activation);
  }

  @Override
  protected RNN copy(Copies copies) {
    return new RNN(this, copies);
  }
}
