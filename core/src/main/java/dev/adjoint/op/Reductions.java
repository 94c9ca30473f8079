package dev.adjoint.op;

import com.google.common.base.Ascii;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Kernels.Reduction;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/** Reductions over axes: sum, max and min, and what is composed of them. */
public final class Reductions {

  private Reductions() {}

  /** Sums axes. */
  public static Tensor sum(Tensor x, boolean keep, int... axes) {
    return fold(Kind.SUM, x, keep, axes);
  }

  /** Sums a tensor to a shape that broadcasts to its own: the adjoint of expand. */
  public static Tensor sumTo(Tensor x, Shape shape) {
    if (x.shape().equals(shape)) {
      return x;
    }
    int[] axes = shape.repeatedIn(x.shape());
    return (axes.length == 0 ? x : sum(x, true, axes)).reshape(shape);
  }

  /** Returns the mean. */
  public static Tensor mean(Tensor x, boolean keep, int... axes) {
    Tensor sum = sum(x, keep, axes);
    return sum.div(count(x, sum));
  }

  /** Returns the variance: the sum of square deviations over their number less a correction. */
  public static Tensor variance(Tensor x, int correction, boolean keep, int... axes) {
    Tensor squares = sum(centered(x, axes).square(), keep, axes);
    return squares.div(Math.max(0, count(x, squares) - correction));
  }

  /** Returns the standard deviation: the root of the variance. The gradient of 0 is 0. */
  public static Tensor std(Tensor x, int correction, boolean keep, int... axes) {
    int[] resolved = x.shape().axes("std", axes);
    Tensor lengths = length(centered(x, resolved), 0, keep, resolved);
    return lengths.div(Math.sqrt(Math.max(0, count(x, lengths) - correction)));
  }

  /**
   * Returns x less its mean over axes. The mean is taken of the differences from an element, so
   * that it has not more digits than they.
   */
  public static Tensor centered(Tensor x, int... axes) {
    Tensor pivot = x.untracked();
    for (int axis : x.shape().axes("centered", axes)) {
      pivot = x.size(axis) == 0 ? pivot : pivot.slice(axis, 0, 1);
    }
    Tensor differences = x.minus(pivot);
    return differences.minus(mean(differences, true, axes));
  }

  /** Returns the largest element. */
  public static Tensor max(Tensor x, boolean keep, int... axes) {
    return fold(Kind.MAX, x, keep, axes);
  }

  /** Returns the smallest element. */
  public static Tensor min(Tensor x, boolean keep, int... axes) {
    return fold(Kind.MIN, x, keep, axes);
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
    if (!(p >= 0 || p == Double.NEGATIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "norm: p is %s; expected at least 0, or -infinity".formatted(p));
    }
    if (p == 0) {
      return sum(x.sign().abs(), keep, axes);
    }
    if (p == 1) {
      return sum(x.abs(), keep, axes);
    }
    if (Double.isInfinite(p)) {
      return p > 0 ? max(x.abs(), keep, axes) : min(x.abs(), keep, axes);
    }
    return p == 2 || x.size() == 0 ? length(x, 0, keep, axes) : powerNorm(x, p, keep, axes);
  }

  /**
   * Returns {@code sum(|x|^p)^(1/p)}, for p above 1 of elements over their largest, so that no
   * power overflows. Where an element is 0 it is left out: its power may have an infinite
   * derivative.
   */
  private static Tensor powerNorm(Tensor x, double p, boolean keep, int... axes) {
    int[] resolved = x.shape().axes("norm", axes);
    Tensor zero = Tensor.scalar(0, x.dtype());
    Tensor one = Tensor.scalar(1, x.dtype());
    Tensor scale = one;
    if (p > 1) {
      Tensor largest = max(x.untracked().abs(), true, resolved);
      scale = Where.where(largest.isFinite().times(largest.greater(0)), largest, one);
    }
    Tensor isZero = x.equal(0);
    Tensor powers = Where.where(isZero, one, x.abs().div(scale)).pow(p);
    Tensor sums = sum(Where.where(isZero, zero, powers), true, resolved);
    Tensor norm = sums.pow(1 / p).times(scale);
    return norm.reshape(x.shape().reduced(resolved, keep));
  }

  /** Returns the running product along an axis. */
  public static Tensor cumprod(Tensor x, int axis) {
    Tensor line = Movement.withAxis(x);
    int resolved = line.shape().axis("cumprod", axis);
    int n = line.size(resolved);
    if (n < 2) {
      return x;
    }
    Tensor start = line.slice(resolved, 0, 1).pad(resolved, 0, n - 1, 0);
    return Recorder.apply(new LinearRecurrence(resolved), line, start);
  }

  /** Returns the differences of neighbors along an axis, n times. */
  public static Tensor diff(Tensor x, int n, int axis) {
    int resolved = x.shape().axis("diff", axis);
    if (n < 0) {
      throw new IllegalArgumentException("diff: %d times; expected at least 0".formatted(n));
    }
    Tensor result = x;
    for (int i = 0, size; i < n && (size = result.size(resolved)) > 0; i++) {
      result = result.slice(resolved, 1, size).minus(result.slice(resolved, 0, size - 1));
    }
    return result;
  }

