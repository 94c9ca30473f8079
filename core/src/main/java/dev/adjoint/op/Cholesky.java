package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Computes the lower triangular l with {@code l lT = a}, of symmetric positive definite a. */
enum Cholesky implements Primitive.Broadcasting {
  CHOLESKY;

  @Override
  public Tensor forward(Tensor... x) {
    int n = x[0].size(-1);
    return MatrixBatch.map(
        "cholesky",
        x[0],
        n,
        n,
        (long) n * n * n / 8,
        (a, from, l, to) -> decompose(a, from, n, l, to));
  }

  /** Computes row by row (Golub and Van Loan, "Matrix Computations", 4.2). */
  private static void decompose(double[] a, int from, int n, double[] l, int to) {
    for (int i = 0; i < n; i++) {
      int row = to + i * n;
      for (int j = 0; j <= i; j++) {
        double rest = a[from + i * n + j];
        for (int k = 0; k < j; k++) {
          rest -= l[row + k] * l[to + j * n + k];
        }
        l[row + j] = j < i ? rest / l[to + j * n + j] : rest;
      }
      Arrays.fill(l, row + i + 1, row + n, 0);
      double pivot = l[row + i];
      if (!(pivot > 0 && pivot < Double.POSITIVE_INFINITY)) {
        throw new ArithmeticException(
            "is not positive definite: pivot %d is %s; expected positive ones".formatted(i, pivot));
      }
      l[row + i] = Math.sqrt(pivot);
    }
  }

  /**
   * The symmetric part of {@code l^-T P l^-1}, where P is the lower triangle of {@code lT g} with
   * half of its diagonal (Murray 2016, "Differentiation of the Cholesky decomposition").
   */
  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    Tensor upper = y.transpose();
    Tensor half = Recorder.apply(Solve.UPPER, upper, lowerHalf(upper.matmul(g)));
    return Linalg.symmetric(Recorder.apply(Solve.UPPER, upper, half.transpose()));
  }

  /** Returns the lower triangle, with half of the diagonal: its symmetric part is half of x. */
  static Tensor lowerHalf(Tensor x) {
    return Linalg.tril(x, -1).plus(Linalg.diagEmbed(Linalg.diagonal(x)).times(0.5));
  }
}
