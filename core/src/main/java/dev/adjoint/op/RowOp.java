package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Kernels.Rows;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Lists the fused operations on rows (the last axis): a kernel forward, a kernel backward, and for
 * higher derivatives the same pullback composed of other operations.
 */
public enum RowOp implements Primitive.Broadcasting {
  /** exp(x) / sum(exp(x)). */
  SOFTMAX(Rows::softmax, Rows::softmaxPullback) {
    @Override
    Tensor composedPullback(Tensor g, Tensor x, Tensor y) {
      return y.times(g.minus(Reductions.sum(g.times(y), true, -1)));
    }
  },
  /** x - logsumexp(x). */
  LOG_SOFTMAX(Rows::logSoftmax, Rows::logSoftmaxPullback) {
    @Override
    Tensor composedPullback(Tensor g, Tensor x, Tensor y) {
      return g.minus(y.exp().times(Reductions.sum(g, true, -1)));
    }
  },
  /** log(sum(exp(x))), one value a row, the axis kept. */
  LOG_SUM_EXP(RowOp::logSumExp, null) {
    @Override
    Tensor composedPullback(Tensor g, Tensor x, Tensor y) {
      Tensor isNothing = y.untracked().equal(Double.NEGATIVE_INFINITY);
      if (!Engine.isAnywhere(isNothing)) {
        return g.times(x.softmax(-1));
      }
      // A row of -infinities has no softmax, and changes nothing: the gradient is 0.
      Tensor zero = Tensor.scalar(0, x.dtype());
      return Where.where(isNothing, zero, g).times(Where.where(isNothing, zero, x).softmax(-1));
    }
  };

  private interface RowKernel {
    void run(Rows kernels, Object x, int xFrom, int rows, int n, Object out, int outFrom);
  }

  /** Runs over rows of n elements of a cotangent and an output. */
  private interface RowPullback {
    void run(Rows k, Object g, int gFrom, Object y, int yFrom, int rows, int n, Object out, int to);
  }

  private final RowKernel kernel;
  private final @Nullable RowPullback fusedPullback;

  RowOp(RowKernel kernel, @Nullable RowPullback fusedPullback) {
    this.kernel = kernel;
    this.fusedPullback = fusedPullback;
  }

  /** Applies the operation along an axis. */
  public Tensor apply(Tensor x, int axis) {
    if (x.rank() == 0) {
      return apply(Movement.withAxis(x), axis).reshape(x.shape());
    }
    int resolved = x.shape().axis(title(), axis);
    return resolved == x.rank() - 1
        ? Recorder.apply(this, x)
        : Recorder.apply(this, x.transpose(resolved, -1)).transpose(resolved, -1);
  }

  /** Moves (resolved) axes to the end and joins them into one. */
  static Tensor lastAxis(Tensor x, int[] axes) {
    int[] order = new int[x.rank()];
    int[] sizes = new int[x.rank() - axes.length + 1];
    int count = 0;
    for (int axis = 0, next = 0; axis < order.length; axis++) {
      if (next < axes.length && axes[next] == axis) {
        order[order.length - axes.length + next++] = axis;
      } else {
        sizes[count] = x.size(axis);
        order[count++] = axis;
      }
    }
    sizes[count] = 1;
    for (int axis : axes) {
      sizes[count] *= x.size(axis);
    }
    return x.permute(order).reshape(sizes);
  }

  @Override
  public Tensor forward(Tensor... x) {
    Tensor source = Engine.packed(x[0]);
    int n = source.size(-1);
    Shape shape = this == LOG_SUM_EXP ? source.shape().with(-1, 1) : source.shape();
    int width = shape.size(-1);
    int rows = source.shape().with(-1, 1).size();
    Object in = Engine.array(source);
    Object out = Engine.uninitialized(source.dtype(), shape.size());
    int from = source.offset();
    Rows kernels = Engine.kernels(source.dtype()).rows();
    inRows(
        rows,
        n,
        (row, count) -> kernel.run(kernels, in, from + row * n, count, n, out, row * width));
    return Engine.tensor(out, source.dtype(), shape);
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    RowPullback fused = fusedPullback;
    if (fused == null || Recorder.isOn()) {
      return composedPullback(g, x[0], y);
    }
    Tensor cotangent = Engine.packed(g);
    Tensor output = Engine.packed(y);
    int n = output.size(-1);
    Object out = Engine.uninitialized(output.dtype(), output.size());
    Object a = Engine.array(cotangent);
    Object b = Engine.array(output);
    int aFrom = cotangent.offset();
    int bFrom = output.offset();
    Rows kernels = Engine.kernels(output.dtype()).rows();
    inRows(
        output.shape().with(-1, 1).size(),
        n,
        (row, count) ->
            fused.run(kernels, a, aFrom + row * n, b, bFrom + row * n, count, n, out, row * n));
    return Engine.tensor(out, output.dtype(), output.shape());
  }

  abstract Tensor composedPullback(Tensor g, Tensor x, Tensor y);

  private static void logSumExp(
      Rows kernels, Object x, int xFrom, int rows, int n, Object out, int outFrom) {
    Elements elements = Elements.of(x);
    Object shifts = elements.uninitialized(rows);
    kernels.logSumExp(x, xFrom, rows, n, shifts, 0, out, outFrom);
    elements.kernels().loop("plus", 2).run(out, outFrom, 1, shifts, 0, 1, out, outFrom, rows);
  }

  static void inRows(int rows, int n, Elementwise.Chunk body) {
    Parallel.runRanges(rows, n, 1 << 14, 2L * rows * n, (from, to) -> body.run(from, to - from));
  }
}
