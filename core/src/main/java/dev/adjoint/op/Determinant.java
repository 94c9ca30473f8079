package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Computes determinants of matrices of shape (..., n, n), and their derivatives. */
final class Determinant {

  private Determinant() {}

  enum Value implements Primitive {
    /** The determinant, of shape (..., 1, 1). */
    DET {
      @Override
      public Tensor forward(Tensor... x) {
        return decompose("det", x[0], 1);
      }

      @Override
      public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
        return Recorder.apply(new Gradient(0), x[0]).times(g);
      }
    },

    /** The sign and the logarithm of the magnitude, of shape (..., 1, 2). */
    SLOGDET {
      @Override
      public Tensor forward(Tensor... x) {
        return decompose("slogdet", x[0], 2);
      }

      @Override
      public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
        return Solve.inverse("slogdet", x[0]).transpose().times(g.slice(-1, 1, 2));
      }
    };

    private static Tensor decompose(String operation, Tensor a, int results) {
      int n = a.size(-1);
      return MatrixBatch.map(
          operation,
          a,
          1,
          results,
          (long) n * n * n,
          (in, from, out, to) -> {
            double[] lu = Buffers.uninitializedDoubles(n * n);
            System.arraycopy(in, from, lu, 0, n * n);
            double mantissa = LU.decompose(lu, 0, n, new int[n], 0);
            double logarithm = 0;
            int exponent = 0; // apart, for the product may leave the range of numbers on its way
            for (int i = 0; i < n; i++) {
              double pivot = lu[i * (n + 1)];
              logarithm += StrictMath.log(Math.abs(pivot));
              mantissa *= pivot;
              exponent += Math.getExponent(mantissa);
              mantissa = Math.scalb(mantissa, -Math.getExponent(mantissa));
            }
            out[to] =
                results == 1 ? Math.scalb(mantissa, exponent) : Math.signum(mantissa) + 0; // not -0
            if (results == 2) {
              out[to + 1] = logarithm;
            }
          });
    }
  }

  /**
   * The gradient of the derivative of the determinant along some directions. A determinant is a
   * polynomial, and so is this: right for singular matrices, too.
   *
   * <p>With {@code a = u diag(s) vT} and directions e turned to {@code f = uT e v}, the derivative
   * along k + 1 directions is, times the determinants of u and v, the sum over all choices of k + 1
   * different indices i and all permutations p of them of the sign of p, times {@code f_d[i_d,
   * p(i_d)]} of every direction, times all values s of other indices. It is linear in the first
   * direction; what multiplies that is the gradient, turned back. A cotangent is one more
   * direction: so one rule gives all orders, and the inputs are the matrix and the directions.
   *
   * @param order the number of directions
   */
  record Gradient(int order) implements Primitive {
    @Override
    public String name() {
      return "detGradient";
    }

    @Override
    public Tensor forward(Tensor... x) {
      Tensor a = x[0].untracked().to(DType.FLOAT64);
      if (a.size() == 0) {
        return Tensors.zeros(x[0].shape(), x[0].dtype());
      }
      Linalg.Svd svd = MatrixBatch.named("det", () -> Linalg.svd(a));
      Tensor u = svd.u();
      Tensor vh = svd.vh();
      int n = a.size(-1);
      List<double[]> directions = new ArrayList<>();
      for (int i = 1; i <= order; i++) {
        Tensor e = x[i].untracked().to(DType.FLOAT64);
        directions.add(u.transpose().matmul(e).matmul(vh.transpose()).toDoubleArray());
      }
      double[] values = svd.s().toDoubleArray();
      double[] out = (double[]) Engine.zeroed(DType.FLOAT64, a.size());
      MatrixBatch.each(
          "det",
          a.shape(),
          (long) (10 * Math.pow(n, order + 2)),
          m -> new Terms(values, directions, n, m, out, new int[order + 1]).choose(0));
      Tensor inner = Engine.tensor(out, DType.FLOAT64, a.shape());
      Tensor sign = Recorder.apply(Value.DET, u).times(Recorder.apply(Value.DET, vh));
      return u.matmul(inner).matmul(vh).times(sign).to(x[0].dtype());
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      int directions = input == 0 ? order + 1 : order;
      Tensor[] next = Arrays.copyOf(x, directions + 1);
      next[input == 0 ? directions : input] = g;
      return Recorder.apply(new Gradient(directions), next);
    }
  }

  private record Terms(
      double[] values, List<double[]> directions, int n, int matrix, double[] out, int[] index) {

    /** Chooses all indices from one on, and adds the terms of each choice. */
    void choose(int from) {
      if (from == index.length) {
        double product = 1;
        for (int i = 0; i < n; i++) {
          product *= isChosen(i, from) ? 1 : values[matrix * n + i];
        }
        permute(0, (1 << from) - 1, product, 0);
        return;
      }
      for (int i = 0; i < n; i++) {
        if (!isChosen(i, from)) {
          index[from] = i;
          choose(from + 1);
        }
      }
    }

    private boolean isChosen(int i, int count) {
      for (int c = 0; c < count; c++) {
        if (index[c] == i) {
          return true;
        }
      }
      return false;
    }

    /** Gives each row from one on a column that is free, in all ways; row 0 got that column. */
    private void permute(int row, int free, double product, int column) {
      if (row == index.length) {
        out[matrix * n * n + index[0] * n + column] += product;
        return;
      }
      double signed = product;
      for (int c = 0; c < index.length; c++) {
        if ((free >> c & 1) != 0) {
          int place = matrix * n * n + index[row] * n + index[c];
          double factor = row == 0 ? 1 : directions.get(row - 1)[place];
          permute(row + 1, free ^ 1 << c, signed * factor, row == 0 ? index[c] : column);
          signed = -signed;
        }
      }
    }
  }
}
