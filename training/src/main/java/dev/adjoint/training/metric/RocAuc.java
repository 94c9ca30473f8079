package dev.adjoint.training.metric;

import com.google.common.primitives.ImmutableDoubleArray;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.BitSet;
import java.util.Comparator;
import java.util.stream.IntStream;

/** The area under the ROC curve by the ranks of scores (Mann and Whitney's U). */
final class RocAuc implements Metric.Sum<IntTensor> {

  private final ImmutableDoubleArray.Builder scores = ImmutableDoubleArray.builder();
  private final BitSet positive = new BitSet();
  private int count;

  /** Whether no score was NaN, which is neither above nor below another. */
  private boolean ordered = true;

  @Override
  public void add(Tensor outputs, IntTensor targets) {
    Shape shape = outputs.shape();
    int columns = shape.equals(targets.shape()) ? 1 : shape.rank() == 0 ? 0 : shape.size(-1);
    if (columns < 1
        || columns > 2
        || !(shape.equals(targets.shape()) || ClassScores.areRows(shape, targets.shape()))) {
      throw new IllegalArgumentException(
          "rocAuc: outputs of shape %s and targets of shape %s; expected (..., 2), (..., 1) or (...), and (...)"
              .formatted(shape, targets.shape()));
    }
    double[] all = outputs.toDoubleArray();
    int[] classes = ClassScores.classes("rocAuc", 2, shape, targets);
    for (int i = 0; i < classes.length; i++) {
      double score = columns == 2 ? all[2 * i + 1] - all[2 * i] : all[i];
      ordered &= !Double.isNaN(score);
      scores.add(score);
      positive.set(count++, classes[i] == 1);
    }
  }

  @Override
  public double value() {
    if (!ordered) {
      return Double.NaN;
    }
    double[] score = scores.build().toArray();
    int[] order =
        IntStream.range(0, score.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> score[i]))
            .mapToInt(i -> i)
            .toArray();
    double ranks = 0; // of the positive examples; equal scores share the mean of their ranks
    long positives = 0;
    for (int from = 0, to; from < order.length; from = to) {
      to = from + 1;
      while (to < order.length && score[order[to]] == score[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        if (positive.get(order[i])) {
          positives++;
          ranks += (from + 1 + to) / 2.0;
        }
      }
    }
    double negatives = order.length - positives;
    return (ranks - positives * (positives + 1.0) / 2) / (positives * negatives);
  }
}
