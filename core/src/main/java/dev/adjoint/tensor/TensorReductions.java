package dev.adjoint.tensor;

import dev.adjoint.op.ArgExtreme;
import dev.adjoint.op.CumulativeSum;
import dev.adjoint.op.Indexed;
import dev.adjoint.op.Ordering;
import dev.adjoint.op.Reductions;
import dev.adjoint.op.RowOp;
import dev.adjoint.op.Unique;

/**
 * The reductions of {@link Tensor}: sums, means, extremes and their like.
 *
 * <p>Every reduction takes the axes to reduce, negative ones counted from the last; none means all.
 * The axes are dropped from the result, or kept with size 1 by {@link Keep#AXES}: {@code
 * x.minus(x.mean(Keep.AXES, 1))}.
 */
public sealed interface TensorReductions permits Tensor {

  /** Returns the sum; 0 over no elements. */
  default Tensor sum(int... axes) {
    return Reductions.sum(self(), false, axes);
  }

  /** Returns the sum and keeps the axes. */
  default Tensor sum(Keep keep, int... axes) {
    return Reductions.sum(self(), true, axes);
  }

  /** Returns the mean; NaN over no elements. */
  default Tensor mean(int... axes) {
    return Reductions.mean(self(), false, axes);
  }

  /** Returns the mean and keeps the axes. */
  default Tensor mean(Keep keep, int... axes) {
    return Reductions.mean(self(), true, axes);
  }

  /** Returns the mean square deviation from the mean: the sum over m, the number of elements. */
  default Tensor biasedVariance(int... axes) {
    return Reductions.variance(self(), 0, false, axes);
  }

  /** Returns the biased variance and keeps the axes. */
  default Tensor biasedVariance(Keep keep, int... axes) {
    return Reductions.variance(self(), 0, true, axes);
  }

  /** Returns the estimate of a population's variance: the sum over m - 1; NaN for one element. */
  default Tensor unbiasedVariance(int... axes) {
    return Reductions.variance(self(), 1, false, axes);
  }

  /** Returns the unbiased variance and keeps the axes. */
  default Tensor unbiasedVariance(Keep keep, int... axes) {
    return Reductions.variance(self(), 1, true, axes);
  }

  /** Returns the root of the biased variance. Where it is 0, so is the gradient, as in PyTorch. */
  default Tensor biasedStd(int... axes) {
    return Reductions.std(self(), 0, false, axes);
  }

  /** Returns the root of the biased variance and keeps the axes. */
  default Tensor biasedStd(Keep keep, int... axes) {
    return Reductions.std(self(), 0, true, axes);
  }

  /**
   * Returns the root of the unbiased variance, PyTorch's {@code std}; NaN for one element. Where it
   * is 0, so is the gradient.
   */
  default Tensor unbiasedStd(int... axes) {
    return Reductions.std(self(), 1, false, axes);
  }

  /** Returns the root of the unbiased variance and keeps the axes. */
  default Tensor unbiasedStd(Keep keep, int... axes) {
    return Reductions.std(self(), 1, true, axes);
  }

  /** Returns the largest element; equal ones share the gradient. NaN if any element is. */
  default Tensor max(int... axes) {
    return Reductions.max(self(), false, axes);
  }

  /** Returns the largest element and keeps the axes. */
  default Tensor max(Keep keep, int... axes) {
    return Reductions.max(self(), true, axes);
  }

  /** Returns the smallest element; equal ones share the gradient. NaN if any element is. */
  default Tensor min(int... axes) {
    return Reductions.min(self(), false, axes);
  }

  /** Returns the smallest element and keeps the axes. */
  default Tensor min(Keep keep, int... axes) {
    return Reductions.min(self(), true, axes);
  }

  /** Returns the product; 1 over no elements. */
  default Tensor prod(int... axes) {
    return Reductions.prod(self(), false, axes);
  }

