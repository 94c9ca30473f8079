package dev.adjoint.examples.names;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;

/**
 * Predicts the next character from those before it: their embeddings, a normalized hidden layer
 * with tanh, and a score for each character.
 *
 * <p>After Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model", JMLR
 * 2003.
 */
public final class CharacterModel extends Layer {

  /** How many characters it looks at. */
  public static final int CONTEXT = 10;

  private static final int WIDTH = 24;
  private static final int HIDDEN = 256;

  private final Embedding embedding;
  private final Sequential scores;

  /** Creates a model of so many characters, the end included. */
  public CharacterModel(int characters, HiddenNorm norm, Generator generator) {
    embedding = child("embedding", new Embedding(characters, WIDTH, generator));
    scores =
        child(
            "scores",
            new Sequential(
                norm.linear(CONTEXT * WIDTH, HIDDEN, generator),
                Activation.TANH,
                new Linear(HIDDEN, characters, generator)));
  }

  /** Returns a score for each character, (n, characters), after windows of shape (n, context). */
  public Tensor forward(IntTensor windows) {
    return scores.forward(embedding.forward(windows).flatten(1, 2));
  }

  /** Returns the mean of -log p of the characters that follow windows, in nats. */
  public Tensor loss(Batch<IntTensor, IntTensor> windows) {
    return Losses.crossEntropy(forward(windows.inputs()), windows.targets());
  }
}
