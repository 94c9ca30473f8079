package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Composes the reductions from {@link Reduce} and elementwise functions. */
public final class Reductions {

  private Reductions() {}

  /** Sums axes. */
  public static Tensor sum(Tensor x, boolean keep, int... axes) {
    return Reduce.SUM.apply(x, keep, axes);
  }

  /** Sums a tensor to a shape that broadcasts to its own: the adjoint of expand. */
  public static Tensor sumTo(Tensor x, Shape shape) {
    if (x.shape().equals(shape)) {
      return x;
    }
    int lead = x.rank() - shape.rank();
    int[] axes = new int[x.rank()];
    int count = 0;
    for (int axis = 0; axis < x.rank(); axis++) {
      if (axis < lead || (shape.size(axis - lead) == 1 && x.size(axis) != 1)) {
        axes[count++] = axis;
      }
    }
    axes = Arrays.copyOf(axes, count);
    return (count == 0 ? x : sum(x, true, axes)).reshape(shape);
  }

  /** Returns the mean. */
  public static Tensor mean(Tensor x, boolean keep, int... axes) {
    Tensor sum = sum(x, keep, axes);
    return sum.div(count(x, sum));
  }

  /**
   * Returns the variance: the sum of square deviations divided by their number less a correction.
   */
  public static Tensor variance(Tensor x, int correction, boolean keep, int... axes) {
    Tensor squares = sum(centred(x, axes).square(), keep, axes);
    return squares.div(Math.max(0, count(x, squares) - correction));
  }

  /**
   * Returns x less its mean over axes. The mean is taken of the differences from an element, so
   * that it has not more digits than they.
   */
  public static Tensor centred(Tensor x, int... axes) {
    Tensor pivot = x.untracked();
    for (int axis : x.shape().axes("centred", axes)) {
      pivot = x.size(axis) == 0 ? pivot : pivot.slice(axis, 0, 1);
    }
    Tensor differences = x.minus(pivot);
    return differences.minus(mean(differences, true, axes));
  }

  /** Returns the largest element. */
  public static Tensor max(Tensor x, boolean keep, int... axes) {
    return Reduce.MAX.apply(x, keep, axes);
  }

  /** Returns the smallest element. */
  public static Tensor min(Tensor x, boolean keep, int... axes) {
    return Reduce.MIN.apply(x, keep, axes);
  }

  /** Returns 1 if any element is not 0. */
  public static Tensor any(Tensor x, boolean keep, int... axes) {
    return sum(x.untracked().notEqual(0), keep, axes).greater(0);
  }

  /** Returns 1 if no element is 0. */
  public static Tensor all(Tensor x, boolean keep, int... axes) {
    return sum(x.untracked().equal(0), keep, axes).equal(0);
  }

  /**
   * Returns the product, by halves: {@code n} elements become n/2 products, and so on. Its gradient
   * is right for zeros too, where the product divided by the element is not.
   */
  public static Tensor prod(Tensor x, boolean keep, int... axes) {
    int[] resolved = x.shape().axes("prod", axes);
    Tensor result = x;
    for (int axis : resolved) {
      if (result.size(axis) == 0) {
        result = sum(result, true, axis).plus(1); // 0 + 1, and still tracked
      }
      for (int n; (n = result.size(axis)) > 1; ) {
        int half = n / 2;
        Tensor pairs = result.slice(axis, 0, half).times(result.slice(axis, half, 2 * half));
        result = n % 2 == 0 ? pairs : Joining.concat(axis, pairs, result.slice(axis, n - 1, n));
      }
    }
    return result.reshape(x.shape().reduced(resolved, keep));
  }

  /** Returns log(sum(exp(x))). */
  public static Tensor logsumexp(Tensor x, boolean keep, int... axes) {
    int[] resolved = x.shape().axes("logsumexp", axes);
    Tensor rows = RowOp.lastAxis(x, resolved);
    Tensor result = Recorder.apply(RowOp.LOG_SUM_EXP, rows);
    return result.reshape(x.shape().reduced(resolved, keep));
  }

  /** Returns a p-norm. */
  public static Tensor norm(Tensor x, double p, boolean keep, int... axes) {
    if (p == 1) {
      return sum(x.abs(), keep, axes);
    }
    if (p == Double.POSITIVE_INFINITY) {
      return max(x.abs(), keep, axes);
    }
    if (p != 2) {
      throw new IllegalArgumentException("norm: p is %s; expected 1, 2 or infinity".formatted(p));
    }
    return length(x, 0, keep, axes);
  }

  /**
   * Returns {@code sqrt(sum(x^2) + epsilon)}, where no square overflows or vanishes. The gradient
   * is x divided by it, 0 for zeros.
   *
   * @param epsilon at least 0
   */
  public static Tensor length(Tensor x, double epsilon, boolean keep, int... axes) {
    return Recorder.apply(new Length(epsilon, keep, x.shape().axes("norm", axes)), x);
  }

  private static double count(Tensor x, Tensor reduced) {
    return reduced.size() == 0 ? 0 : x.size() / (double) reduced.size();
  }
}
