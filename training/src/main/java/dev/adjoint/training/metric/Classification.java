package dev.adjoint.training.metric;

import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.function.ToDoubleFunction;

/**
 * Measures for classes.
 *
 * <p>Outputs are scores of shape (n, classes), before a softmax or after, and targets the classes,
 * of shape (n).
 */
public final class Classification {

  private Classification() {}

  /** Returns the mean of -log p of the true class, in nats; outputs are scores before a softmax. */
  public static Metric<IntTensor> crossEntropy() {
    return Mean.metric("cross-entropy", Classification::surprise, IntTensor::size);
  }

  /** Returns e to the {@link #crossEntropy}: among how many equally likely classes one guesses. */
  public static Metric<IntTensor> perplexity() {
    return Mean.metric("perplexity", Classification::surprise, IntTensor::size, Math::exp);
  }

  private static double surprise(Tensor outputs, IntTensor targets) {
    return Losses.crossEntropy(outputs, targets).item() * targets.size();
  }

  /** Returns the share of examples whose true class has the highest score. */
  public static Metric<IntTensor> accuracy() {
    return Mean.metric(
        "accuracy",
        (outputs, targets) -> outputs.argmax(1).equal(targets, DType.FLOAT32).sum().item(),
        IntTensor::size);
  }

  /**
   * Returns the share of examples whose true class is among the k highest scores; of equal scores,
   * those of lower classes come first.
   */
  public static Metric<IntTensor> topK(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("topK: k is %d; expected at least 1".formatted(k));
    }
    return Mean.metric(
        "top-%d accuracy".formatted(k),
        (outputs, targets) -> {
          double[] scores = outputs.toDoubleArray();
          int classes = outputs.size(1);
          int hits = 0;
          for (int i = 0; i < targets.size(); i++) {
            hits += rank(scores, i * classes, classes, targets.get(i)) < k ? 1 : 0;
          }
          return hits;
        },
        IntTensor::size);
  }

  /** Returns how many classes come before one. */
  private static int rank(double[] scores, int from, int classes, int label) {
    int before = 0;
    for (int c = 0; c < classes; c++) {
      double score = scores[from + c];
      double own = scores[from + label];
      before += score > own || (score == own && c < label) ? 1 : 0;
    }
    return before;
  }

  /** Returns the precision: of what is taken for a class, the share that is; mean over classes. */
  public static Metric<IntTensor> precision() {
    return confusion("precision", ConfusionMatrix::precision);
  }

  /**
   * Returns the recall: of what is of a class, the share that is taken for it; mean over classes.
   */
  public static Metric<IntTensor> recall() {
    return confusion("recall", ConfusionMatrix::recall);
  }

  /** Returns the mean over classes of F1, the harmonic mean of precision and recall. */
  public static Metric<IntTensor> f1() {
    return confusion("F1", ConfusionMatrix::f1);
  }

  private static Metric<IntTensor> confusion(
      String name, ToDoubleFunction<ConfusionMatrix> measure) {
    return Metric.of(
        name,
        () -> {
          ConfusionMatrix matrix = new ConfusionMatrix();
          return new Metric.Sum<>() {
            @Override
            public void add(Tensor outputs, IntTensor targets) {
              matrix.add(outputs, targets);
            }

            @Override
            public double value() {
              return measure.applyAsDouble(matrix);
            }
          };
        });
  }

  /**
   * Returns the area under the ROC curve of two classes: the probability that an example of class 1
   * has a higher score than one of class 0, where equal scores count half.
   *
   * <p>The score is the last output: outputs have the shape (n, 2), (n, 1) or (n). With two scores
   * before a softmax it is their difference.
   */
  public static Metric<IntTensor> rocAuc() {
    return Metric.of("ROC AUC", RocAuc::new);
  }
}
