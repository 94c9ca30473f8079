package dev.adjoint.nn;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Checks copies of layers, copies made for inference, and saved states. */
class CopiesTest {

  private final Generator generator = Generator.seeded(5);

  private Sequential network() {
    return new Sequential(
        new Conv2d(2, 4, 3, ConvOptions.DEFAULT.padding(1), generator),
        new BatchNorm(4),
        Activation.RELU,
        new Residual(
            new Sequential(
                new Conv2d(4, 4, 1, generator).withoutBias(), new BatchNorm(4).withoutAffine())),
        new AvgPool2d(2),
        new Flatten(),
        new Linear(16, 8, generator).withoutBias(),
        new BatchNorm(8).epsilonOutsideRoot(1e-3),
        Tensor::tanh,
        new Linear(8, 3, generator));
  }

  private Sequential trained() {
    Sequential model = network();
    for (Parameter parameter : model.parameters()) {
      parameter.assign(generator.normal(0.2, 0.6, parameter.shape(), DType.FLOAT32));
    }
    for (int i = 0; i < 5; i++) {
      model.forward(generator.normal(6, 2, 4, 4).times(2).plus(1));
    }
    return model;
  }

  @Test
  void aCopyIsEqualAndIndependent() {
    Sequential model = trained();
    model.eval();
    Sequential copy = Layer.copyOf(model);
    Tensor x = generator.normal(3, 2, 4, 4);
    Tensor y = model.forward(x).copy();
    assertThat(copy.forward(x).toFloatArray()).isEqualTo(y.toFloatArray());
    assertThat(copy.isTraining()).isFalse();
    copy.train();
    copy.forward(x);
    copy.parameters().forEach(p -> p.assign(p.value().times(2)));
    assertThat(model.forward(x).toFloatArray()).isEqualTo(y.toFloatArray());
    assertThat(copy.namedParameters().keySet()).isEqualTo(model.namedParameters().keySet());
  }

  @Test
  void whatIsSharedStaysSharedInACopy() {
    Embedding embedding = new Embedding(5, 3, generator);
    Tied tied = new Tied(embedding, new Linear(embedding.weight("weight"), null));
    Tied copy = Layer.copyOf(tied);
    assertThat(copy.namedParameters()).containsOnlyKeys("embedding.weight");
    assertThat(copy.output.weight("weight")).isSameAs(copy.embedding.weight("weight"));
    assertThat(copy.output.weight("weight")).isNotSameAs(tied.output.weight("weight"));
  }

  @Test
  void aCopyKeepsWhatIsFrozenAndTheModeOfEachLayer() {
    Linear frozen = new Linear(2, 2, generator);
    frozen.freeze();
    frozen.eval();
    Sequential copy = Layer.copyOf(new Sequential(frozen, new Linear(2, 2, generator)));
    assertThat(copy.parameters().stream().map(Parameter::isFrozen))
        .containsExactly(true, true, false, false);
    assertThat(copy.children().values().stream().map(Layer::isTraining))
        .containsExactly(false, true);
  }

  @Test
  void forInferenceFoldsBatchNormsAndEqualsTheModelInEvalMode() {
    Sequential model = trained();
    Sequential fast = Layer.forInference(model);
    assertThat(model.isTraining()).isTrue();
    Tensor x = generator.normal(50, 2, 4, 4);
    double[] expected = model.inEval(() -> model.forward(x)).toDoubleArray();
    double[] actual = fast.forward(x).toDoubleArray();
    double largest = Tensor.of(expected).abs().max().item();
    assertThat(actual).containsExactly(expected, within(1e-6 * largest));
    assertThat(fast.namedLayers().values()).noneMatch(BatchNorm.class::isInstance);
    assertThat(fast.parameters()).isEmpty();

    Sequential exact = float64(trained());
    Tensor x64 = x.to(DType.FLOAT64);
    double[] expected64 = exact.inEval(() -> exact.forward(x64)).toDoubleArray();
    assertThat(Layer.forInference(exact).forward(x64).toDoubleArray())
        .containsExactly(expected64, within(1e-12));
  }

  @Test
  void aBatchNormWithoutALayerBeforeItStays() {
    Sequential model = new Sequential(new BatchNorm(3), Tensor::relu, new BatchNorm(3));
    model.forward(generator.normal(8, 3).times(3));
    Tensor x = generator.normal(4, 3);
    Tensor expected = model.inEval(() -> model.forward(x));
    assertThat(Layer.forInference(model).forward(x).toFloatArray())
        .isEqualTo(expected.toFloatArray());
  }

