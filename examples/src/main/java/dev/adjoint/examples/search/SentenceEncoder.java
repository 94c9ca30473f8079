package dev.adjoint.examples.search;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.StateMapping;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.sequence.Masks;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.nn.sequence.WordPiece;
import dev.adjoint.nn.sequence.WordPiece.Tokens;
import dev.adjoint.onnx.OnnxWeights;
import dev.adjoint.op.ContrastiveLosses;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns sentences into vectors of length 1 whose products say how alike they are in meaning: BERT
 * (Devlin et al. 2019, arXiv:1810.04805), and the mean of what it makes of the pieces of a sentence
 * (Reimers and Gurevych 2019, arXiv:1908.10084).
 */
public final class SentenceEncoder extends Layer {

  /** How many pieces of a sentence are looked at. */
  public static final int LONGEST = 128;

  /** How BERT's weights are called, and how they are here. */
  static final StateMapping FROM_BERT =
      new StateMapping()
          .rename("embeddings.word_embeddings.weight", "embed_tokens.weight")
          .rename("embeddings.position_embeddings.weight", "embed_positions.weight")
          .rename("embeddings.token_type_embeddings.weight", "embed_types.weight")
          .rename("embeddings.LayerNorm.*", "norm.*")
          .join(
              "encoder.layers.*.self_attn.in_proj_*",
              "encoder.layer.*.attention.self.query.*",
              "encoder.layer.*.attention.self.key.*",
              "encoder.layer.*.attention.self.value.*")
          .rename(
              "encoder.layer.*.attention.output.dense.*", "encoder.layers.*.self_attn.out_proj.*")
          .rename("encoder.layer.*.attention.output.LayerNorm.*", "encoder.layers.*.norm1.*")
          .rename("encoder.layer.*.intermediate.dense.*", "encoder.layers.*.linear1.*")
          .rename("encoder.layer.*.output.dense.*", "encoder.layers.*.linear2.*")
          .rename("encoder.layer.*.output.LayerNorm.*", "encoder.layers.*.norm2.*")
          .drop("pooler.dense.*"); // of the first piece alone, which means nothing here

  /** Of sentences that are encoded together: more would not fit into a cache. */
  private static final int MOST_PIECES = 1024;

  private static final int HEAD_WIDTH = 32;
  private static final double EPSILON = 1e-12;
  private static final double TEMPERATURE = 0.05;

  private final Embedding tokens;
  private final Embedding positions;
  private final Embedding types;
  private final LayerNorm norm;
  private final TransformerEncoder encoder;

  /**
   * Creates an encoder that has learned nothing.
   *
   * @param pieces the size of the vocabulary
   * @param longest the number of positions
   * @param width a multiple of 32, which is that of a head
   */
  SentenceEncoder(int pieces, int longest, int width, int depth, Generator generator) {
    tokens = child("embed_tokens", new Embedding(pieces, width, generator));
    positions = child("embed_positions", new Embedding(longest, width, generator));
    types = child("embed_types", new Embedding(2, width, generator));
    norm = child("norm", new LayerNorm(width).epsilon(EPSILON));
    TransformerEncoderLayer[] layers = new TransformerEncoderLayer[depth];
    for (int i = 0; i < depth; i++) {
      layers[i] =
          new TransformerEncoderLayer(width, width / HEAD_WIDTH, 4 * width, generator)
              .activation(Activation.GELU)
              .norm(features -> new LayerNorm(features).epsilon(EPSILON))
              .dropout(0);
    }
    encoder = child("encoder", new TransformerEncoder(layers));
  }

  /** Creates the encoder that has this state. */
  static SentenceEncoder ofState(Map<String, Tensor> state) {
    Tensor tokens = state.get("embed_tokens.weight");
    Tensor positions = state.get("embed_positions.weight");
    if (tokens == null || positions == null || tokens.rank() != 2 || positions.rank() != 2) {
      throw new IllegalArgumentException("no embeddings of pieces and positions; expected both");
    }
    int depth = 0;
    while (state.containsKey("encoder.layers.%d.norm1.weight".formatted(depth))) {
      depth++;
    }
    SentenceEncoder encoder =
        new SentenceEncoder(
            tokens.size(0), positions.size(0), tokens.size(1), depth, Generator.seeded(1));
    encoder.load(state);
    return encoder;
  }

