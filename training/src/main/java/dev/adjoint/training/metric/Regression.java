package dev.adjoint.training.metric;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;

/**
 * Metrics of regression.
 *
 * <p>Outputs and targets have equal shapes; each element counts. They are computed with in float64,
 * in which the square of no float32 is infinite.
 */
public final class Regression {

  private Regression() {}

  /** Returns the mean of the squared error. */
  public static Metric<Tensor> meanSquaredError() {
    return Mean.metric("MSE", Goal.MINIMIZE, Regression::squared, Regression::count);
  }

  /** Returns the root of the mean of the squared error, in the unit of the targets. */
  public static Metric<Tensor> rootMeanSquaredError() {
    return Mean.metric("RMSE", Goal.MINIMIZE, Regression::squared, Regression::count, Math::sqrt);
  }

  /** Returns the mean of the absolute error. */
  public static Metric<Tensor> meanAbsoluteError() {
    return Mean.metric(
        "MAE",
        Goal.MINIMIZE,
        (outputs, targets) -> error(outputs, targets).abs().sum().item(),
        Regression::count);
  }

  /**
   * Returns the coefficient of determination: 1 minus the squared error over that of the targets'
   * mean.
   */
  public static Metric<Tensor> r2() {
    return Metric.of("R2", Goal.MAXIMIZE, R2::new);
  }

  private static double squared(Tensor outputs, Tensor targets) {
    return error(outputs, targets).square().sum().item();
  }

  private static int count(Tensor targets) {
    return targets.shape().size();
  }

  private static Tensor error(Tensor outputs, Tensor targets) {
    if (!outputs.shape().equals(targets.shape())) {
      throw new IllegalArgumentException(
          "Regression: outputs of shape %s and targets of shape %s; expected equal shapes"
              .formatted(outputs.shape(), targets.shape()));
    }
    return outputs.to(DType.FLOAT64).minus(targets.to(DType.FLOAT64));
  }

  /** Adds up squared errors, and mean and squared deviations of the targets (Chan et al. 1983). */
  private static final class R2 implements Metric.Sum<Tensor> {
    private double errors;
    private double count;
    private double mean;
    private double deviations;

    @Override
    public void add(Tensor outputs, Tensor targets) {
      errors += squared(outputs, targets);
      double n = count(targets);
      if (n == 0) {
        return;
      }
      Tensor precise = targets.to(DType.FLOAT64);
      double batchMean = precise.mean().item();
      double shift = batchMean - mean;
      deviations +=
          precise.minus(batchMean).square().sum().item() + shift * shift * count * n / (count + n);
      mean += shift * n / (count + n);
      count += n;
    }

    @Override
    public double value() {
      return 1 - errors / deviations;
    }
  }
}