  @Test
  void aFoldedLinearLayerTakesWhatTheModelTakes() {
    // On (N, T, in) with T channels a batch norm normalizes positions.
    Sequential model =
        new Sequential(
            new Linear(4, 3, generator).withoutBias(), new BatchNorm(3), new BatchNorm(3));
    model.parameters().forEach(p -> p.assign(generator.normal(1, 1, p.shape(), DType.FLOAT32)));
    model.forward(generator.normal(8, 4).times(3).plus(1));
    model.eval();
    Sequential fast = Layer.forInference(model);
    assertThat(fast.children()).hasSize(1);
    for (int[] sizes : new int[][] {{5, 4}, {0, 4}, {2, 3, 4}, {2, 3, 2, 4}, {0, 3, 4}}) {
      Tensor x = generator.normal(sizes);
      assertClose(fast.forward(x), model.forward(x), 1e-5);
      assertSameBits(Layer.copyOf(fast).forward(x), fast.forward(x));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fast.forward(generator.normal(2, 5, 4)))
        .withMessage(
            "Linear(4, 3, with a batch norm): input of shape (2, 5, 4); expected (N, 4) or (N, 3,"
                + " ..., 4), for the batch norm that is folded into it");
    assertThatIllegalArgumentException().isThrownBy(() -> fast.forward(generator.normal(4)));
  }

  @Test
  void aBatchNormOfOtherChannelsThanTheOutputsIsNotFolded() {
    Sequential model = new Sequential(new Linear(4, 6, generator), new BatchNorm(3));
    Tensor x = generator.normal(2, 3, 4);
    model.forward(x.times(3));
    model.eval();
    assertClose(Layer.forInference(model).forward(x), model.forward(x), 1e-5);
  }

