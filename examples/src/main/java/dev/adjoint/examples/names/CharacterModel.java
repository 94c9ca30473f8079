package dev.adjoint.examples.names;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Predicts the next character from those before it: their embeddings, a hidden layer with batch
 * normalization and tanh, and a score for each character.
 *
 * <p>After Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model", JMLR
 * 2003.
 */
public final class CharacterModel extends Layer {

  /** How many characters it looks at. */
  public static final int CONTEXT = 10;

  private static final int WIDTH = 24;
  private static final int HIDDEN = 256;
  private static final int AT_ONCE = 4096;

  private final Embedding embedding;
  private final Sequential scores;

  /** Creates a model of so many characters, the end included. */
  public CharacterModel(int characters, Generator generator) {
    embedding = child("embedding", new Embedding(characters, WIDTH, generator));
    scores =
        child(
            "scores",
            new Sequential(
                new Linear(CONTEXT * WIDTH, HIDDEN, generator).withoutBias(),
                new BatchNorm(HIDDEN),
                Tensor::tanh,
                new Linear(HIDDEN, characters, generator)));
  }

  /** Returns a score for each character, (n, characters), after windows of shape (n, context). */
  public Tensor forward(IntTensor windows) {
    return scores.forward(embedding.forward(windows).flatten(1, 2));
  }

  /** Returns the mean of -log p of the characters at some positions, in nats. */
  public Tensor loss(Windows names, int[] positions) {
    return Losses.crossEntropy(forward(names.before(positions)), names.at(positions));
  }

  /** Returns the mean of -log p over all positions, in eval mode. */
  public double crossEntropy(Windows names) {
    double sum = 0;
    for (int from = 0; from < names.size(); from += AT_ONCE) {
      int[] some = IntStream.range(from, Math.min(from + AT_ONCE, names.size())).toArray();
      sum += some.length * inEval(() -> Autodiff.noGrad(() -> loss(names, some))).item();
    }
    return sum / names.size();
  }
}
