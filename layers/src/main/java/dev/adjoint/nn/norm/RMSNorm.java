package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Setting;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Divides the features of each example by the root of their mean square: {@code g * x /
 * sqrt(mean(x^2) + epsilon)} (Zhang and Sennrich 2019, arXiv:1910.07467).
 *
 * <p>The features are the last axes, as in {@link LayerNorm}; nothing is subtracted and there is no
 * b. As in PyTorch, epsilon defaults to the type's: 1.2e-7 for float32, 2.2e-16 for float64. Both
 * modes compute the same.
 */
public final class RMSNorm extends Normalization<RMSNorm> {

  private final Setting<Boolean> epsilonOfType = flag("epsilon_of_type").printedAs(() -> "");
  private final Setting<Double> part =
      decimal("part", 1).require(p -> p > 0 && p <= 1, "more than 0, at most 1");

  /** Creates a norm over the last axes, which have these sizes. */
  public RMSNorm(int... features) {
    this(
        Description.of(RMSNorm::new)
            .set("features", Shape.of(features))
            .set("epsilon_of_type", true));
    if (features.length == 0) {
      throw new IllegalArgumentException(
          "RMSNorm: no features; expected the sizes of the last axes");
    }
  }

  /** Creates a layer from its description. */
  public RMSNorm(Description from) {
    super(from, false);
    if (part.get() != 1) {
      partial(part.get());
    }
  }

  /** Sets what is added to the mean square, under the root; the default depends on the type. */
  @Override
  public RMSNorm epsilon(double underTheRoot) {
    epsilonOfType.set(false);
    return super.epsilon(underTheRoot);
  }

  /**
   * Estimates the mean square from the first features only, {@code ceil(share * n)} of n: pRMSNorm.
   * The paper has 0.0625.
   *
   * @param share more than 0, at most 1
   * @throws IllegalStateException if the features have several axes
   */
  public RMSNorm partial(double share) {
    requireOneAxis("partial");
    part.set(share);
    return this;
  }

  @Override
  protected Tensor normalized(Tensor x) {
    if (part.get() == 1) {
      return super.normalized(x);
    }
    int count = (int) Math.ceil(part.get() * features().size());
    return affine(x.div(sigma(x.slice(-1, 0, count).times(1 / Math.sqrt(count)), -1)));
  }

  @Override
  protected double epsilon(DType dtype) {
    return epsilonOfType.get() ? dtype.epsilon() : super.epsilon(dtype);
  }

  @Override
  boolean isUsualEpsilon() {
    return epsilonOfType.get();
  }
}
