package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.Float64.float64;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Makes recurrent layers of each kind, and reads with them. */
final class Recurrents {

  private Recurrents() {}

  /** One of each kind, with one layer. */
  static Stream<Recurrent<?, ?>> kinds() {
    Generator generator = Generator.seeded(32);
    return Stream.of(new RNN(3, 2, generator), new LSTM(3, 2, generator), new GRU(3, 2, generator));
  }

  /** One of each kind, with two layers in both directions. */
  static Stream<Recurrent<?, ?>> deep() {
    return kinds().map(layer -> float64(layer.layers(2).bidirectional()));
  }

  /** Returns the output and the tensors of the state, after a state that other inputs led to. */
  static <S> List<Tensor> read(Recurrent<?, S> layer, Tensor before, Tensor x, IntTensor lengths) {
    return all(layer.forward(x, lengths, layer.forward(before).state()));
  }

  static List<Tensor> all(Recurrent.Output<?> read) {
    return read.state() instanceof LSTM.State(Tensor h, Tensor c)
        ? List.of(read.output(), h, c)
        : List.of(read.output(), (Tensor) read.state());
  }

  /** Makes rows of tensors, that can be joined. */
  static Tensor[] flat(List<Tensor> tensors) {
    return tensors.stream().map(t -> t.reshape(1, -1)).toArray(Tensor[]::new);
  }
}
