package dev.adjoint.training.data;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Weights that make up for rare classes. */
public final class ClassWeights {

  private ClassWeights() {}

  /**
   * Returns n / (classes * n_c) for each class c, of n examples n_c in it: each class counts as
   * much as any other, and an example 1 on average, as scikit-learn's "balanced". Of shape
   * (classes), for {@link dev.adjoint.op.CrossEntropyOptions#classWeights}; its {@code
   * indexSelect(labels)} are the weights of examples, for {@link DataLoader#draw}.
   *
   * @param labels the classes of the examples to learn from, of shape (n)
   * @param classes how many there are
   * @throws IllegalArgumentException if a class has no example, or a label is no class
   */
  public static Tensor balanced(IntTensor labels, int classes) {
    int[] counts = counts("balanced", labels.toArray());
    if (counts.length > classes) {
      throw new IllegalArgumentException(
          "balanced: label %d; expected 0 to %d".formatted(counts.length - 1, classes - 1));
    }
    float[] weights = new float[classes];
    for (int c = 0; c < classes; c++) {
      if (c >= counts.length || counts[c] == 0) {
        throw new IllegalArgumentException(
            "balanced: no example of class %d; expected some of each of %d".formatted(c, classes));
      }
      weights[c] = (float) ((double) labels.size() / ((double) classes * counts[c]));
    }
    return Tensor.of(weights);
  }

  /** Returns how many examples there are of each class, up to the last that has any. */
  static int[] counts(String operation, int[] labels) {
    int[] counts = new int[Math.max(-1, Arrays.stream(labels).max().orElse(-1)) + 1];
    for (int label : labels) {
      if (label < 0) {
        throw new IllegalArgumentException(
            "%s: label %d; expected classes from 0 on".formatted(operation, label));
      }
      counts[label]++;
    }
    return counts;
  }
}