  @Test
  void aConstantWeightDoesNotLoseGradientsSilently() {
    Tensor tracked = generator.normal(2, 3).tracked();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Linear(Weight.constant(tracked), null))
        .withMessageStartingWith(
            "Weight.constant: tensor of shape (2, 3), for which gradients are recorded; expected"
                + " its untracked()");
    assertThat(Weight.constant(tracked.untracked())).hasToString("constant, shape (2, 3)");
  }

  @Test
  void aLayerForInferenceDoesNotChange() {
    Linear fast = Layer.forInference(new Linear(2, 2, generator));
    assertThatIllegalStateException()
        .isThrownBy(fast::train)
        .withMessage(
            "train: Linear(2, 2) was made for inference and does not change; expected the layer"
                + " that it was made of");
    assertThatIllegalStateException().isThrownBy(() -> fast.to(DType.FLOAT64));
    assertThatIllegalStateException().isThrownBy(() -> fast.load(Map.of()));
    assertThatIllegalStateException()
        .isThrownBy(() -> fast.weight("weight").assign(Tensors.zeros(2, 2)))
        .withMessage("this weight of shape (2, 2) is constant, not a parameter");
  }

  @Test
  void manyThreadsGetTheBitsOfOne() throws Exception {
    Sequential fast = Layer.forInference(trained());
    Tensor x = generator.normal(16, 2, 4, 4);
    float[] expected = fast.forward(x).toFloatArray();
    try (ExecutorService threads = Executors.newFixedThreadPool(64)) {
      Callable<float[]> task = () -> fast.forward(x).toFloatArray();
      List<Future<float[]>> results = threads.invokeAll(Collections.nCopies(256, task));
      for (Future<float[]> result : results) {
        assertThat(result.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void aLayerThatDoesNotSayHowItIsCopiedIsNamed() {
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> Layer.copyOf(new Sequential(new Doubling())))
        .withMessage(
            "Doubling does not say how it is made anew, and can be neither copied nor saved;"
                + " expected a constructor Doubling(Description) that calls super(from), and"
                + " this(Description.of(Doubling::new)) in the others");
  }

  @Test
  void aSavedStateComesBack() {
    Sequential model = trained();
    Map<String, Tensor> state = model.state();
    assertThat(state.keySet())
        .contains("0.weight", "1.running_mean", "1.num_batches_tracked", "3.body.0.weight");
    Sequential other = network();
    other.load(state);
    Tensor x = generator.normal(3, 2, 4, 4);
    assertThat(other.inEval(() -> other.forward(x)).toFloatArray())
        .isEqualTo(model.inEval(() -> model.forward(x)).toFloatArray());
    // A state is a copy: training on does not change it.
    model.forward(x);
    model.parameters().forEach(p -> p.assign(p.value().times(2)));
    model.load(state);
    assertThat(model.state().get("1.running_mean").toFloatArray())
        .isEqualTo(other.state().get("1.running_mean").toFloatArray());
  }

  @Test
  void aStateThatDoesNotFitIsRefusedWhole() {
    Linear linear = new Linear(2, 3, generator);
    float[] before = linear.weight("weight").value().toFloatArray();
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("weight", Tensors.zeros(3, 2));
    state.put("bias", Tensors.zeros(2));
    state.put("scale", Tensors.zeros(2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> linear.load(state))
        .withMessage(
            "load: this state does not fit Linear(2, 3): 'bias' has shape (2), expected (3);"
                + " 'scale' is unknown");
    assertThat(linear.weight("weight").value().toFloatArray()).isEqualTo(before);
    state.remove("bias");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> linear.load(state))
        .withMessageContaining("'bias' of shape (3) is missing");
  }

  @Test
  void theTypeChangesInPlace() {
    Sequential model = trained();
    List<Parameter> parameters = model.parameters();
    model.to(DType.FLOAT64);
    assertThat(model.parameters()).isEqualTo(parameters);
    assertThat(model.state().values()).allMatch(t -> t.dtype() == DType.FLOAT64);
    assertThat(model.forward(normal(generator, 4, 2, 4, 4)).dtype()).isEqualTo(DType.FLOAT64);
  }

  @Test
  void freezingStopsGradients() {
    Sequential model = new Sequential(new Linear(2, 2, generator), new LayerNorm(2));
    model.children().get("0").freeze();
    assertThat(scrambledGradientNames(model)).containsExactly("1.weight", "1.bias");
    model.unfreeze();
    assertThat(scrambledGradientNames(model)).hasSize(4);
  }

  private List<String> scrambledGradientNames(Sequential model) {
    var gradients = model.forward(generator.normal(3, 2)).square().sum().backward();
    return model.namedParameters().entrySet().stream()
        .filter(e -> gradients.contains(e.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  @Test
  void aSummaryShowsShapesAndParameters() {
    Sequential model = network();
    model.children().get("0").freeze();
    assertThat(model.summary(1, 2, 4, 4))
        .isEqualTo(
            """
            name      layer                                         output        parameters
                      Sequential(10)                                (1, 3)
            0         Conv2d(2, 4, 3x3, padding 1)                  (1, 4, 4, 4)          76
            1         BatchNorm(4)                                  (1, 4, 4, 4)           8
            2         RELU                                          (1, 4, 4, 4)
            3         Residual                                      (1, 4, 4, 4)
            3.body    Sequential(2)                                 (1, 4, 4, 4)
            3.body.0  Conv2d(4, 4, 1x1, no bias)                    (1, 4, 4, 4)          16
            3.body.1  BatchNorm(4, no weight, no bias)              (1, 4, 4, 4)
            4         AvgPool2d(2)                                  (1, 4, 2, 2)
            5         Flatten                                       (1, 16)
            6         Linear(16, 8, no bias)                        (1, 8)               128
            7         BatchNorm(8, epsilon 0.001 outside the root)  (1, 8)                16
            8         function                                      (1, 8)
            9         Linear(8, 3)                                  (1, 3)                27
            271 parameters, of which 76 frozen
            """
                .stripTrailing());
    assertThat(model.isTraining()).isTrue();
    assertThat(scrambled(float64(new Linear(2, 3, generator)), generator).summary(5, 2))
        .contains("Linear(2, 3)", "(5, 3)", "9 parameters");
    Linear first = new Linear(3, 3, generator);
    assertThat(new Sequential(first, new Linear(first.weight("weight"), null)).summary(2, 3))
        .containsPattern("Linear\\(3, 3, no bias\\) +\\(2, 3\\)\n") // counted above
        .endsWith("\n12 parameters");
  }

  /** A model whose output layer has the embedding's weight. */
  private static final class Tied extends Layer {
    private final Embedding embedding = child("embedding", Embedding.class);
    private final Linear output = child("output", Linear.class);

    Tied(Embedding embedding, Linear output) {
      this(Description.of(Tied::new).with("embedding", embedding).with("output", output));
    }

    private Tied(Description from) {
      super(from);
    }
  }

  /** A layer of a user who did not think of copies. */
  private static final class Doubling extends Layer implements Transform {
    @Override
    public Tensor forward(Tensor x) {
      return x.times(2);
    }
  }
}
