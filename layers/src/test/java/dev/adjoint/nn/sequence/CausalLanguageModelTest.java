package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.LayerAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.kernel.Budget;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CausalLanguageModelTest {

  private static final int TOKENS = 11;

  private final Generator generator = Generator.seeded(53);

  private CausalLanguageModel model(Positions positions) {
    return new CausalLanguageModel(
            TOKENS,
            16,
            2,
            _ ->
                TransformerDecoderLayer.decoderOnly(16, 4, 24, generator)
                    .selfAttention(new MultiHeadAttention(16, 4, 2, generator).positions(positions))
                    .feedForward(new GatedFeedForward(16, 24, generator))
                    .normFirst()
                    .norm(RMSNorm::new),
            generator)
        .norm(new RMSNorm(16));
  }

  private IntTensor text(int n, int length) {
    return generator.integers(TOKENS, n, length);
  }

  /** Continues texts by computing all of them again for each token. */
  private static IntTensor again(CausalLanguageModel model, IntTensor prompt, int more) {
    int n = prompt.shape().size(0);
    IntTensor texts = prompt;
    for (int t = 0; t < more; t++) {
      IntTensor seen = texts;
      int length = seen.shape().size(1);
      IntTensor best = model.inEval(() -> model.forward(seen)).select(1, -1).argmax(1);
      int[] longer = new int[n * (length + 1)];
      for (int i = 0; i < n; i++) {
        System.arraycopy(seen.toArray(), i * length, longer, i * (length + 1), length);
        longer[i * (length + 1) + length] = best.get(i);
      }
      texts = IntTensor.of(longer, n, length + 1);
    }
    return texts;
  }

  @ParameterizedTest
  @EnumSource
  void theTextIsThatWithoutACache(Positions positions) {
    CausalLanguageModel model = model(positions).dropout(0.2);
    IntTensor prompt = text(2, 3);
    IntTensor texts = model.generate(prompt, 30, Sampling.GREEDY, generator);
    assertThat(texts.toArray()).isEqualTo(again(model, prompt, 30).toArray());
    assertThat(texts.shape()).isEqualTo(Shape.of(2, 33));
    assertThat(model.isTraining()).isTrue();
  }

  @Test
  void scoresOfExtensionsHaveTheBitsOfTheWhole() {
    CausalLanguageModel model = Layer.forInference(model(Positions.NONE).positions(41));
    IntTensor texts = text(1, 40);
    Tensor whole = model.forward(texts);
    KeyValueCache cache = new KeyValueCache(40);
    for (int t = 0; t < 40; t++) {
      Tensor scores = model.extend(IntTensor.of(new int[] {texts.get(t)}, 1, 1), cache);
      assertThat(scores.toFloatArray()).isEqualTo(whole.slice(1, t, t + 1).toFloatArray());
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> model.extend(text(1, 1), cache))
        .withMessage(
            "KeyValueCache: 1 more after 40; expected a capacity of at least 41, which is 40");
  }

  /** Budgets count work and bytes by sizes, so that what is linear is so on every machine. */
  @ParameterizedTest
  @ValueSource(ints = {100, 200, 400})
  void textsCostInProportionToTheirLength(int length) {
    CausalLanguageModel model = Layer.forInference(model(Positions.ROTARY));
    IntTensor prompt = text(1, 1);
    Budget budget = new Budget(Duration.ofNanos(6000L * length), 10_000L * length);
    budget.limit("text", () -> model.generate(prompt, length, Sampling.GREEDY, generator));
    Budget tenfold = new Budget(Duration.ofNanos(60_000L * length), Long.MAX_VALUE);
    assertThatIllegalStateException()
        .isThrownBy(() -> tenfold.limit("text", () -> again(model, prompt, length)))
        .withMessageContaining("works for more than");
  }

  @Test
  void nothingDependsOnWhatComesLater() {
    CausalLanguageModel model = Layer.forInference(model(Positions.ALIBI));
    int[] text = text(1, 9).toArray();
    Tensor before = model.forward(IntTensor.of(text, 1, 9));
    text[6] = (text[6] + 1) % TOKENS;
    Tensor after = model.forward(IntTensor.of(text, 1, 9));
    assertThat(after.slice(1, 0, 6).toFloatArray()).isEqualTo(before.slice(1, 0, 6).toFloatArray());
    assertThat(after.slice(1, 6, 9).toFloatArray())
        .isNotEqualTo(before.slice(1, 6, 9).toFloatArray());
  }

  @Test
  void seedsDecide() {
    CausalLanguageModel model = model(Positions.ROTARY);
    IntTensor prompt = text(2, 1);
    Sampling sampling = Sampling.DEFAULT.temperature(1.5).topK(8).topP(0.95);
    int[] one = model.generate(prompt, 20, sampling, Generator.seeded(1)).toArray();
    assertThat(model.generate(prompt, 20, sampling, Generator.seeded(1)).toArray()).isEqualTo(one);
    assertThat(model.generate(prompt, 20, sampling, Generator.seeded(2)).toArray())
        .isNotEqualTo(one);
    assertThat(model.generate(prompt, 0, sampling, generator).toArray())
        .isEqualTo(prompt.toArray());
  }

  @Test
  void samplingLeavesOutWhatIsUnlikely() {
    double[] scores = {Math.log(0.1), Math.log(0.4), Math.log(0.2), Math.log(0.3)};
    assertThat(shares(Sampling.DEFAULT, scores))
        .containsExactly(roughly(.1, .4, .2, .3), within(1e-12));
    assertThat(shares(Sampling.DEFAULT.topK(2), scores))
        .containsExactly(roughly(0, 4 / 7., 0, 3 / 7.), within(1e-12));
    assertThat(shares(Sampling.DEFAULT.topP(0.65), scores))
        .containsExactly(roughly(0, 4 / 7., 0, 3 / 7.), within(1e-12));
    assertThat(shares(Sampling.DEFAULT.topP(0.75), scores))
        .containsExactly(roughly(0, 4 / 9., 2 / 9., 3 / 9.), within(1e-12));
    assertThat(shares(Sampling.DEFAULT.topP(1e-9), scores))
        .containsExactly(roughly(0, 1, 0, 0), within(1e-12));
    assertThat(shares(Sampling.DEFAULT.topK(2).topP(0.5), scores))
        .containsExactly(roughly(0, 1, 0, 0), within(1e-12));
    assertThat(shares(Sampling.DEFAULT.temperature(0.5), scores))
        .containsExactly(roughly(1 / 30., 16 / 30., 4 / 30., 9 / 30.), within(1e-12));
    Tensor tensor = Tensor.of(scores);
    assertThat(
            IntStream.range(0, 10)
                .map(i -> Sampling.DEFAULT.choose(tensor, i / 10.0 + 0.05))
                .toArray())
        .containsExactly(0, 1, 1, 1, 1, 2, 2, 3, 3, 3);
    assertThat(Sampling.GREEDY.choose(tensor, 0.99)).isEqualTo(1);
  }

  private static double[] roughly(double... values) {
    return values;
  }

  private static double[] shares(Sampling sampling, double... scores) {
    double[] p = sampling.probabilities(scores);
    double sum = Arrays.stream(p).sum();
    return Arrays.stream(p).map(each -> each / sum).toArray();
  }

  @Test
  void tiedWeightsAreOne() {
    CausalLanguageModel model = model(Positions.ROTARY).tied();
    assertThat(model.namedParameters())
        .containsKey("embed_tokens.weight")
        .doesNotContainKey("lm_head.weight");
    IntTensor text = text(2, 5);
    CausalLanguageModel copy = Layer.copyOf(model);
    assertThat(copy.parameters()).hasSameSizeAs(model.parameters());
    assertThat(copy.forward(text).toFloatArray()).isEqualTo(model.forward(text).toFloatArray());
    copy.load(model.state());
  }

  @Test
  void aTextIsLearned() {
    CausalLanguageModel model = model(Positions.ROTARY);
    model
        .namedLayers()
        .values()
        .forEach(layer -> {
          if (layer instanceof TransformerDecoderLayer decoder) {
            decoder.dropout(0);
          }
        });
    int[] cycle = IntStream.range(0, 23).map(t -> t * t % TOKENS).toArray(); // has a period of 11
    IntTensor seen = IntTensor.of(Arrays.copyOf(cycle, 22), 1, 22);
    IntTensor next = IntTensor.of(Arrays.copyOfRange(cycle, 1, 23));
    for (int step = 0; step < 60; step++) {
      var gradients = Losses.crossEntropy(model.forward(seen).flatten(0, 1), next).backward();
      model
          .parameters()
          .forEach(p -> {
            Tensor g = gradients.of(p);
            double norm = Math.max(1e-9, g.norm(2).item());
            p.assign(p.value().untracked().minus(g.times(0.15 / norm)));
          });
    }
    IntTensor prompt = IntTensor.of(Arrays.copyOf(cycle, 12), 1, 12);
    int[] text = model.generate(prompt, 11, Sampling.GREEDY, generator).toArray();
    assertThat(text).isEqualTo(cycle);
  }

  @Test
  void misuseIsNamed() {
    CausalLanguageModel model = model(Positions.NONE).positions(4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.forward(IntTensor.of(1, 2)))
        .withMessageContaining("text of shape (2); expected (N, T)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.generate(IntTensor.of(1, 2), 3, Sampling.GREEDY, generator))
        .withMessage(
            "generate: prompt of shape (2) and 3 more; expected (N, T) of at least one token, and 0"
                + " or more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.generate(text(1, 2), 4, Sampling.GREEDY, generator))
        .withMessage(
            "PositionalEncoding(4, 16): input of shape (1, 1, 16); expected (..., T, 16), T at most"
                + " 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Sampling.DEFAULT.temperature(-1))
        .withMessage("temperature -1.0; expected a finite number of at least 0");
    assertThatIllegalArgumentException().isThrownBy(() -> Sampling.DEFAULT.topK(0));
    assertThatIllegalArgumentException().isThrownBy(() -> Sampling.DEFAULT.topP(0));
    assertClose(Autodiff.noGrad(() -> model.forward(text(1, 4)).times(0).sum()), Tensor.scalar(0));
  }

  @Test
  void scoresThatAreNoNumbersChooseNothing() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (Sampling sampling : new Sampling[] {Sampling.GREEDY, Sampling.DEFAULT.topK(2)}) {
        assertThatIllegalStateException()
            .isThrownBy(() -> sampling.choose(Tensor.of(1, bad, 2), 0.5))
            .withMessage(
                "generate: the highest score of a token is %s; expected a finite number", bad);
      }
    }
    Tensor none = Tensor.of(Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY);
    assertThatIllegalStateException()
        .isThrownBy(() -> Sampling.DEFAULT.choose(none, 0.5))
        .withMessageContaining("is -Infinity;");
  }
}
