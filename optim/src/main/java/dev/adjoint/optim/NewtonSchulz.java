package dev.adjoint.optim;

import dev.adjoint.tensor.Tensor;

/** Makes matrices roughly orthogonal: those with the same singular vectors, and values near 1. */
final class NewtonSchulz {

  // Jordan's quintic: steep at 0, so that small singular values grow fast, at the price of values
  // that end between 0.7 and 1.2 instead of at 1.
  private static final double A = 3.4445;
  private static final double B = -4.7750;
  private static final double C = 2.0315;

  private NewtonSchulz() {}

  /**
   * Iterates {@code x = A x + B (x x') x + C (x x')^2 x}.
   *
   * @param epsilon the least norm by which the matrix is divided before
   */
  static Tensor orthogonalized(Tensor matrix, int iterations, double epsilon) {
    boolean tall = matrix.size(0) > matrix.size(1);
    Tensor wide = tall ? matrix.transpose() : matrix; // of which x x' is the smaller product
    Tensor x = wide.div(Math.max(wide.norm(2).item(), epsilon));
    for (int i = 0; i < iterations; i++) {
      Tensor gram = x.matmul(x.transpose());
      Tensor even = gram.times(B).plus(gram.matmul(gram).times(C));
      x = x.times(A).plus(even.matmul(x));
    }
    return tall ? x.transpose() : x;
  }
}
