package dev.adjoint.op;

import static java.util.Objects.requireNonNull;

import dev.adjoint.autodiff.Examples;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/**
 * Computes q with orthonormal columns and the upper triangular r with {@code q r = a}, of matrices
 * of shape (..., m, n) with m >= n, packed as (..., m + n, n): q above r.
 */
record QR() implements Primitive.Broadcasting {

  @Override
  public String name() {
    return "qr";
  }

  @Override
  public Tensor forward(Tensor... x) {
    int m = x[0].size(-2);
    int n = x[0].size(-1);
    return MatrixBatch.map(
        "qr",
        x[0],
        m + n,
        n,
        (long) m * n * n,
        (a, from, out, to) -> {
          double[][] r = columns(a, from, m, n);
          double[][] q = decompose(r, m);
          write(q, m, out, to);
          write(r, n, out, to + m * n);
        });
  }

  static double[][] columns(double[] a, int from, int m, int n) {
    double[][] columns = zeros(n, m);
    for (int i = 0; i < m * n; i++) {
      columns[i % n][i / n] = a[from + i];
    }
    return columns;
  }

  /** Returns n columns of m zeros. */
  static double[][] zeros(int n, int m) {
    double[][] columns = new double[n][];
    Arrays.setAll(columns, j -> Buffers.zeroedDoubles(m));
    return columns;
  }

  /** Writes the first elements of columns as the rows of a matrix. */
  static void write(double[][] columns, int rows, double[] out, int to) {
    int n = columns.length;
    for (int i = 0; i < rows * n; i++) {
      out[to + i] = columns[i % n][i / n];
    }
  }

  /**
   * Turns columns into those of r, by Householder's reflections (Golub and Van Loan, "Matrix
   * Computations", 5.2); the diagonal of r is not negative.
   *
   * @return the columns of q, orthonormal whatever the columns were
   */
  static double[][] decompose(double[][] a, int m) {
    int n = a.length;
    double[] scale = Buffers.zeroedDoubles(n); // of the reflections 1 - scale v vT
    double[] diagonal = Buffers.zeroedDoubles(n);
    for (int j = 0; j < n; j++) {
      double[] v = a[j];
      double norm = norm(v, j);
      if (norm == 0) {
        continue; // and reflect nothing
      }
      diagonal[j] = -Math.copySign(norm, v[j]);
      scale[j] = (diagonal[j] - v[j]) / diagonal[j];
      v[j] -= diagonal[j];
      double first = v[j];
      for (int i = j; i < m; i++) {
        v[i] /= first;
      }
      for (int k = j + 1; k < n; k++) {
        reflect(v, j, scale[j], a[k]);
      }
    }
    double[][] q = zeros(n, m);
    for (int j = n - 1; j >= 0; j--) {
      q[j][j] = 1;
      for (int k = j; k < n; k++) {
        reflect(a[j], j, scale[j], q[k]);
      }
    }
    for (int j = 0; j < n; j++) {
      Arrays.fill(a[j], j, m, 0);
      a[j][j] = diagonal[j];
    }
    for (int j = 0; j < n; j++) {
      if (diagonal[j] < 0) {
        for (int i = 0; i < m; i++) {
          q[j][i] = -q[j][i];
        }
        for (int k = j; k < n; k++) {
          a[k][j] = -a[k][j];
        }
      }
    }
    return q;
  }

  private static void reflect(double[] v, int from, double scale, double[] x) {
    double dot = 0;
    for (int i = from; i < v.length; i++) {
      dot += v[i] * x[i];
    }
    dot *= scale;
    for (int i = from; i < v.length; i++) {
      x[i] -= dot * v[i];
    }
  }

  /** Returns the length of a vector from an element on; squares are in range. */
  static double norm(double[] x, int from) {
    double largest = 0;
    for (int i = from; i < x.length; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    if (largest == 0 || largest == Double.POSITIVE_INFINITY) {
      return largest;
    }
    double unit = Math.scalb(1.0, -Math.clamp(Math.getExponent(largest), -1000, 1000));
    double sum = 0;
    for (int i = from; i < x.length; i++) {
      sum += x[i] * unit * (x[i] * unit);
    }
    return Math.sqrt(sum) / unit;
  }

  /**
   * {@code (gq + q (s + sT)) r^-T}, where s is the lower triangle of {@code r grT - gqT q} with
   * half of its diagonal (Walter and Lehmann 2018, "Algorithmic differentiation of linear algebra
   * functions").
   */
  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    int m = x[0].size(-2);
    int n = x[0].size(-1);
    if (y.size() == 0) {
      return Tensors.zeros(x[0].shape(), g.dtype());
    }
    Tensor q = y.slice(-2, 0, m);
    Tensor r = y.slice(-2, m, m + n);
    Tensor gq = g.slice(-2, 0, m);
    Tensor gr = g.slice(-2, m, m + n);
    requireIndependent(r.untracked(), x[0]);
    Tensor s = Cholesky.lowerHalf(r.matmul(gr.transpose()).minus(gq.transpose().matmul(q)));
    Tensor sum = gq.plus(q.matmul(s.plus(s.transpose())));
    return Recorder.apply(Solve.UPPER, r, sum.transpose()).transpose();
  }

  /** Throws if r, of matrices or of their transposes, has a 0 on its diagonal. */
  static void requireFullRank(String operation, Tensor a, Tensor r) {
    Examples<Tensor> examples = a.examples();
    if (examples != null) {
      requireFullRank(operation, examples.all(), requireNonNull(r.examples()).all());
      return;
    }
    Shape shape = a.shape();
    int k = r.size(-1);
    double[] elements = r.untracked().toDoubleArray();
    String line = shape.size(-1) <= shape.size(-2) ? "column" : "row";
    MatrixBatch.each(
        operation,
        shape,
        k,
        m -> {
          for (int i = 0; i < k; i++) {
            if (elements[m * k * k + i * (k + 1)] == 0) {
              throw new ArithmeticException(
                  "is of rank below %d: %s %d depends on those before it; expected full rank"
                      .formatted(k, line, i));
            }
          }
        });
  }

  /** Throws if a column is one of those before it, to rounding. */
  private static void requireIndependent(Tensor r, Tensor a) {
    Tensor lengths = r.norm(2, Keep.AXES, -2).squeeze(-2);
    Tensor own = Linalg.diagonal(r);
    if (Engine.isAnywhere(own.lessEqual(lengths.times(4 * r.dtype().epsilon())))) {
      throw new IllegalStateException(
          ("qr: the gradient of the decomposition of %s is undefined where one of the first %d"
                  + " columns depends on those before it; expected independent columns")
              .formatted(a.shape(), a.size(-1)));
    }
  }
}
