package dev.adjoint.examples.digits;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.nn.Sequential;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.metric.ConfusionMatrix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The results of a model on digits.
 *
 * @param confusion which digits were taken for which
 * @param mistakes the wrong ones, those first of which the model was surest
 */
public record DigitResults(ConfusionMatrix confusion, List<Mistake> mistakes) {

  /**
   * A digit that was classified as another.
   *
   * @param image of shape (28, 28)
   * @param confidence the probability that the model gave to what it took the digit for
   */
  public record Mistake(Tensor image, int digit, int taken, double confidence) {}

  /** How often one digit was classified as another. */
  public record Pair(int digit, int taken, long count) {}

  /** Lets a model read all digits of a loader. */
  public static DigitResults of(Sequential model, DataLoader<Tensor, IntTensor> loader) {
    ConfusionMatrix confusion = new ConfusionMatrix();
    List<Mistake> mistakes = new ArrayList<>();
    for (Batch<Tensor, IntTensor> batch : loader.epoch(0)) {
      Tensor scores = model.inEval(() -> Autodiff.noGrad(() -> model.forward(batch.inputs())));
      confusion.add(scores, batch.targets());
      Tensor probabilities = scores.softmax(1);
      IntTensor taken = scores.argmax(1);
      for (int i = 0; i < batch.size(); i++) {
        int digit = batch.targets().get(i);
        if (taken.get(i) != digit) {
          double confidence = probabilities.get(i, taken.get(i));
          mistakes.add(new Mistake(Handwriting.image(batch, i), digit, taken.get(i), confidence));
        }
      }
    }
    mistakes.sort(Comparator.comparingDouble(Mistake::confidence).reversed());
    return new DigitResults(confusion, List.copyOf(mistakes));
  }

  /** Returns which digits were taken for which, the most frequent first. */
  public List<Pair> pairs() {
    return IntStream.range(0, confusion.classes())
        .boxed()
        .flatMap(this::pairsOf)
        .sorted(Comparator.comparingLong(Pair::count).reversed())
        .toList();
  }

  private Stream<Pair> pairsOf(int digit) {
    return IntStream.range(0, confusion.classes())
        .filter(taken -> taken != digit && confusion.count(digit, taken) > 0)
        .mapToObj(taken -> new Pair(digit, taken, confusion.count(digit, taken)));
  }
}
