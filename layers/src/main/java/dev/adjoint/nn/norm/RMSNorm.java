package dev.adjoint.nn.norm;

import dev.adjoint.nn.Copies;
import dev.adjoint.nn.Description;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Divides the features of each example by the root of their mean square: {@code g * x /
 * sqrt(mean(x^2) + epsilon)} (Zhang and Sennrich 2019, arXiv:1910.07467).
 *
 * <p>The features are the last axes, as in {@link LayerNorm}; nothing is subtracted and there is no
 * b. As in PyTorch, epsilon is that of the type unless it is set: 1.2e-7 for float32, 2.2e-16 for
 * float64. Both modes compute the same.
 */
public final class RMSNorm extends Normalization<RMSNorm> {

  private boolean epsilonIsSet;
  private double part = 1;

  /** Creates a norm over the last axes, which have these sizes. */
  public RMSNorm(int... features) {
    super(Shape.of(features), false);
    if (features.length == 0) {
      throw new IllegalArgumentException(
          "RMSNorm: no features; expected the sizes of the last axes");
    }
  }

  /** Creates what was described. */
  public RMSNorm(Description from) {
    super(from, false);
    epsilonIsSet = !from.flag("epsilon_of_type");
    double described = from.decimal("part");
    if (described != 1) {
      partial(described);
    }
  }

  private RMSNorm(RMSNorm original, Copies copies) {
    super(original, copies);
    epsilonIsSet = original.epsilonIsSet;
    part = original.part;
  }

  /** Sets what is added to the mean square, under the root: that of the type unless it is set. */
  @Override
  public RMSNorm epsilon(double underTheRoot) {
    epsilonIsSet = true;
    return super.epsilon(underTheRoot);
  }

  /**
   * Estimates the mean square from the first features only, {@code ceil(part * n)} of n: pRMSNorm.
   * The paper has 0.0625.
   *
   * @param part more than 0, at most 1
   * @throws IllegalStateException if the features have several axes
   */
  public RMSNorm partial(double part) {
    if (!(part > 0 && part <= 1)) {
      throw new IllegalArgumentException(
          "%s: part %s; expected more than 0, at most 1".formatted(this, part));
    }
    if (features().rank() != 1) {
      throw new IllegalStateException(
          "%s: partial for features of shape %s; expected one axis".formatted(this, features()));
    }
    this.part = part;
    return this;
  }

  @Override
  protected Tensor normalized(Tensor x) {
    if (part == 1) {
      return super.normalized(x);
    }
    int count = (int) Math.ceil(part * features().size());
    return affine(x.div(sigma(x.slice(-1, 0, count).times(1 / Math.sqrt(count)), -1)));
  }

  @Override
  protected double epsilon(DType dtype) {
    return epsilonIsSet ? super.epsilon(dtype) : dtype.epsilon();
  }

  @Override
  boolean isUsualEpsilon() {
    return !epsilonIsSet;
  }

  @Override
  protected int[] reductionAxes(Tensor x) {
    return IntStream.range(featureAxis(x), x.rank()).toArray();
  }

  @Override
  protected int featureAxis(Tensor x) {
    return x.rank() - features().rank();
  }

  @Override
  protected String expected() {
    return "(..., %s)".formatted(sizes());
  }

  @Override
  public Description description() {
    return super.description().set("epsilon_of_type", !epsilonIsSet).set("part", part);
  }

  @Override
  protected RMSNorm copy(Copies copies) {
    return new RMSNorm(this, copies);
  }

  @Override
  public String toString() {
    return line(sizes(), part == 1 ? "" : "part " + part, settings());
  }
}
