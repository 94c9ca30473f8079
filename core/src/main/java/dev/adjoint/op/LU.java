package dev.adjoint.op;

/**
 * Decomposes a square matrix into triangles by Gaussian elimination, with the largest element of a
 * column as pivot (Golub and Van Loan, "Matrix Computations", 3.4).
 */
final class LU {

  private LU() {}

  /**
   * Writes the upper triangle, and below it the lower one, whose diagonal is 1, in place.
   *
   * @param order gets the row of the matrix from which each row came, from {@code first} on
   * @return the sign of this permutation: 1 or -1
   */
  static double decompose(double[] a, int from, int n, int[] order, int first) {
    double sign = 1;
    for (int i = 0; i < n; i++) {
      order[first + i] = i;
    }
    for (int p = 0; p < n; p++) {
      int best = p;
      for (int i = p + 1; i < n; i++) {
        if (Math.abs(a[from + i * n + p]) > Math.abs(a[from + best * n + p])) {
          best = i;
        }
      }
      int top = from + p * n;
      if (best != p) {
        sign = -sign;
        int row = order[first + p];
        order[first + p] = order[first + best];
        order[first + best] = row;
        for (int j = 0, other = from + best * n; j < n; j++) {
          double value = a[top + j];
          a[top + j] = a[other + j];
          a[other + j] = value;
        }
      }
      if (a[top + p] != 0) { // else there is nothing below it
        for (int row = top + n; row < from + n * n; row += n) {
          double factor = a[row + p] / a[top + p];
          a[row + p] = factor;
          for (int j = p + 1; j < n; j++) {
            a[row + j] -= factor * a[top + j];
          }
        }
      }
    }
    return sign;
  }

  /** Throws if an element of the diagonal of a triangle is 0. */
  static void requireInvertible(double[] a, int from, int n) {
    for (int i = 0; i < n; i++) {
      if (a[from + i * (n + 1)] == 0) {
        throw new ArithmeticException(
            "is singular: pivot %d is 0; expected invertible matrices".formatted(i));
      }
    }
  }

  /** Solves {@code l x = b} or {@code u x = b} in place, for a matrix of k columns. */
  static void substitute(
      double[] a, int from, int n, boolean upper, boolean unit, double[] x, int to, int k) {
    for (int step = 0; step < n; step++) {
      int i = upper ? n - 1 - step : step;
      int row = to + i * k;
      for (int j = upper ? i + 1 : 0; j < (upper ? n : i); j++) {
        double factor = a[from + i * n + j];
        for (int c = 0; c < k; c++) {
          x[row + c] -= factor * x[to + j * k + c];
        }
      }
      for (int c = 0; c < k && !unit; c++) {
        x[row + c] /= a[from + i * (n + 1)];
      }
    }
  }
}
