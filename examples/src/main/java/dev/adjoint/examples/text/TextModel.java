package dev.adjoint.examples.text;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.sequence.CausalLanguageModel;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.Positions;
import dev.adjoint.nn.sequence.Sampling;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;

/**
 * Predicts each next piece of a text by a small transformer: every position attends to those before
 * it, and norms come first (Radford et al. 2019, "Language models are unsupervised multitask
 * learners"). Its positions are distances, so that it writes texts longer than those it has seen.
 */
public final class TextModel extends Layer {

  /** How many pieces it looks at while it learns. */
  public static final int CONTEXT = 32;

  private static final int WIDTH = 64;
  private static final int HEADS = 4;
  private static final int LAYERS = 2;
  private static final double DROPOUT = 0.2;

  /** Scores are divided by it before a piece is drawn: below 1, what is likely gets likelier. */
  private static final double TEMPERATURE = 0.6;

  private final CausalLanguageModel model;

  /** Creates a model of so many different pieces. */
  public TextModel(int pieces, Generator generator) {
    model =
        child(
            "model",
            new CausalLanguageModel(pieces, WIDTH, LAYERS, _ -> layer(generator), generator)
                .dropout(DROPOUT));
  }

  private static TransformerDecoderLayer layer(Generator generator) {
    return TransformerDecoderLayer.decoderOnly(WIDTH, HEADS, 4 * WIDTH, generator)
        .selfAttention(new MultiHeadAttention(WIDTH, HEADS, generator).positions(Positions.ALIBI))
        .normFirst()
        .activation(Activation.GELU)
        .dropout(DROPOUT);
  }

  /**
   * Returns a score for each piece to come next at each position.
   *
   * @param text of shape (n, t)
   * @return of shape (n * t, pieces)
   */
  public Tensor forward(IntTensor text) {
    return model.forward(text).flatten(0, 1);
  }

  /** Returns the mean of -log p of the pieces that come next, in nats. */
  public Tensor loss(Batch<IntTensor, IntTensor> text) {
    return Losses.crossEntropy(forward(text.inputs()), text.targets());
  }

  /** Continues a text by drawing one piece after another. */
  public int[] continued(int[] start, int length, Generator generator) {
    IntTensor prompt = IntTensor.of(start, 1, start.length);
    Sampling sampling = Sampling.DEFAULT.temperature(TEMPERATURE);
    return model.generate(prompt, length, sampling, generator).toArray();
  }
}
