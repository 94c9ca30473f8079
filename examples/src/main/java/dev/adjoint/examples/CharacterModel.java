package dev.adjoint.examples;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.stream.IntStream;

/**
 * Predicts the next character from those before it: their embeddings, a hidden layer with batch
 * normalization and tanh, and a score for each character.
 *
 * <p>After Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model", JMLR
 * 2003.
 */
final class CharacterModel extends Layer {

  private final int characters;
  private final Embedding embedding;
  private final Sequential scores;

  /**
   * Creates a model.
   *
   * @param characters how many there are
   * @param length how many it looks at
   */
  CharacterModel(int characters, int length, int width, int hidden, Generator generator) {
    this.characters = characters;
    embedding = child("embedding", new Embedding(characters, width, generator));
    scores =
        child(
            "scores",
            new Sequential(
                Linear.withoutBias(length * width, hidden, DType.FLOAT32, generator),
                new BatchNorm(hidden),
                Tensor::tanh,
                new Linear(hidden, characters, generator)));
  }

  /** Returns a score for each character, (n, characters), after windows of shape (n, length). */
  Tensor forward(IntTensor windows) {
    return scores.forward(embedding.forward(windows).flatten(1, 2));
  }

  /** Returns the mean of -log p of the targets, in nats. */
  Tensor loss(IntTensor windows, IntTensor targets) {
    Tensor chosen = Tensors.oneHot(targets, characters, DType.FLOAT32);
    return forward(windows).logSoftmax(1).times(chosen).sum(1).mean().neg();
  }

  /** Returns the mean of -log p over all positions, in eval mode. */
  double crossEntropy(Windows names) {
    eval();
    double sum = 0;
    for (int from = 0; from < names.size(); from += 4096) {
      int[] chosen = IntStream.range(from, Math.min(from + 4096, names.size())).toArray();
      sum +=
          chosen.length
              * Autodiff.noGrad(() -> loss(names.before(chosen), names.at(chosen))).item();
    }
    train();
    return sum / names.size();
  }
}
