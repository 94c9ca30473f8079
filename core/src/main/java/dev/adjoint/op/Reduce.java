package dev.adjoint.op;

import com.google.common.base.Ascii;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Kernels.Reduction;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/** The folds over axes: sum, max and min. */
public enum Reduce {
  SUM,
  MAX,
  MIN;

  /** Folds axes into one element each. */
  public Tensor apply(Tensor x, boolean keep, int... axes) {
    String name = Ascii.toLowerCase(name());
    int[] resolved = x.shape().axes(name, axes);
    if (this != SUM && x.size() == 0 && x.shape().reduced(resolved, true).size() > 0) {
      throw new IllegalArgumentException(
          "%s: no elements to choose from along axes %s of shape %s"
              .formatted(name, Arrays.toString(resolved), x.shape()));
    }
    if (resolved.length == 0) {
      return x;
    }
    return Recorder.apply(new Fold(this, resolved, keep), x);
  }

  /** A fold over certain axes. */
  public record Fold(Reduce kind, int[] axes, boolean keep) implements Primitive {

    @Override
    public String name() {
      return Ascii.toLowerCase(kind.name());
    }

    @Override
    public Tensor forward(Tensor... x) {
      Shape result = x[0].shape().reduced(axes, keep);
      if (x[0].size() == 0) {
        return Tensors.zeros(
            result, x[0].dtype()); // only sums come here, or nothing is to be computed
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
      int outer = product(x.shape(), 0, first);
      int n = product(x.shape(), first, last + 1);
      int inner = product(x.shape(), last + 1, x.rank());
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
      } else {
        int columns = Math.max(64, (1 << 14) / n & -64);
        int parts = Math.ceilDiv(inner, columns);
        Parallel.run(
            outer * parts,
            x.size() / 8L,
            c -> {
              int block = c / parts;
              int column = c % parts * columns;
              reduction.columns(
                  in,
                  from + block * n * inner + column,
                  n,
                  inner,
                  Math.min(columns, inner - column),
                  out,
                  block * inner + column);
            });
      }
      return Engine.tensor(out, dtype, shape);
    }

    private static int product(Shape shape, int from, int to) {
      int product = 1;
      for (int axis = from; axis < to; axis++) {
        product *= shape.size(axis);
      }
      return product;
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      Shape kept = x[0].shape().reduced(axes, true);
      Tensor cotangent = g.reshape(kept);
      if (kind != SUM) {
        Tensor winners = x[0].untracked().equal(y.untracked().reshape(kept));
        cotangent = cotangent.div(Reductions.sum(winners, true, axes)).times(winners);
      }
      return cotangent.expand(x[0].shape());
    }
  }
}
