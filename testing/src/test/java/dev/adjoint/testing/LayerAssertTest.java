package dev.adjoint.testing;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static dev.adjoint.testing.AdjointAssertions.assertThatLayer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class LayerAssertTest {

  private final Generator generator = Generator.seeded(5);
  private final Tensor x = normal(6, 3);
  private final Linear linear = float64(new Linear(3, 3, generator));
  private final BatchNorm norm = float64(new BatchNorm(3));

  private static <L extends Layer> L float64(L layer) {
    layer.to(DType.FLOAT64);
    return layer;
  }

  // ---- gradients -----------------------------------------------------------------------------

  @Test
  void layersWithRightGradientsPass() {
    Sequential model =
        new Sequential(linear, norm, Tensor::tanh, float64(new Linear(3, 2, generator)));
    assertThatLayer(model).onInput(x).toOrder(2).hasCorrectGradients();
    assertThatLayer(model).onInput(x).directional(2).hasCorrectGradients();
  }

  @Test
  void layersWithTheirOwnSignaturesPass() {
    Embedding embedding = float64(new Embedding(4, 3, generator));
    IntTensor indices = IntTensor.of(0, 3, 3);
    assertThatLayer(embedding)
        .calledAs(in -> embedding.forward(indices).tanh())
        .hasCorrectGradients()
        .isDeterministic();
    assertThatLayer(linear)
        .calledAs(in -> linear.forward(in[0]).times(in[1]))
        .onInput(x, normal(6, 3))
        .toOrder(2)
        .hasCorrectGradients();
  }

  @Test
  void aWrongParameterIsNamedByItsPathWithTheOperation() {
    Model model = new Model(w -> Autodiff.apply(new WrongFunctions.Square(), w));
    failureOf(() -> assertThatLayer(model).onInput(x).hasCorrectGradients())
        .matches(
            "(?s)Model in training mode: Gradient check FAILED: hidden.gain at \\[\\d]: analytic"
                + " \\S+, numeric \\S+; suspect: the pullback of 'Square' with respect to its input"
                + " 0\\n.*");
    assertThat(model.gain().value()).hasSameBitsAs(Model.GAIN);
  }

  @Test
  void theLayerWithTheWrongPullbackIsNamedAmongTen() {
    Layer[] layers = new Layer[10];
    for (int i = 0; i < 10; i++) {
      boolean isWrong = i == 5;
      layers[i] =
          i % 2 == 0
              ? float64(new Linear(3, 3, generator))
              : new Hidden(
                  w -> isWrong ? Autodiff.apply(new WrongFunctions.Square(), w) : w.square());
    }
    Sequential model =
        new Sequential(Arrays.stream(layers).map(Transform.class::cast).toArray(Transform[]::new));
    String report =
        catchThrowableOfType(
                AssertionError.class,
                () ->
                    assertThatLayer(model).inEval().onInput(x).directional(1).hasCorrectGradients())
            .getMessage();
    assertThat(report.lines().skip(1).findFirst().orElse(""))
        .matches("  computed at .*LayerAssertTest.*, with 5.gain");
    assertThat(report.lines().filter(line -> line.matches("  (input 0|\\d\\.[a-z]+) .*")))
        .hasSize(16)
        .allSatisfy(line ->
            assertThat(line).endsWith(line.startsWith("  5.gain") ? "  WRONG" : "  relative"));
  }

  @Test
  void aModeInWhichTheGradientIsWrongIsNamed() {
    Layer layer =
        ofMode((in, training) ->
            training ? in.square() : Autodiff.apply(new WrongFunctions.Square(), in));
    failureOf(() -> assertThatLayer(layer).onInput(x).hasCorrectGradients())
        .startsWith("ModeLayer in eval mode: Gradient check FAILED: input 0 at [");
    assertThatLayer(layer).inTraining().onInput(x).hasCorrectGradients();
    failureOf(() -> assertThatLayer(layer).inEval().onInput(x).hasCorrectGradients())
        .startsWith("ModeLayer in eval mode");
  }

  @Test
  void frozenParametersAreSkipped() {
    Model model = new Model(w -> Autodiff.apply(new WrongFunctions.Square(), w));
    model.gain().freeze();
    assertThatLayer(model).onInput(x).hasCorrectGradients();
    assertThat(model.gain().isFrozen()).isTrue();
  }

  @Test
  void float32IsRefusedWithAWayOut() {
    Linear single = new Linear(3, 2, generator);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThatLayer(single).onInput(x).hasCorrectGradients())
        .withMessageStartingWith("gradient check: weight is float32")
        .withMessageContaining("expected float64")
        .withMessageContaining("inFloat32()");
    assertThatLayer(single).onInput(x.to(DType.FLOAT32)).inFloat32().hasCorrectGradients();
  }

  // ---- what stays as it was ------------------------------------------------------------------

  @Test
  void everythingIsAsItWas() {
    BatchNorm frozenStatistics = float64(new BatchNorm(3));
    Sequential model = new Sequential(norm, new Sequential(frozenStatistics, linear));
    frozenStatistics.eval();
    List<Tensor> before = state(model, norm, frozenStatistics);
    assertThatLayer(model)
        .onInput(x)
        .toOrder(2)
        .hasCorrectGradients()
        .isDeterministic()
        .isInvariantTo(t -> t)
        .isInvariantTo("1.1.weight", t -> t);
    failureOf(() -> assertThatLayer(model).onInput(x).hasSameOutputInBothModes())
        .startsWith("Sequential in eval mode");
    List<Tensor> after = state(model, norm, frozenStatistics);
    for (int i = 0; i < before.size(); i++) {
      assertThat(after.get(i)).hasSameBitsAs(before.get(i));
    }
    assertThat(List.of(model.isTraining(), norm.isTraining(), linear.isTraining()))
        .containsOnly(true);
    assertThat(frozenStatistics.isTraining()).isFalse();
  }

  private static List<Tensor> state(Layer model, BatchNorm... norms) {
    List<Tensor> state = new ArrayList<>();
    model.parameters().forEach(p -> state.add(p.value().copy()));
    for (BatchNorm norm : norms) {
      state.add(norm.runningMean());
      state.add(norm.runningVariance());
    }
    return state;
  }

  @Test
  void modesAndParametersComeBackWhenTheLayerThrows() {
    Layer layer =
        ofMode((in, training) -> {
          if (!training) {
            throw new IllegalStateException("no eval");
          }
          return in;
        });
    org.assertj.core.api.Assertions.assertThatIllegalStateException()
        .isThrownBy(() -> assertThatLayer(layer).onInput(x).isDeterministic());
    assertThat(layer.isTraining()).isTrue();
  }

  // ---- determinism and modes -----------------------------------------------------------------

  @Test
  void drawsOfAGeneratorAreDeterministicAndOthersAreNot() {
    Layer dropout =
        ofMode((in, training) ->
            training ? in.times(generator.bernoulli(0.5, in.shape(), in.dtype())) : in);
    assertThatLayer(dropout).onInput(x).isDeterministic();
    java.util.Random random = new java.util.Random(1);
    Layer noise = ofMode((in, training) -> training ? in.plus(random.nextDouble()) : in);
    failureOf(() -> assertThatLayer(noise).onInput(x).isDeterministic())
        .matches(
            "(?s)ModeLayer in training mode: a second run changed the output: element \\[0, 0] is"
                + " \\S+; expected the bits of \\S+\n"
                + ".*");
    assertThatLayer(noise).inEval().onInput(x).isDeterministic();
  }

  @Test
  void aDependenceOnThreadsIsFoundInOutputAndGradients() {
    Layer output = ofMode((in, training) -> in.times(Parallel.threads() == 4 ? 3 : 2));
    failureOf(() -> assertThatLayer(output).onInput(x).isDeterministic())
        .startsWith("ModeLayer in training mode: a run on 4 threads changed the output: element");
    Layer gradient =
        ofMode((in, training) ->
            Autodiff.onGradient(in, g -> g.times(Parallel.threads() == 1 ? 3 : 2)));
    failureOf(() -> assertThatLayer(gradient).onInput(x).isDeterministic())
        .startsWith(
            "ModeLayer in training mode: a run on 1 thread changed the gradient of input 0:"
                + " element");
  }

  @Test
  void outputsOfBothModesAreCompared() {
    assertThatLayer(linear).onInput(x).hasSameOutputInBothModes();
    failureOf(() -> assertThatLayer(norm).onInput(x).hasSameOutputInBothModes())
        .startsWith(
            "BatchNorm in eval mode: the output differs from that in training mode: element [0, 0]"
                + " is ")
        .contains("\nactual: Tensor(6, 3) float64", "\nexpected: Tensor(6, 3) float64");
  }

  // ---- invariance ----------------------------------------------------------------------------

  @Test
  void batchNormIsInvariantToScaleAndShiftOfItsInputInTraining() {
    norm.epsilon(0);
    assertThatLayer(norm)
        .inTraining()
        .onInput(x)
        .isInvariantTo(t -> t.times(3))
        .isInvariantTo(t -> t.plus(5));
    failureOf(() -> assertThatLayer(norm).onInput(x).isInvariantTo(t -> t.times(3)))
        .startsWith("BatchNorm in eval mode: the output changes with the input: element [")
        .contains("\nactual: ", "\nexpected: ");
    assertThatLayer(linear).inEval().onInput(x).tolerance(100, 0).isInvariantTo(t -> t.times(3));
  }

  @Test
  void whatANormalizationTakesAwayDoesNotChangeTheOutput() {
    Sequential model = new Sequential(linear, norm.epsilon(0));
    assertThatLayer(model)
        .inTraining()
        .onInput(x)
        .tolerance(1e-9, 0)
        .isInvariantTo("0.weight", w -> w.times(3))
        .isInvariantTo("0.bias", b -> b.plus(2));
    Tensor before = linear.namedParameters().get("weight").value().copy();
    failureOf(() -> assertThatLayer(linear).onInput(x).isInvariantTo("weight", w -> w.times(3)))
        .startsWith("Linear in training mode: the output changes with weight: element [");
    assertThat(linear.namedParameters().get("weight").value()).hasSameBitsAs(before);
  }

  @Test
  void constantsBehindStopGradientMoveWithTheInput() {
    Layer centered = ofMode((in, training) -> in.minus(Autodiff.stopGradient(in.max())));
    assertThatLayer(centered).onInput(x).isInvariantTo(t -> t.plus(5));
  }

  // ---- misuse --------------------------------------------------------------------------------

  @Test
  void misuseIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThatLayer(linear).hasCorrectGradients())
        .withMessage("Linear: 0 inputs; expected onInput(x), or calledAs(in -> ...)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThatLayer(new Embedding(4, 3, generator)).isDeterministic())
        .withMessage("Embedding is not a Transform; expected calledAs(in -> ...)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThatLayer(linear).isInvariantTo(t -> t))
        .withMessage("Linear: isInvariantTo without an input; expected onInput(x) before");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThatLayer(linear).onInput(x).isInvariantTo("gain", t -> t))
        .withMessage("Linear: no parameter 'gain'; expected one of [weight, bias]");
    failureOf(() -> assertThatLayer(null).onInput(x).isDeterministic()).contains("not to be null");
  }

  // ---- layers --------------------------------------------------------------------------------

  private interface ByMode {
    Tensor apply(Tensor in, boolean training);
  }

  private static Layer ofMode(ByMode forward) {
    return new ModeLayer(forward);
  }

  private static final class ModeLayer extends Layer implements Transform {
    private final ByMode forward;

    ModeLayer(ByMode forward) {
      this.forward = forward;
    }

    @Override
    public Tensor forward(Tensor in) {
      return forward.apply(in, isTraining());
    }
  }

  /** Holds a layer that is named hidden and has a parameter that is named gain. */
  private static final class Model extends Layer implements Transform {
    static final Tensor GAIN = Tensor.of(1.0, -2, 3);
    private final Hidden hidden;

    Model(Function<Tensor, Tensor> ofGain) {
      hidden = child("hidden", new Hidden(ofGain));
    }

    Parameter gain() {
      return hidden.gain;
    }

    @Override
    public Tensor forward(Tensor in) {
      return hidden.forward(in.tanh()).plus(in);
    }
  }

  private static final class Hidden extends Layer implements Transform {
    private final Function<Tensor, Tensor> ofGain;
    private final Parameter gain = parameter("gain", Model.GAIN).parameter();

    Hidden(Function<Tensor, Tensor> ofGain) {
      this.ofGain = ofGain;
    }

    @Override
    public Tensor forward(Tensor in) {
      return in.times(ofGain.apply(gain.value())).sigmoid();
    }
  }

  private static AbstractStringAssert<?> failureOf(ThrowingCallable assertion) {
    return assertThat(
        org.assertj.core.api.Assertions.catchThrowableOfType(AssertionError.class, assertion)
            .getMessage());
  }

  private static Tensor normal(int... sizes) {
    return Generator.seeded(4).normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }
}