  /** Returns the product and keeps the axes. */
  default Tensor prod(Keep keep, int... axes) {
    return Reductions.prod(self(), true, axes);
  }

  /** Returns 1 if any element is not 0, else 0; not differentiable. */
  default Tensor any(int... axes) {
    return Reductions.any(self(), false, axes);
  }

  /** Returns 1 if any element is not 0, else 0, and keeps the axes. */
  default Tensor any(Keep keep, int... axes) {
    return Reductions.any(self(), true, axes);
  }

  /** Returns 1 if no element is 0, else 0; not differentiable. */
  default Tensor all(int... axes) {
    return Reductions.all(self(), false, axes);
  }

  /** Returns 1 if no element is 0, else 0, and keeps the axes. */
  default Tensor all(Keep keep, int... axes) {
    return Reductions.all(self(), true, axes);
  }

  /** Returns log(sum(exp(x))), computed without overflow; -infinity over no elements. */
  default Tensor logsumexp(int... axes) {
    return Reductions.logsumexp(self(), false, axes);
  }

  /** Returns log(sum(exp(x))) and keeps the axes. */
  default Tensor logsumexp(Keep keep, int... axes) {
    return Reductions.logsumexp(self(), true, axes);
  }

  /**
   * Returns the p-norm, {@code sum(|x|^p)^(1/p)}: for p = 0 the number of elements that are not 0,
   * for infinity the largest |x|, for -infinity the smallest. NaN if any element is. Zeros have the
   * gradient 0, for p below 1, too, where a power has none.
   *
   * @param p at least 0, or -infinity
   */
  default Tensor norm(double p, int... axes) {
    return Reductions.norm(self(), p, false, axes);
  }

  /** Returns the p-norm and keeps the axes. */
  default Tensor norm(double p, Keep keep, int... axes) {
    return Reductions.norm(self(), p, true, axes);
  }

  /**
   * Returns the position of the largest element among all in reading order, the first of equal
   * ones; that of a NaN if there is one.
   */
  default int argmax() {
    return ArgExtreme.argmax(self());
  }

  /**
   * Returns the position of the smallest element among all in reading order, the first of equal
   * ones; that of a NaN if there is one.
   */
  default int argmin() {
    return ArgExtreme.argmin(self());
  }

  /** Returns the index of the first largest element along an axis; the axis is dropped. */
  default IntTensor argmax(int axis) {
    return ArgExtreme.argmax(self(), axis);
  }

  /** Returns the index of the first smallest element along an axis; the axis is dropped. */
  default IntTensor argmin(int axis) {
    return ArgExtreme.argmin(self(), axis);
  }

  /** Sorts along an axis in ascending order: {@link #sort(int, boolean)}. */
  default Indexed sort(int axis) {
    return Ordering.sort(self(), axis, false);
  }

  /**
   * Returns the elements sorted along an axis, and where they were. A NaN counts as the largest,
   * and -0 as equal to 0; equal elements stay in their order, also where it descends ({@code
   * stable} of PyTorch is always true).
   *
   * @param descending whether the largest come first
   */
  default Indexed sort(int axis, boolean descending) {
    return Ordering.sort(self(), axis, descending);
  }

  /** Returns the indices that sort an axis in ascending order: {@link #argsort(int, boolean)}. */
  default IntTensor argsort(int axis) {
    return Ordering.argsort(self(), axis, false);
  }

  /**
   * Returns the indices of {@link #sort(int, boolean)}: {@link
   * dev.adjoint.op.Indexing#takeAlongAxis} with them sorts.
   */
  default IntTensor argsort(int axis, boolean descending) {
    return Ordering.argsort(self(), axis, descending);
  }

  /** Returns the k largest elements along an axis: {@link #topK(int, int, boolean)}. */
  default Indexed topK(int k, int axis) {
    return Ordering.topK(self(), k, axis, true);
  }

