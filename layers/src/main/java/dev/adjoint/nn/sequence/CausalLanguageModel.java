package dev.adjoint.nn.sequence;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.TokenTransform;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A causal language model, which scores the next token at each position of a text: embedding,
 * {@linkplain TransformerDecoderLayer layers}, a norm, and a linear head without bias (Radford et
 * al. 2019, "Language models are unsupervised multitask learners").
 *
 * <pre>{@code
 * CausalLanguageModel model =
 *     new CausalLanguageModel(
 *         tokens, 64, 2,
 *         _ -> TransformerDecoderLayer.decoderOnly(64, 4, 256, generator).normFirst(), generator);
 * Tensor loss = Losses.crossEntropy(model.forward(text).flatten(0, 1), next.flatten());
 * IntTensor longer = model.generate(prompt, 200, Sampling.DEFAULT.temperature(0.8), generator);
 * }</pre>
 *
 * <p>The order of tokens counts by {@link Positions} of the layers' attentions, or by {@link
 * #positions}. The parts are named embed_tokens, layers, norm and lm_head, as Llama's.
 */
public final class CausalLanguageModel extends Layer implements TokenTransform {

  private final Embedding embedding = child("embed_tokens", Embedding.class);
  private final Dropout dropout = child("dropout", Dropout.class);
  private final Sequential layers = child("layers", Sequential.class);
  private final List<TransformerDecoderLayer> stack;
  private @Nullable PositionalEncoding positions;
  private Transform norm;
  private Linear head;

  /**
   * Creates a model.
   *
   * @param tokens how many there are
   * @param width of the layers
   * @param depth how many layers there are
   * @param layer makes the layer of each number from 0 on
   */
  public CausalLanguageModel(
      int tokens,
      int width,
      int depth,
      IntFunction<TransformerDecoderLayer> layer,
      Generator generator) {
    this(
        Description.of(CausalLanguageModel::new)
            .with("embed_tokens", new Embedding(tokens, width, generator))
            .with("dropout", new Dropout(0, generator))
            .with("layers", stack(depth, layer))
            .with("norm", new LayerNorm(width))
            .with("lm_head", new Linear(width, tokens, generator).withoutBias()));
  }

  /** Creates a layer from its description. */
  public CausalLanguageModel(Description from) {
    super(from);
    norm = child("norm", Transform.class);
    head = child("lm_head", Linear.class);
    positions = from.has("positions") ? child("positions", PositionalEncoding.class) : null;
    stack = TransformerLayer.all(TransformerDecoderLayer.class, type(), layers);
  }

  private static Sequential stack(int depth, IntFunction<TransformerDecoderLayer> layer) {
    TransformerDecoderLayer[] all = new TransformerDecoderLayer[depth];
    Arrays.setAll(all, layer);
    return new Sequential(all);
  }

  /** Adds sines and cosines of their positions to the embedded tokens of texts up to a length. */
  public CausalLanguageModel positions(int longest) {
    positions = exchange("positions", new PositionalEncoding(longest, width()));
    return this;
  }

  /** Sets the norm before the head; the default is a {@link LayerNorm}. */
  public CausalLanguageModel norm(Transform last) {
    norm = exchange("norm", last);
    return this;
  }

  /**
   * Makes embedding and head one weight (Press and Wolf 2017, arXiv:1608.05859), which starts
   * normal with a deviation of 1 / sqrt(width).
   */
  public CausalLanguageModel tied() {
    Weight weight = embedding.weight("weight");
    weight.assign(weight.value().times(1 / Math.sqrt(width())));
    head = exchange("lm_head", new Linear(weight, null));
    return this;
  }

  /** Drops embedded tokens with this probability in training; the default is 0. */
  public CausalLanguageModel dropout(double probability) {
    dropout.probability(probability);
    return this;
  }

  private int width() {
    return embedding.weight("weight").shape().size(1);
  }

  /**
   * Returns a score of each token to come next at each position.
   *
   * @param text of shape (N, T)
   * @return of shape (N, T, tokens)
   */
  @Override
  public Tensor forward(IntTensor text) {
    return observed(head.forward(hidden(text, null)));
  }

  /**
   * Returns the scores at the next positions of texts whose beginning is in the cache; adds them to
   * it. They have the bits of {@link #forward} of the whole.
   *
   * @param text of shape (N, T): the next T tokens
   * @return of shape (N, T, tokens)
   * @throws IllegalStateException as {@link MultiHeadAttention#extend}
   */
  public Tensor extend(IntTensor text, KeyValueCache cache) {
    return observed(head.forward(hidden(text, cache)));
  }

  private Tensor hidden(IntTensor text, @Nullable KeyValueCache cache) {
    if (text.shape().rank() != 2) {
      throw new IllegalArgumentException(
          "%s: text of shape %s; expected (N, T)".formatted(headline(), text.shape()));
    }
    Tensor x = embedding.forward(text);
    if (positions != null) {
      x = positions.forward(x, cache == null ? 0 : cache.length());
    }
    x = dropout.forward(x);
    for (TransformerDecoderLayer layer : stack) {
      x = layer.extend(x, null, null, cache);
    }
    return norm.forward(x);
  }

  /**
   * Continues texts, one token after another, in eval mode and without recording. A token costs a
   * row of products, and attention to those before: see {@link KeyValueCache}.
   *
   * @param prompt of shape (N, T), T at least 1
   * @param more how many tokens to add
   * @param generator draws: the same texts for the same seed
   * @return of shape (N, T + more): the prompt and what follows
   * @throws IllegalStateException if a score is NaN, or the highest is infinite: nothing can be
   *     chosen by them
   */
  public IntTensor generate(IntTensor prompt, int more, Sampling sampling, Generator generator) {
    if (prompt.shape().rank() != 2 || prompt.shape().size(1) < 1 || more < 0) {
      throw new IllegalArgumentException(
          "generate: prompt of shape %s and %d more; expected (N, T) of at least one token, and 0 or more"
              .formatted(prompt.shape(), more));
    }
    return inEval(() -> Autodiff.noGrad(() -> continued(prompt, more, sampling, generator)));
  }

  private IntTensor continued(IntTensor prompt, int more, Sampling sampling, Generator generator) {
    int n = prompt.shape().size(0);
    int first = prompt.shape().size(1);
    int[] texts = new int[Shape.of("generate", n, (long) first + more).size()];
    int length = first + more;
    for (int i = 0; i < prompt.size(); i++) {
      texts[i / first * length + i % first] = prompt.get(i);
    }
    KeyValueCache cache = new KeyValueCache(length);
    IntTensor next = prompt;
    for (int t = first; t < length; t++) {
      IntTensor seen = next;
      int[] chosen =
          Memory.step(() -> {
            Tensor last = head.forward(hidden(seen, cache).select(1, -1));
            Tensor chances = generator.uniform(0, 1, Shape.of(n), DType.FLOAT64);
            return IntStream.range(0, n)
                .map(i -> sampling.choose(last.select(0, i), chances.get(i)))
                .toArray();
          });
      for (int i = 0; i < n; i++) {
        texts[i * length + t] = chosen[i];
      }
      next = IntTensor.of(chosen, n, 1);
    }
    return IntTensor.of(texts, n, length);
  }
}
