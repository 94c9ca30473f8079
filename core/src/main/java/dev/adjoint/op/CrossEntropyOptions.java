package dev.adjoint.op;

import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * How the right classes of a cross-entropy are weighted:
 *
 * <pre>{@code
 * CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.labelSmoothing(0.1).ignoreIndex(PADDING);
 * Losses.crossEntropy(logits, targets, options);
 * }</pre>
 *
 * <p>Each method returns changed options.
 *
 * @param labelSmoothing 0 to 1; 0 by default
 * @param classWeights of shape (C); null, the default, for equal ones
 * @param ignoreIndex null, the default, for none
 */
public record CrossEntropyOptions(
    double labelSmoothing, @Nullable Tensor classWeights, @Nullable Integer ignoreIndex) {

  /** No smoothing, equal weights, and every row counts: no target but a class is accepted. */
  public static final CrossEntropyOptions DEFAULT = new CrossEntropyOptions(0, null, null);

  /** Checks the options. */
  public CrossEntropyOptions {
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new IllegalArgumentException(
          "labelSmoothing: share %s; expected 0 to 1".formatted(labelSmoothing));
    }
    if (classWeights != null && classWeights.rank() != 1) {
      throw new IllegalArgumentException(
          "classWeights: weights of shape %s; expected one axis, the classes"
              .formatted(classWeights.shape()));
    }
    classWeights = classWeights == null ? null : classWeights.untracked();
  }

  /**
   * Takes this share, 0 to 1, from the right class and spreads it evenly over all classes, the
   * right one included (Szegedy et al. 2016, arXiv:1512.00567).
   */
  public CrossEntropyOptions labelSmoothing(double share) {
    return new CrossEntropyOptions(share, classWeights, ignoreIndex);
  }

  /**
   * Multiplies what each class costs by its weight; the mean divides by the weights of the targets.
   * What has the weight 0 costs nothing, even if it is impossible. No gradient flows to the
   * weights.
   *
   * @param weights of shape (C)
   */
  public CrossEntropyOptions classWeights(Tensor weights) {
    return new CrossEntropyOptions(labelSmoothing, weights, ignoreIndex);
  }

  /**
   * Lets rows with this target cost nothing and count for nothing, whatever their logits; it may be
   * a class or any other number. PyTorch's default is -100.
   */
  public CrossEntropyOptions ignoreIndex(int target) {
    return new CrossEntropyOptions(labelSmoothing, classWeights, target);
  }

  /** Returns how much the logarithm of each class counts: its smoothed probability, weighted. */
  Tensor shares(Tensor probabilities) {
    Tensor smoothed =
        labelSmoothing == 0
            ? probabilities
            : probabilities.times(1 - labelSmoothing).plus(labelSmoothing / probabilities.size(-1));
    return classWeights == null ? smoothed : smoothed.times(classWeights.to(smoothed.dtype()));
  }

  void requireWeights(String operation, int classes) {
    if (classWeights != null && classWeights.size() != classes) {
      throw new IllegalArgumentException(
          "%s: class weights of shape %s for %d classes; expected shape (%d)"
              .formatted(operation, classWeights.shape(), classes, classes));
    }
  }

  void requireNoIgnored(String operation) {
    if (ignoreIndex != null) {
      throw new IllegalArgumentException(
          "%s: ignored target %d with class probabilities; expected none, as these have no classes to ignore"
              .formatted(operation, ignoreIndex));
    }
  }

  @Override
  public String toString() {
    return "label smoothing %s, class weights %s, ignored target %s"
        .formatted(
            labelSmoothing,
            classWeights == null ? "equal" : "of shape " + classWeights.shape(),
            ignoreIndex == null ? "none" : ignoreIndex);
  }
}
