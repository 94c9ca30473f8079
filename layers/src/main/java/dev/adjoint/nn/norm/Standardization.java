package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;

/**
 * Standardizes data: shifts and scales each feature so that over the training data it has mean 0
 * and deviation 1. A feature that is the same in all training data is only shifted.
 *
 * <pre>{@code
 * Standardization standardization = Standardization.fit(train);
 * Sequential model = new Sequential(standardization, new Linear(4, 3, generator));
 * }</pre>
 *
 * <p>Deviations are biased (the sum over m), computed in double precision and rounded to the type
 * of the data. Nothing is learned; the buffers are mean and deviation.
 */
public final class Standardization extends Layer implements Transform {

  private final Buffer mean = buffer("mean");
  private final Buffer deviation = buffer("deviation");

  /** Creates a layer from its description. */
  public Standardization(Description from) {
    super(from);
    if (mean().rank() != 1 || !deviation().shape().equals(mean().shape())) {
      throw new IllegalArgumentException(
          "Standardization: mean of shape %s and deviation of shape %s; expected (n) of both"
              .formatted(mean().shape(), deviation().shape()));
    }
  }

  /**
   * Fits a standardization.
   *
   * @param x training data of shape (m, n)
   * @throws IllegalArgumentException if there are none, or a feature has a value that is not
   *     finite; {@link Imputation} replaces what is missing
   */
  public static Standardization fit(Tensor x) {
    if (x.rank() != 2 || x.size() == 0) {
      throw new IllegalArgumentException(
          "Standardization: data of shape %s; expected (m, n), at least 1 example of at least 1 feature"
              .formatted(x.shape()));
    }
    Tensor data = x.untracked().to(DType.FLOAT64);
    requireNoneMissing(data);
    Tensor isConstant = data.max(0).equal(data.min(0));
    Tensor mean = Where.where(isConstant, data.max(0), data.mean(0));
    Tensor deviation = data.biasedVariance(0).sqrt();
    for (int feature = 0; feature < x.size(1); feature++) {
      if (!Double.isFinite(mean.get(feature)) || !Double.isFinite(deviation.get(feature))) {
        throw new IllegalArgumentException(
            "Standardization: feature %d has mean %s and deviation %s; expected finite values"
                .formatted(feature, mean.get(feature), deviation.get(feature)));
      }
    }
    Tensor one = Tensor.scalar(1, DType.FLOAT64);
    return of(mean.to(x.dtype()), Where.where(isConstant, one, deviation).to(x.dtype()));
  }

  /**
   * Creates a standardization from what was computed of data that are elsewhere.
   *
   * @param mean of each feature, of shape (n)
   * @param deviation of each feature, of shape (n); 1 for one that is constant
   */
  public static Standardization of(Tensor mean, Tensor deviation) {
    return new Standardization(
        Description.of(Standardization::new).with("mean", mean).with("deviation", deviation));
  }

  private static void requireNoneMissing(Tensor data) {
    Tensor missing = data.isNaN().sum(0);
    for (int feature = 0; feature < missing.size(); feature++) {
      if (missing.get(feature) > 0) {
        throw new IllegalArgumentException(
            "Standardization: feature %d is NaN in %.0f of %d examples; expected numbers, as in fit(imputation.forward(data)) if some are missing"
                .formatted(feature, missing.get(feature), data.size(0)));
      }
    }
  }

  /**
   * Returns examples standardized.
   *
   * @param x of shape (..., n)
   */
  @Override
  public Tensor forward(Tensor x) {
    requireLastAxis("input", x, mean().size());
    return observed(x.minus(mean.value()).div(deviation.value()));
  }

  /**
   * Returns the original examples of standardized ones.
   *
   * @param y of shape (..., n)
   */
  public Tensor inverse(Tensor y) {
    requireLastAxis("inverse: input", y, mean().size());
    return y.times(deviation.value()).plus(mean.value());
  }

  /** Returns the means of the training data, which are subtracted: shape (n). */
  public Tensor mean() {
    return mean.value();
  }

  /** Returns the deviations of the training data, 1 for a constant feature: shape (n). */
  public Tensor deviation() {
    return deviation.value();
  }

  @Override
  public String toString() {
    return line(Integer.toString(mean().size()));
  }
}
