package dev.adjoint.op;

import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * How the right classes of a cross-entropy are weighted:
 *
 * <pre>{@code
 * CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.labelSmoothing(0.1).ignoreIndex(PADDING);
 * Losses.crossEntropy(logits, targets, options, Reduction.MEAN);
 * }</pre>
 *
 * <p>Each method returns changed options.
 */
public final class CrossEntropyOptions {

  /** No smoothing, equal weights, and every row counts: no target but a class is accepted. */
  public static final CrossEntropyOptions DEFAULT = new CrossEntropyOptions(0, null, null);

  private final double labelSmoothing;
  private final @Nullable Tensor classWeights;
  private final @Nullable Integer ignoreIndex;

  private CrossEntropyOptions(
      double labelSmoothing, @Nullable Tensor classWeights, @Nullable Integer ignoreIndex) {
    this.labelSmoothing = labelSmoothing;
    this.classWeights = classWeights;
    this.ignoreIndex = ignoreIndex;
  }

  /**
   * Takes this share, 0 to 1, from the right class and spreads it evenly over all classes, the
   * right one included (Szegedy et al. 2016, arXiv:1512.00567).
   */
  public CrossEntropyOptions labelSmoothing(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "labelSmoothing: share %s; expected 0 to 1".formatted(share));
    }
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
    if (weights.rank() != 1) {
      throw new IllegalArgumentException(
          "classWeights: weights of shape %s; expected one axis, the classes"
              .formatted(weights.shape()));
    }
    return new CrossEntropyOptions(labelSmoothing, weights.untracked(), ignoreIndex);
  }

  /**
   * Lets rows with this target cost nothing and count for nothing, whatever their logits; it may be
   * a class or any other number. PyTorch's default is -100.
   */
  public CrossEntropyOptions ignoreIndex(int target) {
    return new CrossEntropyOptions(labelSmoothing, classWeights, target);
  }

  double labelSmoothing() {
    return labelSmoothing;
  }

  @Nullable Tensor classWeights() {
    return classWeights;
  }

  @Nullable Integer ignoreIndex() {
    return ignoreIndex;
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
