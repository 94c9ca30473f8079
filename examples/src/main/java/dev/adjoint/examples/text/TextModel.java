package dev.adjoint.examples.text;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.sequence.Masks;
import dev.adjoint.nn.sequence.PositionalEncoding;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Predicts each next piece of a text by a small transformer: every position attends to those before
 * it, and norms come first (Radford et al. 2019, "Language models are unsupervised multitask
 * learners").
 */
public final class TextModel extends Layer {

  /** How many pieces it looks at. */
  public static final int CONTEXT = 32;

  private static final int WIDTH = 64;
  private static final int HEADS = 4;
  private static final int LAYERS = 2;
  private static final double DROPOUT = 0.2;

  /** Scores are divided by it before a piece is drawn: below 1, what is likely gets likelier. */
  private static final double TEMPERATURE = 0.6;

  private final Embedding embedding;
  private final PositionalEncoding positions;
  private final Dropout dropout;
  private final TransformerEncoder encoder;
  private final Linear scores;
  private final Tensor causal = Masks.causal(CONTEXT);

  /** Creates a model of so many different pieces. */
  public TextModel(int pieces, Generator generator) {
    embedding = child("embedding", new Embedding(pieces, WIDTH, generator));
    positions = child("positions", new PositionalEncoding(CONTEXT, WIDTH));
    dropout = child("dropout", new Dropout(DROPOUT, generator));
    TransformerEncoderLayer[] layers =
        IntStream.range(0, LAYERS)
            .mapToObj(i ->
                new TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, generator)
                    .normFirst()
                    .activation(Activation.GELU)
                    .dropout(DROPOUT))
            .toArray(TransformerEncoderLayer[]::new);
    encoder = child("encoder", new TransformerEncoder(layers).withNorm(new LayerNorm(WIDTH)));
    scores = child("scores", new Linear(WIDTH, pieces, generator));
  }

  /**
   * Returns a score for each piece to come next at each position.
   *
   * @param text of shape (n, t), t at most {@link #CONTEXT}
   * @return of shape (n * t, pieces)
   */
  public Tensor forward(IntTensor text) {
    int steps = text.shape().size(1);
    Tensor mask = causal.slice(1, 0, steps).slice(2, 0, steps);
    Tensor x = dropout.forward(positions.forward(embedding.forward(text)));
    return scores.forward(encoder.forward(x, mask)).flatten(0, 1);
  }

  /** Returns the mean of -log p of the pieces that come next, in nats. */
  public Tensor loss(Batch<IntTensor, IntTensor> text) {
    return Losses.crossEntropy(forward(text.inputs()), text.targets());
  }

  /** Continues a text by drawing one piece after another. */
  public int[] continued(int[] start, int length, Generator generator) {
    int[] text =
        IntStream.concat(IntStream.of(start), IntStream.generate(() -> 0).limit(length)).toArray();
    inEval(() -> {
      for (int end = start.length; end < text.length; end++) {
        int from = Math.max(0, end - CONTEXT);
        IntTensor seen = IntTensor.of(Arrays.copyOfRange(text, from, end), 1, end - from);
        Tensor last = Autodiff.noGrad(() -> forward(seen)).select(0, -1);
        text[end] = drawn(last.div(TEMPERATURE).softmax(0), generator.uniform(1).item());
      }
      return text;
    });
    return text;
  }

  /** Returns the first code at which the sum of the probabilities exceeds a number from 0 to 1. */
  private static int drawn(Tensor probabilities, double chance) {
    double sum = 0;
    int code = 0;
    for (; code < probabilities.size() - 1; code++) {
      sum += probabilities.get(code);
      if (chance < sum) {
        break;
      }
    }
    return code;
  }
}
