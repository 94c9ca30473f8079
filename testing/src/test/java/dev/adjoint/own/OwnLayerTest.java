package dev.adjoint.own;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uses layers that somebody wrote outside the library, of what its documentation says. */
class OwnLayerTest {

  @TempDir private Path directory;

  private final Generator generator = Generator.seeded(2);
  private final Tensor x = generator.normal(5, 4);

  private TanhNorm trained() {
    TanhNorm layer = new TanhNorm(4, 0.8);
    layer.parameters().forEach(p -> p.assign(generator.normal(0, 1, p.shape(), DType.FLOAT32)));
    return layer;
  }

  @Test
  void aNormOfOnesOwnIsCopiedSavedAndLoaded() throws IOException {
    TanhNorm layer = trained();
    Tensor expected = layer.forward(x).copy();
    assertThat(layer).hasToString("TanhNorm(4, start 0.8)");
    TanhNorm copy = Layer.copyOf(layer);
    assertThat(copy.forward(x)).hasSameBitsAs(expected);
    copy.parameters().forEach(p -> p.assign(p.value().times(2)));
    assertThat(layer.forward(x)).hasSameBitsAs(expected);

    Path file = directory.resolve("model.safetensors");
    Predictor.of(new Sequential(layer, Activation.TANH)).save(file);
    Predictor loaded = Predictor.load(file, Map.of("TanhNorm", TanhNorm::new));
    assertThat(loaded.predict(x)).hasSameBitsAs(expected.tanh());
    assertThat(loaded.toString())
        .isEqualTo(
            """
            Sequential
              0: TanhNorm features=4 start=0.8
              1: Activation function=TANH
            """);
  }

  @Test
  void aFunctionOfOnesOwnIsAPartThatIsCopiedButASavedOneNeedsAName() {
    Gated gated = new Gated(Tensor::tanh, generator);
    assertThat(Layer.copyOf(gated).forward(x)).hasSameBitsAs(gated.forward(x));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Predictor.of(gated))
        .withMessage(
            "Predictor: 'gate' is a function, which a file cannot hold; expected a layer, one of"
                + " the functions that have names, such as Activation.TANH, or a record of one's"
                + " own that is Describable");
  }

  @Test
  void partsThatAConstructorCreatesAreThoseOfTheOriginalInACopy() throws IOException {
    Classifier original = new Classifier(generator);
    Tensor expected = original.forward(x).copy();
    assertThat(Layer.copyOf(original).forward(x)).hasSameBitsAs(expected);
    Path file = directory.resolve("classifier.safetensors");
    Predictor.of(original).save(file);
    assertThat(Predictor.load(file, Map.of("Classifier", Classifier::new)).predict(x))
        .hasSameBitsAs(expected);
  }

  @Test
  void sharedWeightsStaySharedAndFrozenOnesFrozen() {
    Gated gated = new Gated(Activation.TANH, generator);
    Sequential twice = new Sequential(gated, new Linear(gated.weight("weight"), null), gated);
    gated.freeze();
    Sequential copy = Layer.copyOf(twice);
    assertThat(copy.parameters()).hasSize(1).allMatch(p -> p.isFrozen());
    assertThat(copy.children().get("0")).isSameAs(copy.children().get("2"));
  }

  @Test
  void whatTheConstructorDoesNotDeclareIsMissed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Layer.copyOf(new Forgetful().more()))
        .withMessage("Forgetful: unknown tensor 'more'");
    assertThatIllegalStateException()
        .isThrownBy(() -> Layer.copyOf(new TanhNorm(Description.of(Swish::new).set("features", 4))))
        .withMessage(
            "TanhNorm: its copy is a Swish; expected Description.of(TanhNorm::new) in its"
                + " constructors");
  }

  @Test
  void aSettingChecksItsValueAndDoesNotChangeInAModelForInference() {
    Forgetful layer = new Forgetful();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> layer.rate.set(3.0))
        .withMessage("Forgetful: slow rate 3.0; expected at most 2");
    layer.rate.set(1.5);
    assertThat(layer.rate).hasToString("slow rate 1.5");
    assertThatIllegalStateException()
        .isThrownBy(() -> Layer.forInference(layer).rate.set(1.0))
        .withMessageStartingWith("slow_rate: Forgetful(slow rate 1.5) was made for inference");
  }

  /** A model that creates what it consists of in its constructor. */
  private static final class Classifier extends Layer implements Transform {
    private final Linear hidden;
    private final Weight scale;

    Classifier(Generator generator) {
      this(Description.of(Classifier::new).with(generator));
    }

    Classifier(Description from) {
      super(from);
      hidden = child("hidden", new Linear(4, 3, from.generator()));
      scale = parameter("scale", from.generator().normal(3));
    }

    @Override
    public Tensor forward(Tensor x) {
      return observed(hidden.forward(x).tanh().times(scale.value()));
    }
  }

  /** A layer with a function inside. */
  private static final class Gated extends Layer implements Transform {
    private final Weight weight;
    private final Transform gate = child("gate", Transform.class);

    Gated(Transform gate, Generator generator) {
      this(Description.of(Gated::new).with("gate", gate).with(generator));
    }

    Gated(Description from) {
      super(from);
      weight = parameter("weight", Shape.of(4, 4), shape -> from.generator().normal(4, 4));
    }

    @Override
    public Tensor forward(Tensor x) {
      return gate.forward(x.matmul(weight.value())).times(x);
    }
  }

  /** A layer that takes what another one has. */
  private static final class Swish extends Layer {
    Swish(Description from) {
      super(from);
      integer("features");
      decimal("start", 1);
      parameter("alpha");
      parameter("weight");
      parameter("bias");
    }
  }

  /** A layer with an option of which its constructor knows nothing. */
  private static final class Forgetful extends Layer {
    private final Setting<Double> rate = decimal("slow_rate", 1).require(r -> r <= 2, "at most 2");

    Forgetful() {
      this(Description.of(Forgetful::new));
    }

    Forgetful(Description from) {
      super(from);
    }

    Forgetful more() {
      parameter("more", Shape.of(), 1);
      return this;
    }
  }
}
