package dev.adjoint.training.metric;

import dev.adjoint.op.CrossEntropyOptions;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Losses;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Metrics of classification.
 *
 * <p>Outputs are scores of shape (..., C), before a softmax or after, and targets the classes, of
 * shape (...): as for {@link Losses}, classes are along the last axis, and each row before it
 * counts as an example, such as each place of a sequence. Where places are padding, {@link
 * #ignoring} them is a metric of the others.
 *
 * <p>A score that is NaN makes a metric NaN. Outputs and targets of other shapes, and targets that
 * are no class, are refused.
 */
public final class Classification {

  private Classification() {}

  /** Returns the mean of -log p of the true class, in nats; outputs are scores before a softmax. */
  public static Metric<IntTensor> crossEntropy() {
    return Mean.metric("cross-entropy", Goal.MINIMIZE, Classification::surprise, IntTensor::size);
  }

  /** Returns e to the {@link #crossEntropy}: among how many equally likely classes one guesses. */
  public static Metric<IntTensor> perplexity() {
    return Mean.metric(
        "perplexity", Goal.MINIMIZE, Classification::surprise, IntTensor::size, Math::exp);
  }

  private static double surprise(Tensor outputs, IntTensor targets) {
    return Losses.crossEntropy(outputs, targets, CrossEntropyOptions.DEFAULT, Reduction.NONE)
        .to(DType.FLOAT64) // a sum over a whole data set
        .sum()
        .item();
  }

  /**
   * Returns the share of examples whose true class has the highest score; of equal scores, that of
   * the lower class counts.
   */
  public static Metric<IntTensor> accuracy() {
    return Mean.metric(
        "accuracy",
        Goal.MAXIMIZE,
        (outputs, targets) -> ClassScores.of("accuracy", outputs, targets).hits(1),
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
    String name = "top-%s accuracy".formatted(k);
    return Mean.metric(
        name,
        Goal.MAXIMIZE,
        (outputs, targets) -> {
          ClassScores rows = ClassScores.of(name, outputs, targets);
          if (k > rows.classes()) {
            throw new IllegalArgumentException(
                "%s: outputs of shape %s; expected at least %d classes"
                    .formatted(name, outputs.shape(), k));
          }
          return rows.hits(k);
        },
        IntTensor::size);
  }

  /**
   * Returns the precision: of the examples predicted as a class, the share that belong to it; mean
   * over classes.
   */
  public static Metric<IntTensor> precision() {
    return confusion("precision", ConfusionMatrix::precision);
  }

  /**
   * Returns the recall: of the examples of a class, the share predicted as it; mean over classes.
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
        Goal.MAXIMIZE,
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
   * <p>The score is the last output: for targets of shape (n), outputs have the shape (n, 2), (n,
   * 1) or (n). With two scores before a softmax it is their difference. It is NaN where only one of
   * the classes occurs.
   */
  public static Metric<IntTensor> rocAuc() {
    return Metric.of("ROC AUC", Goal.MAXIMIZE, RocAuc::new);
  }

  /**
   * Returns the expected calibration error: by how much the probability of the predicted class
   * differs from how often it is right, the mean over 15 bins of equal width, weighted by their
   * examples (Guo et al. 2017, arXiv:1706.04599). Outputs are scores before a softmax.
   */
  public static Metric<IntTensor> calibrationError() {
    return calibrationError(15);
  }

  /** Returns the {@link #calibrationError()} with so many bins. */
  public static Metric<IntTensor> calibrationError(int bins) {
    if (bins < 1) {
      throw new IllegalArgumentException(
          "calibrationError: %d bins; expected at least 1".formatted(bins));
    }
    return Metric.of("calibration error", Goal.MINIMIZE, () -> new CalibrationError(bins));
  }

  /**
   * Returns the metric of the examples with another target, under the same name: as {@link
   * CrossEntropyOptions#ignoreIndex} does for losses, for places of a sequence that are padding.
   *
   * @param target of the examples that do not count, whatever their scores; it need not be a class
   */
  public static Metric<IntTensor> ignoring(int target, Metric<IntTensor> metric) {
    Supplier<Metric.Sum<IntTensor>> begin = () -> new Counted(target, metric.begin());
    return metric
        .goal()
        .map(goal -> Metric.of(metric.name(), goal, begin))
        .orElseGet(() -> Metric.of(metric.name(), begin));
  }

  /** Passes on the rows whose target is not ignored. */
  private record Counted(int ignored, Metric.Sum<IntTensor> sum) implements Metric.Sum<IntTensor> {

    @Override
    public void add(Tensor outputs, IntTensor targets) {
      int[] classes = targets.toArray();
      int[] counted =
          IntStream.range(0, classes.length).filter(row -> classes[row] != ignored).toArray();
      if (counted.length == classes.length
          || !ClassScores.areRows(outputs.shape(), targets.shape())) {
        sum.add(outputs, targets); // which may refuse the shapes
      } else {
        IntTensor at = IntTensor.of(counted);
        sum.add(
            Indexing.indexSelect(outputs.reshape(classes.length, outputs.size(-1)), 0, at),
            targets.reshape(classes.length).indexSelect(at));
      }
    }

    @Override
    public double value() {
      return sum.value();
    }
  }
}
