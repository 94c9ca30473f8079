package dev.adjoint.nn.sequence;

import com.google.common.collect.Streams;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Initializers;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The base class of recurrent layers, which read sequences step by step and remember a state:
 * {@link RNN}, {@link LSTM} and {@link GRU}.
 *
 * <p>Sequences have the shape (N, T, in), <b>the batch first</b> as with PyTorch's {@code
 * batch_first}, and outputs (N, T, hidden). A state has the shape (layers, N, hidden): that of each
 * layer after the last step. Each layer reads the outputs of the one before. With {@link
 * #bidirectional} outputs are (N, T, 2 hidden), and states (2 layers, N, hidden) in the order layer
 * 0, layer 0 backwards, layer 1, and so on.
 *
 * <p>Sequences of different lengths are padded to one length and their {@code lengths} told, of
 * shape (N): then the padding is not read, outputs behind the end are 0, and final states are those
 * at each sequence's own end.
 *
 * <p>The weights of layer k are weight_ih_lk (gates * hidden, in), weight_hh_lk (gates * hidden,
 * hidden), bias_ih_lk and bias_hh_lk (gates * hidden), and the same with _reverse, as in PyTorch;
 * all start uniform between -1/sqrt(hidden) and 1/sqrt(hidden). Options that change which weights
 * there are draw all of them anew.
 *
 * @param <R> the layer itself, which its options return
 * @param <S> the state
 */
public abstract sealed class Recurrent<R extends Recurrent<R, S>, S> extends Layer
    permits RNN, LSTM, GRU {

  private final int in = size("in").get();
  private final int hidden = size("hidden").get();
  private final Setting<Integer> layers =
      integer("layers", 1).require(count -> count >= 1, "at least 1");
  private final Setting<Boolean> bidirectional = flag("bidirectional");
  private final Setting<Boolean> withoutBias = flag("without_bias");
  private final Generator generator = generator();
  private final Dropout dropout = child("dropout", Dropout.class, () -> new Dropout(0, generator));
  private final List<CellWeights> cells = new ArrayList<>();
  private final int gates;
  private final int memories;
  private final Function<List<Tensor>, S> joined;
  private final Function<S, List<Tensor>> parts;

  private record CellWeights(
      String suffix,
      boolean backwards,
      Weight input,
      Weight hidden,
      @Nullable Weight inputBias,
      @Nullable Weight hiddenBias) {}

  /**
   * The result of reading sequences.
   *
   * @param output the state h of the last layer after each step: (N, T, hidden)
   * @param state the state of every layer after the last step, to go on with
   */
  public record Output<S>(Tensor output, S state) {}

  /**
   * Creates a layer from its description.
   *
   * @param gates how many parts a cell computes
   * @param memories how many tensors it remembers, h first
   * @param joined makes a state of them
   * @param parts takes a state apart
   */
  Recurrent(
      Description from,
      int gates,
      int memories,
      Function<List<Tensor>, S> joined,
      Function<S, List<Tensor>> parts) {
    super(from);
    this.gates = gates;
    this.memories = memories;
    this.joined = joined;
    this.parts = parts;
    declareWeights();
  }

  static Description initial(Function<Description, ?> constructor, int in, int hidden) {
    return Description.of(constructor).set("in", in).set("hidden", hidden);
  }

  // ---- options ---------------------------------------------------------------------------------

  /** Stacks several layers; the default is 1. */
  public R layers(int count) {
    layers.set(count);
    return drawWeights();
  }

  /** Reads sequences backwards as well, with other weights, and joins the outputs. */
  public R bidirectional() {
    bidirectional.set(true);
    return drawWeights();
  }

  /** Leaves out the biases. */
  public R withoutBias() {
    withoutBias.set(true);
    return drawWeights();
  }

  /** Drops outputs on their way to the next layer in training; the default is 0. */
  public R dropout(double probability) {
    dropout.probability(probability);
    return self();
  }

  private R drawWeights() {
    for (CellWeights cell : cells) {
      Stream.of("weight_ih", "weight_hh", "bias_ih", "bias_hh")
          .forEach(name -> drop(name + cell.suffix));
    }
    cells.clear();
    declareWeights();
    return self();
  }

  private void declareWeights() {
    for (int layer = 0; layer < layers.get(); layer++) {
      int width = layer == 0 ? in : hidden * directions();
      cells.add(cellWeights("_l" + layer, false, width));
      if (bidirectional.get()) {
        cells.add(cellWeights("_l" + layer + "_reverse", true, width));
      }
    }
  }

  private CellWeights cellWeights(String suffix, boolean backwards, int width) {
    int rows = gates * hidden;
    return new CellWeights(
        suffix,
        backwards,
        weight("weight_ih" + suffix, rows, width),
        weight("weight_hh" + suffix, rows, hidden),
        withoutBias.get() ? null : weight("bias_ih" + suffix, rows),
        withoutBias.get() ? null : weight("bias_hh" + suffix, rows));
  }

  private Weight weight(String name, int... sizes) {
    double bound = 1 / Math.sqrt(hidden);
    return parameter(name, Shape.of(sizes), shape -> Initializers.uniform(bound, shape, generator));
  }

  private int directions() {
    return bidirectional.get() ? 2 : 1;
  }

  // ---- what a cell says ------------------------------------------------------------------------

  /**
   * Returns the state after a step.
   *
   * @param input the input times its weight, with the biases: (N, gates * hidden)
   * @param recurrent the state h times its weight: (N, gates * hidden)
   * @param state before the step, h first: each (N, hidden)
   */
  abstract List<Tensor> step(Tensor input, Tensor recurrent, List<Tensor> state);

  /** The outputs h of all steps, (T, N, hidden), and the state after the last. */
  record Scan(Tensor outputs, List<Tensor> last) {}

  /**
   * Goes through all steps at once where a cell has a faster way for it than step by step.
   *
   * @param inputs as {@link #step} gets them, of all steps: (T, N, gates * hidden)
   * @return null if there is no such way
   */
  @Nullable Scan scan(Tensor inputs, Tensor weight, List<Tensor> initial, boolean backwards) {
    return null;
  }

  /** Tells whether the bias of the state is added to its product, not simply to the input. */
  boolean keepsHiddenBiasApart() {
    return false;
  }

  // ---- reading ---------------------------------------------------------------------------------

  /** Reads sequences of one length, from a state of zeros. */
  public final Output<S> forward(Tensor x) {
    return forward(x, null, null);
  }

  /** Reads sequences of one length, from a given state. */
  public final Output<S> forward(Tensor x, S initial) {
    return forward(x, null, initial);
  }

  /** Reads padded sequences, from a state of zeros. */
  public final Output<S> forward(Tensor x, IntTensor lengths) {
    return forward(x, lengths, null);
  }

  /**
   * Reads padded sequences, from a given state.
   *
   * @param x of shape (N, T, in)
   * @param lengths of shape (N), each from 0 to T; or null: all are T
   * @param initial the state of every layer before the first step; or null: zeros
   */
  public final Output<S> forward(Tensor x, @Nullable IntTensor lengths, @Nullable S initial) {
    requireInput(x, lengths);
    List<List<Tensor>> states = new ArrayList<>(initialStates(x, initial));
    Padding padding = lengths == null ? null : new Padding(lengths, x.size(1), x.dtype());
    // Time comes first inside, so that a step is one run of elements.
    Tensor sequence = x.transpose(0, 1);
    if (padding != null) {
      sequence = padding.zeroed(sequence);
    }
    for (int layer = 0; layer < layers.get(); layer++) {
      Tensor below = layer == 0 ? sequence : dropout.forward(sequence);
      Tensor[] ways = new Tensor[directions()];
      for (int way = 0; way < ways.length; way++) {
        int index = layer * ways.length + way;
        Scan scan = scan(cells.get(index), below, padding, states.get(index));
        states.set(index, scan.last);
        ways[way] = scan.outputs;
      }
      sequence = Joining.concat(2, ways);
    }
    if (padding != null) {
      sequence = padding.zeroed(sequence);
    }
    List<Tensor> last =
        IntStream.range(0, memories)
            .mapToObj(
                i -> Joining.stack(0, states.stream().map(s -> s.get(i)).toArray(Tensor[]::new)))
            .toList();
    return new Output<>(observed(sequence.transpose(0, 1)), joined.apply(last));
  }

  private Scan scan(
      CellWeights cell, Tensor sequence, @Nullable Padding padding, List<Tensor> initial) {
    if (padding != null || !Recorder.isTracing()) {
      return steps(cell, sequence, padding, initial);
    }
    Tensor zero = Tensors.zeros(Shape.of(gates * hidden), sequence.dtype());
    List<Tensor> inputs = new ArrayList<>(List.of(sequence));
    inputs.add(cell.input.value());
    inputs.add(cell.hidden.value());
    inputs.add(cell.inputBias == null ? zero : cell.inputBias.value());
    inputs.add(cell.hiddenBias == null ? zero : cell.hiddenBias.value());
    inputs.addAll(initial);
    Tensor all = // one tensor, as a trace wants it: the outputs, and then the last state
        Recorder.composite(
            type(),
            cell.backwards,
            () -> {
              Scan scan = steps(cell, sequence, null, initial);
              return Joining.concat(
                  0, scan.outputs, Joining.stack(0, scan.last.toArray(Tensor[]::new)));
            },
            inputs.toArray(Tensor[]::new));
    int steps = sequence.size(0);
    return new Scan(
        all.slice(0, 0, steps),
        IntStream.range(0, memories).mapToObj(i -> all.select(0, steps + i)).toList());
  }

  private Scan steps(
      CellWeights cell, Tensor sequence, @Nullable Padding padding, List<Tensor> initial) {
    // One product for all steps; only what depends on the state is computed step by step.
    Tensor inputs = sequence.matmul(cell.input.value().transpose());
    Tensor apart = null;
    if (cell.inputBias != null && cell.hiddenBias != null) {
      Tensor bias = cell.inputBias.value();
      Tensor hiddenBias = cell.hiddenBias.value();
      apart = keepsHiddenBiasApart() ? hiddenBias : null;
      inputs = inputs.plus(apart == null ? bias.plus(hiddenBias) : bias);
    }
    Tensor hiddenWeight = cell.hidden.value();
    Scan all = padding == null ? scan(inputs, hiddenWeight, initial, cell.backwards) : null;
    if (all != null) {
      return all;
    }
    Tensor weight = hiddenWeight.transpose();
    List<Tensor> state = initial;
    Tensor[] outputs = new Tensor[inputs.size(0)];
    for (int i = 0; i < outputs.length; i++) {
      int t = cell.backwards ? outputs.length - 1 - i : i;
      Tensor product = state.getFirst().matmul(weight);
      Tensor recurrent = apart == null ? product : product.plus(apart);
      List<Tensor> next = step(inputs.select(0, t), recurrent, state);
      state = padding == null ? next : padding.keepEnded(t, state, next);
      outputs[t] = state.getFirst();
    }
    return new Scan(Joining.stack(0, outputs), state);
  }

  /** Returns the tensors of the first state of each layer and direction. */
  private List<List<Tensor>> initialStates(Tensor x, @Nullable S initial) {
    Shape expected = Shape.of(cells.size(), x.size(0), hidden);
    List<Tensor> tensors =
        initial == null
            ? Collections.nCopies(memories, Tensors.zeros(expected, x.dtype()))
            : parts.apply(initial);
    for (Tensor tensor : tensors) {
      if (!tensor.shape().equals(expected)) {
        throw new IllegalArgumentException(
            "%s: initial state of shape %s for input of shape %s; expected %s"
                .formatted(this, tensor.shape(), x.shape(), expected));
      }
    }
    return IntStream.range(0, cells.size())
        .mapToObj(i -> tensors.stream().map(tensor -> tensor.select(0, i)).toList())
        .toList();
  }

  private void requireInput(Tensor x, @Nullable IntTensor lengths) {
    requireInput(
        x.rank() == 3 && x.size(1) > 0 && x.size(2) == in,
        x,
        () -> "(N, T, %d), T at least 1".formatted(in));
    if (lengths != null && !lengths.shape().equals(Shape.of(x.size(0)))) {
      throw new IllegalArgumentException(
          "%s: lengths of shape %s for input of shape %s; expected %s"
              .formatted(this, lengths.shape(), x.shape(), Shape.of(x.size(0))));
    }
  }

  @SuppressWarnings("unchecked") // a layer names itself as R
  private R self() {
    return (R) this;
  }

  @Override
  public String toString() {
    return line(settings(), dropout.probability() == 0 ? "" : "dropout " + dropout.probability());
  }

  /**
   * The padding behind the ends of sequences, which a recurrent layer does not read.
   *
   * <p>A sequence that has ended keeps its state. Forwards this is its final state, and backwards
   * its initial one until the steps reach its end: so neither way needs the sequences to be
   * rearranged.
   */
  private static final class Padding {

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
      return Streams.zip(after.stream(), before.stream(), (a, b) -> Where.where(running, a, b))
          .toList();
    }
  }
}
