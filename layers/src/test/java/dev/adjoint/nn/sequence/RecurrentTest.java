package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.sequence.Recurrents.all;
import static dev.adjoint.nn.sequence.Recurrents.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecurrentTest {

  private static final IntTensor LENGTHS = IntTensor.of(3, 5, 1, 0);

  private final Generator generator = Generator.seeded(31);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  private static void assign(Layer layer, String name, double... values) {
    Parameter parameter = layer.weight(name).parameter();
    parameter.assign(Tensor.of(values).reshape(parameter.shape()));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  // ---- the formulas ----------------------------------------------------------------------------

  @Test
  void anRnnBendsTheSumOfInputAndState() {
    RNN rnn = float64(new RNN(1, 1, generator));
    assign(rnn, "weight_ih_l0", 0.5);
    assign(rnn, "weight_hh_l0", -1);
    assign(rnn, "bias_ih_l0", 0.1);
    assign(rnn, "bias_hh_l0", 0.2);
    Tensor x = Tensor.of(new double[] {1, -2}, 1, 2, 1);
    double first = Math.tanh(0.8);
    double second = Math.tanh(-0.7 - first);
    Recurrent.Output<Tensor> read = rnn.forward(x);
    assertThat(read.output().toDoubleArray())
        .containsExactly(new double[] {first, second}, within(1e-14));
    assertThat(read.state().item()).isCloseTo(second, within(1e-14));
    assertThat(rnn.activation(Activation.RELU).forward(x).output().toDoubleArray())
        .containsExactly(new double[] {0.8, 0}, within(1e-14));
  }

  @Test
  void anLstmHasItsGatesInTheOrderInputForgetCellOutput() {
    LSTM lstm = float64(new LSTM(1, 1, generator));
    assign(lstm, "weight_ih_l0", 0.1, 0.2, 0.3, 0.4);
    assign(lstm, "weight_hh_l0", -0.5, 0.6, -0.7, 0.8);
    assign(lstm, "bias_ih_l0", 0.01, 0.02, 0.03, 0.04);
    assign(lstm, "bias_hh_l0", 0.5, 0.6, 0.7, 0.8);
    double h = 0.25;
    double c = -1.5;
    double x = 2;
    double i = sigmoid(0.1 * x + 0.01 - 0.5 * h + 0.5);
    double f = sigmoid(0.2 * x + 0.02 + 0.6 * h + 0.6);
    double g = Math.tanh(0.3 * x + 0.03 - 0.7 * h + 0.7);
    double o = sigmoid(0.4 * x + 0.04 + 0.8 * h + 0.8);
    Tensor one = Tensor.of(new double[] {1}, 1, 1, 1);
    var read = lstm.forward(one.times(x), new LSTM.State(one.times(h), one.times(c)));
    double memory = f * c + i * g;
    assertThat(read.state().c().item()).isCloseTo(memory, within(1e-14));
    assertThat(read.state().h().item()).isCloseTo(o * Math.tanh(memory), within(1e-14));
    assertThat(read.output().item()).isEqualTo(read.state().h().item());
  }

  @Test
  void aGruResetsTheProductOfTheStateWithItsBias() {
    GRU gru = float64(new GRU(1, 1, generator));
    assign(gru, "weight_ih_l0", 0.1, 0.2, 0.3);
    assign(gru, "weight_hh_l0", -0.5, 0.6, -0.7);
    assign(gru, "bias_ih_l0", 0.01, 0.02, 0.03);
    assign(gru, "bias_hh_l0", 0.5, 0.6, 0.7);
    double h = 0.25;
    double x = 2;
    double r = sigmoid(0.1 * x + 0.01 - 0.5 * h + 0.5);
    double z = sigmoid(0.2 * x + 0.02 + 0.6 * h + 0.6);
    double n = Math.tanh(0.3 * x + 0.03 + r * (-0.7 * h + 0.7));
    Tensor one = Tensor.of(new double[] {1}, 1, 1, 1);
    assertThat(gru.forward(one.times(x), one.times(h)).output().item())
        .isCloseTo((1 - z) * n + z * h, within(1e-14));
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#kinds")
  void aStateOfZerosIsTheFirstUnlessOneIsGiven(Recurrent<?, ?> layer) {
    float64(layer);
    Tensor zeros = Tensor.of(new double[4], 1, 2, 2);
    Tensor x = normal(2, 3, 3);
    List<Tensor> given =
        switch (layer) {
          case RNN rnn -> all(rnn.forward(x, zeros));
          case GRU gru -> all(gru.forward(x, zeros));
          case LSTM lstm -> all(lstm.forward(x, new LSTM.State(zeros, zeros)));
        };
    assertClose(given.getFirst(), layer.forward(x).output());
  }

  // ---- layers and directions -------------------------------------------------------------------

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#kinds")
  void layersReadTheOutputsOfTheLayerBefore(Recurrent<?, ?> one) {
    float64(one);
    Tensor x = normal(4, 5, 3);
    Tensor below = one.forward(x).output();
    Recurrent<?, ?> both = float64(Layer.copyOf(one).layers(2));
    both.load(joined(both, Map.of("_l0", one)));
    Recurrent<?, ?> above = above(both);
    Recurrent.Output<?> read = both.forward(x);
    assertClose(read.output(), above.forward(below).output());
    List<Tensor> first = all(one.forward(x));
    List<Tensor> second = all(above.forward(below));
    for (int i = 1; i < first.size(); i++) {
      assertClose(all(read).get(i), Joining.concat(0, first.get(i), second.get(i)));
    }
  }

  /** Returns a layer with the weights of the second of two. */
  private Recurrent<?, ?> above(Recurrent<?, ?> both) {
    Recurrent<?, ?> above =
        float64(
            switch (both) {
              case RNN rnn -> new RNN(2, 2, generator);
              case LSTM lstm -> new LSTM(2, 2, generator);
              case GRU gru -> new GRU(2, 2, generator);
            });
    Map<String, Tensor> state = new LinkedHashMap<>();
    both.state()
        .forEach((name, value) -> {
          if (name.endsWith("_l1")) {
            state.put(name.replace("_l1", "_l0"), value);
          }
        });
    above.load(state);
    return above;
  }

  /**
   * Returns the state of a layer in which weights with a suffix are those of others' only layer.
   */
  private static Map<String, Tensor> joined(
      Recurrent<?, ?> layer, Map<String, Recurrent<?, ?>> parts) {
    Map<String, Tensor> state = new LinkedHashMap<>(layer.state());
    parts.forEach((suffix, part) ->
        part.state().forEach((name, value) -> state.put(name.replace("_l0", suffix), value)));
    return state;
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#kinds")
  void backwardsIsForwardsOnReversedSequences(Recurrent<?, ?> forwards) {
    Recurrent<?, ?> backwards = float64(Layer.copyOf(forwards).layers(1)); // draws other weights
    float64(forwards);
    Recurrent<?, ?> both = float64(Layer.copyOf(forwards).bidirectional());
    both.load(joined(both, Map.of("_l0", forwards, "_l0_reverse", backwards)));
    Tensor x = normal(4, 5, 3);
    List<Tensor> ahead = all(forwards.forward(x));
    List<Tensor> back = all(backwards.forward(x.flip(1)));
    List<Tensor> read = all(both.forward(x));
    assertClose(read.getFirst(), Joining.concat(2, ahead.getFirst(), back.getFirst().flip(1)));
    for (int i = 1; i < read.size(); i++) {
      assertClose(read.get(i), Joining.concat(0, ahead.get(i), back.get(i)));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#kinds")
  void aSequenceMayBeReadInParts(Recurrent<?, ?> layer) {
    float64(layer.layers(2));
    Tensor x = normal(4, 7, 3);
    Tensor whole = layer.forward(x).output();
    List<Tensor> second = read(layer, x.slice(1, 0, 3), x.slice(1, 3, 7), IntTensor.of(4, 4, 4, 4));
    assertClose(second.getFirst(), whole.slice(1, 3, 7));
  }

  // ---- weights and options ---------------------------------------------------------------------

  @Test
  void weightsHaveThePytorchNamesAndShapes() {
    LSTM lstm = new LSTM(3, 2, generator).layers(2).bidirectional();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    lstm.namedParameters().forEach((name, parameter) -> shapes.put(name, parameter.shape()));
    Map<String, Shape> expected = new LinkedHashMap<>();
    for (String layer : List.of("l0", "l0_reverse", "l1", "l1_reverse")) {
      expected.put("weight_ih_" + layer, Shape.of(8, layer.startsWith("l0") ? 3 : 4));
      expected.put("weight_hh_" + layer, Shape.of(8, 2));
      expected.put("bias_ih_" + layer, Shape.of(8));
      expected.put("bias_hh_" + layer, Shape.of(8));
    }
    assertThat(shapes).containsExactlyEntriesOf(expected);
    assertThat(new GRU(3, 2, generator).weight("weight_ih_l0").shape()).isEqualTo(Shape.of(6, 3));
    assertThat(new RNN(3, 2, generator).weight("weight_hh_l0").shape()).isEqualTo(Shape.of(2, 2));
  }

  @Test
  void weightsStartUniformWithinOneOverTheRootOfTheState() {
    for (Parameter parameter : new LSTM(200, 100, generator).layers(2).parameters()) {
      assertThat(parameter.value().abs().max().item()).isBetween(0.098, 0.1);
      assertThat(parameter.value().mean().item()).isCloseTo(0, within(0.01));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#kinds")
  void biasesMayBeLeftOut(Recurrent<?, ?> layer) {
    float64(layer.withoutBias());
    assertThat(layer.namedParameters()).containsOnlyKeys("weight_ih_l0", "weight_hh_l0");
    assertThat(layer.forward(Tensor.of(new double[3], 1, 1, 3)).output().toDoubleArray())
        .containsOnly(0);
    assertThat(Layer.copyOf(layer).namedParameters())
        .containsOnlyKeys("weight_ih_l0", "weight_hh_l0");
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#kinds")
  void dropoutActsBetweenLayersInTrainingOnly(Recurrent<?, ?> layer) {
    Tensor x = generator.normal(4, 5, 3);
    float[] without = layer.forward(x).output().toFloatArray();
    layer.dropout(1);
    assertThat(layer.forward(x).output().toFloatArray()).isEqualTo(without);
    layer.layers(2);
    Tensor above = above(float64(Layer.copyOf(layer))).forward(normal(4, 5, 2).times(0)).output();
    assertThat(layer.forward(x).output().toDoubleArray())
        .containsExactly(above.toDoubleArray(), within(1e-6));
    layer.eval();
    assertThat(layer.forward(x).output().toDoubleArray())
        .isNotEqualTo(layer.forward(x.times(2)).output().toDoubleArray());
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#deep")
  void copiesComputeTheSame(Recurrent<?, ?> layer) {
    layer.dropout(0.5);
    Tensor x = normal(4, 5, 3);
    Recurrent<?, ?> copy = Layer.copyOf(layer);
    Layer.copyOf(layer).parameters().forEach(p -> p.assign(p.value().times(0)));
    assertThat(copy.forward(x, LENGTHS).output().toDoubleArray())
        .isEqualTo(layer.forward(x, LENGTHS).output().toDoubleArray());
    Recurrent<?, ?> fixed = Layer.forInference(layer);
    assertThat(fixed.parameters()).isEmpty();
    layer.eval();
    assertThat(fixed.forward(x).output().toDoubleArray())
        .isEqualTo(layer.forward(x).output().toDoubleArray());
    RNN relu = new RNN(3, 2, generator).activation(Activation.RELU);
    assertThat(Layer.copyOf(relu).forward(x).output().min().item()).isNotNegative();
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.sequence.Recurrents#kinds")
  void outputsAreObservedOnce(Recurrent<?, ?> layer) {
    Tensor x = generator.normal(2, 3, 3);
    int[] seen = {0};
    Recurrent.Output<?> read =
        Layer.observe(
            (which, output) -> {
              seen[0] += which == layer ? 1 : 0;
              return which == layer ? output.times(2) : output;
            },
            () -> layer.forward(x));
    assertThat(seen[0]).isEqualTo(1);
    assertThat(read.output().toFloatArray())
        .isEqualTo(layer.forward(x).output().times(2).toFloatArray());
  }

  @Test
  void misuseIsNamed() {
    LSTM lstm = new LSTM(3, 2, generator).layers(2).bidirectional();
    Tensor x = generator.normal(4, 5, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lstm.forward(generator.normal(4, 5)))
        .withMessage(
            "LSTM(3, 2, layers 2, bidirectional): input of shape (4, 5); expected (N, T, 3), T at"
                + " least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> lstm.forward(generator.normal(4, 5, 2)));
    assertThatIllegalArgumentException().isThrownBy(() -> lstm.forward(generator.normal(4, 0, 3)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lstm.forward(x, IntTensor.of(1, 2)))
        .withMessage(
            "LSTM(3, 2, layers 2, bidirectional): lengths of shape (2) for input of shape (4, 5,"
                + " 3); expected (4)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lstm.forward(x, IntTensor.of(1, 2, 6, 1)))
        .withMessage("lengths: length 6 of sequence 2; expected 0 to 5");
    Tensor h = generator.normal(4, 4, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lstm.forward(x, new LSTM.State(h, h.slice(0, 0, 2))))
        .withMessage(
            "LSTM(3, 2, layers 2, bidirectional): initial state of shape (2, 4, 2) for input of"
                + " shape (4, 5, 3); expected (4, 4, 2)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GRU(0, 2, generator))
        .withMessage("GRU: in 0; expected at least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> lstm.layers(0));
  }
}
