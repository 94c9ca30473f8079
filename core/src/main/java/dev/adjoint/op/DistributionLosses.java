package dev.adjoint.op;

import static com.google.common.base.Preconditions.checkArgument;
import static dev.adjoint.op.LossChecks.requireAboveZero;
import static dev.adjoint.op.LossChecks.requireBroadcast;
import static dev.adjoint.op.LossChecks.requireEqualShapes;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Losses of predictions that tell more of a target's distribution than its mean: its variance, its
 * rate or its quantiles.
 *
 * <p>As in {@link Losses}, the short forms take PyTorch's defaults and return the mean.
 */
public final class DistributionLosses {

  private static final double LOG_2_PI = Math.log(2 * Math.PI);

  private static final ElementwiseFunction GAUSSIAN =
      new ElementwiseFunction(
          "gaussianNll", 3, x -> x[0].minus(x[1]).square().div(x[2]).plus(x[2].log()).times(0.5));

  private static final ElementwiseFunction POISSON_OF_LOG =
      new ElementwiseFunction("poissonNll", 2, x -> x[0].exp().minus(x[1].times(x[0])));

  private static final ElementwiseFunction POISSON =
      new ElementwiseFunction("poissonNll", 3, x -> x[0].minus(x[1].times(x[0].plus(x[2]).log())));

  private static final ElementwiseFunction STIRLING =
      new ElementwiseFunction("stirling", 1, x -> stirling(x[0]));

  private static final ElementwiseFunction QUANTILE =
      new ElementwiseFunction("quantile", 3, x -> pinball(x[1].minus(x[0]), x[2]));

  private DistributionLosses() {}

  /** Returns the mean of {@code (log(variance) + (mean - target)^2 / variance) / 2}. */
  public static Tensor gaussianNll(Tensor mean, Tensor target, Tensor variance) {
    return gaussianNll(mean, target, variance, false, 1e-6, Reduction.MEAN);
  }

  /**
   * Returns the negative log-likelihood of targets under normal distributions, {@code (log(v) +
   * (mean - target)^2 / v) / 2}, where v is the variance, but at least epsilon (Nix and Weigend
   * 1994, "Estimating the mean and variance of the target probability distribution"); elementwise.
   *
   * <p>The gradient of a variance below epsilon is that at epsilon, as in PyTorch, so that it can
   * grow again.
   *
   * @param target of the shape of the mean
   * @param variance at least 0; broadcasts to the shape of the mean
   * @param full whether the constant {@code log(2 pi) / 2} is added; PyTorch's default is false
   * @param epsilon above 0; PyTorch's default is 1e-6
   * @return of the shape of the mean for {@link Reduction#NONE}
   */
  public static Tensor gaussianNll(
      Tensor mean,
      Tensor target,
      Tensor variance,
      boolean full,
      double epsilon,
      Reduction reduction) {
    String loss = "gaussianNll";
    requireEqualShapes(loss, "mean", mean.shape(), "target", target.shape());
    requireBroadcast(loss, "variance", variance.shape(), "mean", mean.shape());
    requireAboveZero(loss, "epsilon", epsilon);
    Tensor given = variance.untracked();
    if (Engine.isAnywhere(given.less(0))) {
      throw new IllegalArgumentException(
          "gaussianNll: variance %s; expected at least 0"
              .formatted(Engine.everyExample(given).min().item()));
    }
    Tensor atLeast = variance.plus(given.neg().plus(epsilon).relu());
    Tensor nll = GAUSSIAN.apply(mean, target, atLeast);
    return reduction.of(full ? nll.plus(LOG_2_PI / 2) : nll);
  }

  /** Returns the mean of {@code exp(logRate) - target * logRate}. */
  public static Tensor poissonNll(Tensor logRate, Tensor target) {
    return poissonNll(logRate, target, true, false, 1e-8, Reduction.MEAN);
  }

  /**
   * Returns the negative log-likelihood of counts under Poisson distributions, {@code rate - target
   * * log(rate)}, elementwise; infinite where the exponential of a log-rate is.
   *
   * @param input the logarithms of rates, or rates
   * @param target of the shape of the input: counts, at least 0
   * @param logInput whether the input is logarithms; PyTorch's default is true
   * @param full whether {@code log(target!)} is added where targets are above 1, by Stirling's
   *     formula; PyTorch's default is false
   * @param epsilon is added to rates before their logarithm is taken, so that a rate of 0 has one;
   *     PyTorch's default is 1e-8
   * @return of the shape of the input for {@link Reduction#NONE}
   */
  public static Tensor poissonNll(
      Tensor input,
      Tensor target,
      boolean logInput,
      boolean full,
      double epsilon,
      Reduction reduction) {
    requireEqualShapes("poissonNll", "input", input.shape(), "target", target.shape());
    requireAboveZero("poissonNll", "epsilon", epsilon);
    DType dtype = DType.promote(input.dtype(), target.dtype());
    Tensor nll =
        logInput
            ? POISSON_OF_LOG.apply(input, target)
            : POISSON.apply(input, target, Tensor.scalar(epsilon, dtype));
    return reduction.of(full ? nll.plus(STIRLING.apply(target)) : nll);
  }

  /** Returns nearly log(n!) for n above 1, else 0. */
  private static Tensor stirling(Tensor n) {
    Tensor isLarge = n.greater(1);
    Tensor large = Where.where(isLarge, n, n.times(0).plus(1));
    Tensor log = large.log();
    Tensor factorial = large.times(log).minus(large).plus(log.plus(LOG_2_PI).times(0.5));
    return Where.where(isLarge, factorial, n.times(0));
  }

  /** Returns the mean of the pinball loss over all targets and quantiles. */
  public static Tensor quantile(Tensor prediction, Tensor target, double... quantiles) {
    return quantile(prediction, target, quantiles, Reduction.MEAN);
  }

  /**
   * Returns the pinball loss of each quantile q, {@code q (target - prediction)} for predictions
   * that are too low, {@code (1 - q) (prediction - target)} for others: least in the mean where the
   * prediction is above the share q of targets (Koenker and Bassett 1978, "Regression Quantiles").
   * The gradient where they are equal is 0.
   *
   * @param prediction of shape (..., Q): one prediction for each quantile
   * @param target of shape (...)
   * @param quantiles Q numbers between 0 and 1; 0.5 is half of {@link Losses#l1}
   * @return of shape (..., Q) for {@link Reduction#NONE}
   */
  public static Tensor quantile(
      Tensor prediction, Tensor target, double[] quantiles, Reduction reduction) {
    Shape shape = prediction.shape();
    Tensor each = target.unsqueeze(-1);
    Shape expected = each.shape().with(-1, quantiles.length);
    if (!shape.equals(expected)) {
      throw new IllegalArgumentException(
          "quantile: prediction of shape %s and target of shape %s for %d quantiles; expected a prediction of shape %s"
              .formatted(shape, target.shape(), quantiles.length, expected));
    }
    for (double q : quantiles) {
      checkArgument(q > 0 && q < 1, "quantile: quantile %s; expected one between 0 and 1", q);
    }
    DType dtype = DType.promote(prediction.dtype(), target.dtype());
    return reduction.of(QUANTILE.apply(prediction, each, Tensor.of(quantiles).to(dtype)));
  }

  private static Tensor pinball(Tensor missing, Tensor q) {
    return q.times(missing.relu()).plus(q.neg().plus(1).times(missing.neg().relu()));
  }
}
