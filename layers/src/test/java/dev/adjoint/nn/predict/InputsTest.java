package dev.adjoint.nn.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.sequence.CausalLanguageModel;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Predictors of models that take something else than one tensor. */
class InputsTest {

  @TempDir private Path directory;

  private final Generator generator = Generator.seeded(3);

  private Predictor reloaded(Predictor predictor) throws IOException {
    Path file = directory.resolve("model.safetensors");
    predictor.save(file);
    return Predictor.load(file, Map.of("Reading", Reading::new));
  }

  private Inputs signals(int... lengths) {
    return new Inputs()
        .with("signal", generator.normal(lengths.length, 6, 3))
        .with("user", IntTensor.range(lengths.length))
        .with("lengths", IntTensor.of(lengths));
  }

  @Test
  void aModelOfTokensScoresTheNextOnes() throws IOException {
    CausalLanguageModel model =
        new CausalLanguageModel(
            5, 8, 2, _ -> TransformerDecoderLayer.decoderOnly(8, 2, 12, generator), generator);
    Predictor predictor = reloaded(Predictor.of(model));
    IntTensor text = IntTensor.of(new int[][] {{1, 2, 3}, {4, 0, 1}});
    assertThat(predictor.predict(text).toFloatArray())
        .isEqualTo(model.inEval(() -> model.forward(text)).toFloatArray());
    // The classes are the tokens, along the last axis.
    Tensor sums = predictor.probabilities(text).sum(-1);
    assertThat(sums.minus(1).abs().max().item()).isLessThan(1e-6);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.labels("a", "b", "c").probabilities(text))
        .withMessage(
            "probabilities: output of shape (2, 3, 5); expected (N, ..., 3), the classes last");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.predict(1, 2))
        .withMessage(
            "predict: inputs {input: float32 (1, 2)}; expected one of whole numbers, which is what"
                + " this model takes");
  }

  @Test
  void aModelOfSeveralInputsReadsThemByName() throws IOException {
    Reading model = new Reading(generator);
    Predictor predictor = reloaded(Predictor.of(model).labels("rest", "walk"));
    Inputs inputs = signals(6, 2, 4);
    Tensor expected = model.forward(inputs);
    assertThat(predictor.predict(inputs).toFloatArray()).isEqualTo(expected.toFloatArray());
    assertThat(predictor.predict(inputs).isTracked()).isFalse();
    assertThat(predictor.classify(inputs))
        .isEqualTo(
            expected.argmax(1).toArray()[0] == 0
                ? List.of("rest", label(expected, 1), label(expected, 2))
                : List.of("walk", label(expected, 1), label(expected, 2)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.predict(new Inputs().with("signal", generator.normal(1, 6, 3))))
        .withMessage(
            "integers: there is no 'lengths' in {signal: float32 (1, 6, 3)}; expected one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> inputs.with("user", generator.normal(1)))
        .withMessage("Inputs: [user] twice; expected each once");
  }

  private static String label(Tensor scores, int example) {
    return List.of("rest", "walk").get(scores.argmax(1).get(example));
  }

  @Test
  void requestsOfSeveralInputsAreBatched() {
    Predictor predictor = Predictor.of(new Reading(generator));
    List<Inputs> requests = List.of(signals(6, 2), signals(3), signals(1));
    Tensor together = predictor.predict(Inputs.concat(requests));
    int from = 0;
    for (Inputs request : requests) {
      assertThat(request.isLike(requests.getFirst())).isTrue();
      int to = from + request.examples();
      assertThat(together.slice(0, from, to).toFloatArray())
          .isEqualTo(predictor.predict(request).toFloatArray());
      from = to;
    }
    assertThat(requests.getFirst().isLike(Inputs.of(IntTensor.range(2)))).isFalse();
  }

  @Test
  void aModelThatTakesNeitherIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Predictor.of(new GRU(3, 4, generator)))
        .withMessage(
            "Predictor: the model is a GRU; expected a Transform, a TokenTransform or an"
                + " InputsTransform");
  }

  /** A user's model: whose signal it is, and a padded signal. */
  static final class Reading extends Layer implements InputsTransform {
    private final Embedding users = child("users", Embedding.class);
    private final GRU gru = child("gru", GRU.class);
    private final Linear head = child("head", Linear.class);

    Reading(Generator generator) {
      this(
          Description.of(Reading::new)
              .with("users", new Embedding(4, 5, generator))
              .with("gru", new GRU(3, 5, generator))
              .with("head", new Linear(5, 2, generator)));
    }

    Reading(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Inputs inputs) {
      Tensor read =
          gru.forward(inputs.tensor("signal"), inputs.integers("lengths")).state().select(0, -1);
      return observed(head.forward(read.plus(users.forward(inputs.integers("user")))));
    }
  }
}
