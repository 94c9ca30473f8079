package dev.adjoint.training.metric;

import com.google.common.primitives.ImmutableDoubleArray;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.BitSet;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Computes the area under the ROC curve by the ranks of scores (Mann and Whitney's U). */
final class RocAuc implements Metric.Sum<IntTensor> {

  private final ImmutableDoubleArray.Builder scores = ImmutableDoubleArray.builder();
  private final BitSet positive = new BitSet();
  private int count;

  @Override
  public void add(Tensor outputs, IntTensor targets) {
    int columns = outputs.rank() == 2 ? outputs.size(1) : 1;
    if (outputs.rank() < 1
        || outputs.rank() > 2
        || columns > 2
        || outputs.size(0) != targets.size()) {
      throw new IllegalArgumentException(
          "rocAuc: outputs of shape %s and targets of shape %s; expected (n, 2), (n, 1) or (n), and (n)"
              .formatted(outputs.shape(), targets.shape()));
    }
    double[] all = outputs.toDoubleArray();
    for (int i = 0; i < targets.size(); i++) {
      int label = targets.get(i);
      if (label != 0 && label != 1) {
        throw new IllegalArgumentException(
            "rocAuc: class %d at %d; expected 0 or 1".formatted(label, i));
      }
      scores.add(columns == 2 ? all[2 * i + 1] - all[2 * i] : all[i]);
      positive.set(count++, label == 1);
    }
  }

  @Override
  public double value() {
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
