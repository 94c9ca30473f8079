package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The elementwise functions that losses are made of. */
final class ElementwiseLosses {

  /** The cross-entropy of logits x, targets t, and the weight of positive targets. */
  static final ElementwiseFunction BINARY_OF_LOGITS =
      new ElementwiseFunction(
          "binaryCrossEntropyWithLogits",
          3,
          x -> {
            Tensor positive = x[1].times(x[2]);
            Tensor negative = x[1].neg().plus(1);
            Tensor[] costs = costs(x[0]);
            return weighed(positive, costs[0]).plus(weighed(negative, costs[1]));
          },
          (needed, g, x, y) -> {
            Tensor positive = x[1].times(x[2]);
            Tensor negative = x[1].neg().plus(1);
            Tensor[] costs = costs(x[0]);
            Tensor ofPositive = g.times(chosen(positive, costs[0]));
            Tensor ofNegative = g.times(chosen(negative, costs[1]));
            Tensor[] slopes = slopes(x[0]);
            Tensor slope = negative.times(slopes[1]).minus(positive.times(slopes[0]));
            return new @Nullable Tensor[] {
              needed[0] ? g.times(slope) : null,
              needed[1] ? ofPositive.times(x[2]).minus(ofNegative) : null,
              needed[2] ? ofPositive.times(x[1]) : null
            };
          });

  /**
   * The cross-entropy of probabilities p and targets t; its gradient is that of PyTorch where p is
   * 0 or 1, too.
   */
  static final ElementwiseFunction BINARY_OF_PROBABILITIES =
      new ElementwiseFunction(
          "binaryCrossEntropy",
          2,
          x -> {
            Tensor negative = x[1].minus(1).times(limited(x[0].neg().log1p()));
            return negative.minus(x[1].times(limited(x[0].log())));
          },
          (needed, g, x, y) -> {
            Tensor spread = x[0].times(x[0].neg().plus(1));
            Tensor slope = x[0].minus(x[1]).div(spread.max(Tensor.scalar(1e-12, spread.dtype())));
            Tensor odds = limited(x[0].neg().log1p()).minus(limited(x[0].log()));
            return new @Nullable Tensor[] {
              needed[0] ? g.times(slope) : null, needed[1] ? g.times(odds) : null
            };
          });

  /** The Huber loss of predictions, targets and delta. */
  static final ElementwiseFunction HUBER =
      new ElementwiseFunction("huber", 3, x -> rounded(x[0].minus(x[1]), x[2]));

  /** What {@link #weighed} returns, of weights and costs. */
  static final ElementwiseFunction WEIGHED =
      new ElementwiseFunction("weighed", 2, x -> weighed(x[0], x[1]));

  private ElementwiseLosses() {}

  private static Tensor limited(Tensor log) {
    return log.max(Tensor.scalar(-100, log.dtype()));
  }

  private static Tensor rounded(Tensor difference, Tensor delta) {
    Tensor distance = difference.abs(); // its second derivative at 0 is 0, that of a square is not
    Tensor near = Where.where(distance.greater(delta), delta, difference);
    Tensor beyond = distance.minus(delta).relu();
    return near.square().times(0.5).plus(beyond.times(delta));
  }

  /** Returns weight * cost, where a weight of 0 selects: not even an infinite cost gets through. */
  static Tensor weighed(Tensor weight, Tensor cost) {
    return weight.times(chosen(weight, cost));
  }

  private static Tensor chosen(Tensor weight, Tensor cost) {
    Tensor isLeftOut = weight.untracked().equal(0).times(cost.untracked().isFinite().equal(0));
    return Where.where(isLeftOut, Tensor.scalar(0, cost.dtype()), cost);
  }

  /**
   * Returns softplus of -x and of x; in a program, which is differentiated by a rule, by one
   * exponential and logarithm.
   */
  private static Tensor[] costs(Tensor x) {
    if (!Recorder.isTracing()) {
      return new Tensor[] {Activations.softplus(x.neg()), Activations.softplus(x)};
    }
    Tensor less = x.abs().neg().exp().log1p();
    return ordered(x, less, x.abs().plus(less));
  }

  /** Returns the sigmoids of -x and of x, the slopes of these costs, in the same way. */
  private static Tensor[] slopes(Tensor x) {
    if (!Recorder.isTracing()) {
      return new Tensor[] {x.neg().sigmoid(), x.sigmoid()};
    }
    Tensor part = x.abs().neg().exp();
    Tensor more = part.plus(1).reciprocal();
    return ordered(x, more.times(part), more);
  }

  /** Returns values at -x and at x, of which one is less. */
  private static Tensor[] ordered(Tensor x, Tensor less, Tensor more) {
    Tensor isPositive = x.greater(0);
    return new Tensor[] {Where.where(isPositive, less, more), Where.where(isPositive, more, less)};
  }
}