  /**
   * Returns log(sum(exp(x))) along an axis from its start to each position: of stretches of 2, 4, 8
   * elements and so on, of which two make the next.
   */
  public static Tensor logcumsumexp(Tensor x, int axis) {
    Tensor result = Movement.withAxis(x);
    int resolved = result.shape().axis("logcumsumexp", axis);
    int n = result.size(resolved);
    for (int length = 1; length < n; length *= 2) {
      Tensor longer =
          result.slice(resolved, length, n).logaddexp(result.slice(resolved, 0, n - length));
      result = Joining.concat(resolved, result.slice(resolved, 0, length), longer);
    }
    return result.reshape(x.shape());
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

  private static Tensor fold(Kind kind, Tensor x, boolean keep, int... axes) {
    int[] resolved = x.shape().axes(kind.function, axes);
    if (kind != Kind.SUM && x.size() == 0 && x.shape().reduced(resolved, true).size() > 0) {
      throw new IllegalArgumentException(
          "%s: no elements to choose from along axes %s of shape %s"
              .formatted(kind.function, Arrays.toString(resolved), x.shape()));
    }
    return resolved.length == 0 ? x : Recorder.apply(new Fold(kind, resolved, keep), x);
  }

  private static double count(Tensor x, Tensor reduced) {
    return reduced.size() == 0 ? 0 : x.size() / (double) reduced.size();
  }

  enum Kind {
    SUM,
    MAX,
    MIN;

    private final String function = Ascii.toLowerCase(name());
  }

  record Fold(Kind kind, int[] axes, boolean keep) implements Primitive {

    @Override
    public String name() {
      return kind.function;
    }

    @Override
    public Tensor forward(Tensor... x) {
      Shape result = x[0].shape().reduced(axes, keep);
      if (x[0].size() == 0) {
        // Only sums come here, or nothing is to be computed.
        return Tensors.zeros(result, x[0].dtype());
      }
      Tensor folded = x[0];
      // One group of adjacent axes at a time, from the last: each is a fold of rows or of columns.
      for (int last = axes.length - 1; last >= 0; ) {
        int first = last;
        while (first > 0 && axes[first - 1] == axes[first] - 1) {
          first--;
        }
        folded = foldGroup(folded, axes[first], axes[last]);
        last = first - 1;
      }
      return folded.view(result, result.strides(), folded.offset());
    }

    private Tensor foldGroup(Tensor operand, int first, int last) {
      Tensor x = Engine.packed(operand);
      DType dtype = x.dtype();
      int[] strides = x.shape().strides();
      int inner = strides[last];
      int n = x.size(first) * strides[first] / inner;
      int outer = x.size() / (n * inner);
      int[] group = new int[last - first + 1];
      Arrays.setAll(group, i -> first + i);
      Shape shape = x.shape().reduced(group, true);
      Object in = Engine.array(x);
      Object out = Engine.uninitialized(dtype, outer * inner);
      Reduction reduction = Engine.kernels(dtype).reduction(name());
      int from = x.offset();
      if (inner == 1) {
        Parallel.runRanges(
            outer,
            n,
            1 << 14,
            x.size() / 8L,
            (row, end) -> reduction.rows(in, from + row * n, end - row, n, out, row));
        return Engine.tensor(out, dtype, shape);
      }
      int chunks = Math.ceilDiv(n, Reduction.CHUNK_ROWS);
      Object parts = chunks == 1 ? out : Engine.uninitialized(dtype, outer * chunks * inner);
      int least = x.size() < Buffers.FAR ? 64 : Buffers.PAGE; // ADR 90
      int columns = Math.max(least, (1 << 14) / n & -64);
      int strips = Math.ceilDiv(inner, columns);
      Parallel.run(
          outer * chunks * strips,
          x.size() / 8L,
          unit -> {
            int part = unit / strips;
            int row = part % chunks * Reduction.CHUNK_ROWS;
            int column = unit % strips * columns;
            reduction.columns(
                in,
                from + (part / chunks * n + row) * inner + column,
                Math.min(Reduction.CHUNK_ROWS, n - row),
                inner,
                Math.min(columns, inner - column),
                parts,
                part * inner + column);
          });
      for (int block = 0; chunks > 1 && block < outer; block++) {
        reduction.chunks(parts, block * chunks * inner, chunks, inner, out, block * inner);
      }
      return Engine.tensor(out, dtype, shape);
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      return Recorder.apply(new Fold(kind, BatchedInputs.shifted(axes), keep), x.get(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      Shape kept = x[0].shape().reduced(axes, true);
      Tensor cotangent = g.reshape(kept);
      if (kind != Kind.SUM) {
        Tensor winners = x[0].untracked().equal(y.untracked().reshape(kept));
        cotangent = cotangent.div(sum(winners, true, axes)).times(winners);
      }
      return cotangent.expand(x[0].shape());
    }
  }
}