  /**
   * Returns the k largest or smallest elements along an axis, and where they were: the first k that
   * {@link #sort(int, boolean)} gives, without sorting the others.
   *
   * @param k from 0 to the size of the axis
   * @param largest whether the largest, in descending order, or the smallest, in ascending order
   */
  default Indexed topK(int k, int axis, boolean largest) {
    return Ordering.topK(self(), k, axis, largest);
  }

  /**
   * Returns the median of all elements: of two in the middle the lower. NaN if any element is, or
   * there are none. Elements equal to the median share the gradient, as for {@link #max}.
   */
  default Tensor median() {
    return Ordering.median(self());
  }

  /**
   * Returns the median along an axis, and where it was: of two in the middle the lower, of equal
   * ones that which a stable sort puts there. NaN if any element is: the first one. The axis is
   * dropped.
   */
  default Indexed median(int axis) {
    return Ordering.median(self(), axis);
  }

  /**
   * Returns the q-quantile: with the n elements sorted, the one at {@code q * (n - 1)}, counted
   * from 0, or the linear interpolation of its neighbors. NaN if any element is.
   *
   * @param q from 0, the smallest, over 0.5, where two in the middle are averaged, to 1, the
   *     largest
   */
  default Tensor quantile(double q, int... axes) {
    return Ordering.quantile(self(), q, false, axes);
  }

  /** Returns the q-quantile and keeps the axes. */
  default Tensor quantile(double q, Keep keep, int... axes) {
    return Ordering.quantile(self(), q, true, axes);
  }

  /**
   * Returns several quantiles, for which the elements are sorted once.
   *
   * @return of shape (q.length, ...), what follows being the shape of one quantile
   */
  default Tensor quantile(double[] q, int... axes) {
    return Ordering.quantile(self(), q, axes);
  }

  /**
   * Returns the elements without repetition, in ascending order, with how often each occurs, and
   * where each element is among them. Each NaN is one of its own, as in PyTorch, and the last. The
   * gradient flows to the first of equal elements.
   */
  default Unique<Tensor> unique() {
    return Ordering.unique(self());
  }

  /** Returns the running sum along an axis: element i is the sum of elements 0 to i. */
  default Tensor cumsum(int axis) {
    return CumulativeSum.apply(self(), axis);
  }

  /**
   * Returns the running product along an axis: element i is the product of elements 0 to i. Its
   * gradient is right for zeros, too.
   */
  default Tensor cumprod(int axis) {
    return Reductions.cumprod(self(), axis);
  }

  /**
   * Returns the running maximum along an axis, and where it was: of equal elements at the last, to
   * which the gradient flows. From a NaN on it is NaN.
   */
  default Indexed cummax(int axis) {
    return ArgExtreme.cummax(self(), axis);
  }

  /** Returns the running minimum along an axis, and where it was, as {@link #cummax}. */
  default Indexed cummin(int axis) {
    return ArgExtreme.cummin(self(), axis);
  }

  /** Returns the running logsumexp along an axis, computed without overflow. */
  default Tensor logcumsumexp(int axis) {
    return Reductions.logcumsumexp(self(), axis);
  }

  /**
   * Returns the differences of neighbors along an axis, n times: each time the axis is one shorter,
   * until it is empty. What PyTorch prepends or appends is joined before by {@link
   * dev.adjoint.op.Joining#concat}.
   *
   * @param n at least 0
   */
  default Tensor diff(int n, int axis) {
    return Reductions.diff(self(), n, axis);
  }

  /** Returns exp(x) / sum(exp(x)) along an axis. */
  default Tensor softmax(int axis) {
    return RowOp.SOFTMAX.apply(self(), axis);
  }

  /** Returns x - logsumexp(x) along an axis: the logarithm of softmax, accurate where small. */
  default Tensor logSoftmax(int axis) {
    return RowOp.LOG_SOFTMAX.apply(self(), axis);
  }

  private Tensor self() {
    return (Tensor) this;
  }
}