  /**
   * Creates the pretrained encoder.
   *
   * @throws IOException if the file of it holds another model
   */
  public static SentenceEncoder pretrained(Libraries libraries) throws IOException {
    try {
      return ofState(FROM_BERT.of(OnnxWeights.of(libraries.model())));
    } catch (IllegalArgumentException e) {
      throw new IOException("the file of the encoder holds another model: " + e.getMessage(), e);
    }
  }

  /** Freezes the vectors of pieces, of which few sentences could only move some. */
  public void freezeEmbeddings() {
    tokens.freeze();
    positions.freeze();
    types.freeze();
  }

  /** Returns vectors of length 1, of shape (N, width). */
  public Tensor forward(Tokens sentences) {
    return observed(pooled(hidden(sentences), sentences));
  }

  /** Returns the directions of the means of what was made of each piece. */
  Tensor pooled(Tensor hidden, Tokens sentences) {
    Tensor sums = (isPadded(sentences) ? hidden.times(mask(sentences)) : hidden).sum(1);
    return sums.div(sums.norm(2, Keep.AXES, 1)); // a mean points where the sum does
  }

  /** Returns the mask of pieces that are no padding, of shape (N, T, 1). */
  Tensor mask(Tokens sentences) {
    return Masks.lengths(sentences.lengths(), sentences.pieces().shape().size(1)).unsqueeze(2);
  }

  /** Returns how well sentences and signatures find one another among those of a batch. */
  public Tensor loss(Batch<Tokens, Tokens> pairs) {
    return ContrastiveLosses.infoNce(
        forward(pairs.inputs()), forward(pairs.targets()), TEMPERATURE, true, Reduction.MEAN);
  }

  /** Returns what the last layer makes of each piece, of shape (N, T, width). */
  Tensor hidden(Tokens sentences) {
    int steps = sentences.pieces().shape().size(1);
    IntTensor first = IntTensor.of(0);
    Tensor places = positions.forward(IntTensor.range(steps)).plus(types.forward(first));
    Tensor x = norm.forward(tokens.forward(sentences.pieces()).plus(places));
    @Nullable Tensor mask = isPadded(sentences) ? mask(sentences).transpose(1, 2) : null;
    return encoder.forward(x, mask);
  }

  private static boolean isPadded(Tokens sentences) {
    int steps = sentences.pieces().shape().size(1);
    return IntStream.of(sentences.lengths().toArray()).anyMatch(length -> length < steps);
  }

  /** Returns the vectors of any number of sentences, of shape (N, width), without recording. */
  public Tensor encode(WordPiece tokenizer, List<String> sentences) {
    float[][] vectors = new float[sentences.size()][];
    for (Group group : groups(tokenizer, sentences)) {
      float[][] rows =
          inEval(() -> Autodiff.noGrad(() -> Memory.step(() -> rows(forward(group.tokens)))));
      for (int i = 0; i < rows.length; i++) {
        vectors[group.numbers.get(i)] = rows[i];
      }
    }
    return Tensor.of(vectors);
  }

  private static float[][] rows(Tensor matrix) {
    return IntStream.range(0, matrix.size(0))
        .mapToObj(i -> matrix.select(0, i).toFloatArray())
        .toArray(float[][]::new);
  }

  /** Sentences of about one length, with their numbers among all. */
  public record Group(List<Integer> numbers, Tokens tokens) {}

  /** Puts sentences of about one length together, so that there is little padding. */
  public static List<Group> groups(WordPiece tokenizer, List<String> sentences) {
    List<int[]> encoded = sentences.stream().map(text -> tokenizer.encode(text, LONGEST)).toList();
    List<Integer> order =
        IntStream.range(0, encoded.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> encoded.get(i).length))
            .toList();
    List<Group> groups = new ArrayList<>();
    List<Integer> group = new ArrayList<>();
    for (int i : order) {
      if ((group.size() + 1) * encoded.get(i).length > MOST_PIECES) {
        groups.add(new Group(group, tokenizer.pad(group.stream().map(encoded::get).toList())));
        group = new ArrayList<>();
      }
      group.add(i);
    }
    if (!group.isEmpty()) {
      groups.add(new Group(group, tokenizer.pad(group.stream().map(encoded::get).toList())));
    }
    return groups;
  }
}
