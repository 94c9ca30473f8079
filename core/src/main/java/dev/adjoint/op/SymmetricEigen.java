package dev.adjoint.op;

import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.Supplier;

/**
 * Computes the eigenvalues and eigenvectors of symmetric matrices of shape (..., n, n), packed as
 * (..., n + 1, n): one row of values above the matrix of vectors.
 */
enum SymmetricEigen implements Primitive.Broadcasting {
  EIGH;

  @Override
  public Tensor forward(Tensor... x) {
    int n = x[0].size(-1);
    MatrixBatch.requireFinite("eigh", x[0]);
    return MatrixBatch.map(
        "eigh",
        x[0],
        n + 1,
        n,
        20L * n * n * n,
        (in, from, out, to) -> Jacobi.decompose(in, from, n, out, to));
  }

  /**
   * V (diag(g of values) + F * (VT g of vectors)) VT with F_ij = 1 / (value_j - value_i) (Giles
   * 2008, "An extended collection of matrix derivative results", 3.1). Where values are equal to
   * rounding, F is taken for 0 if nothing multiplies it.
   */
  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    int n = x[0].size(-1);
    if (n == 0) {
      return Tensors.zeros(x[0].shape(), g.dtype());
    }
    Tensor values = y.slice(-2, 0, 1); // (..., 1, n)
    Tensor vectors = y.slice(-2, 1, n + 1);
    Tensor gValues = g.slice(-2, 0, 1).squeeze(-2);
    Tensor gVectors = g.slice(-2, 1, n + 1);
    Tensor turned = vectors.transpose();
    Tensor coupling = turned.matmul(gVectors);
    Tensor quotient =
        divide(
            others(coupling),
            values.minus(values.transpose()),
            largest(values).times(4),
            largest(coupling).times(16),
            () ->
                ("eigh: the gradient of a function of the vectors of %s is undefined where values"
                        + " are equal, since their vectors are not unique; expected distinct"
                        + " values, or matrixFunction(a, f) for a function of the matrix")
                    .formatted(x[0].shape()));
    Tensor inner = Linalg.diagEmbed(gValues).plus(quotient);
    return Linalg.symmetric(vectors.matmul(inner).matmul(turned));
  }

  /** Returns square matrices with zeros on their diagonals. */
  static Tensor others(Tensor x) {
    return x.times(Tensors.eye(x.size(-1), x.dtype()).neg().plus(1));
  }

  /** Returns the largest magnitude in each matrix, of shape (..., 1, 1). */
  static Tensor largest(Tensor x) {
    return x.untracked().abs().max(Keep.AXES, -2, -1);
  }

  /**
   * Returns x / by, or 0 where both are 0 to rounding.
   *
   * @param bySize divisors up to so many epsilons are 0, and {@code size} the same of x
   * @throws IllegalStateException if only the divisor is 0
   */
  static Tensor divide(Tensor x, Tensor by, Tensor bySize, Tensor size, Supplier<String> message) {
    double epsilon = by.dtype().epsilon();
    Tensor zero = by.untracked().abs().lessEqual(bySize.times(epsilon));
    Tensor undefined = x.untracked().abs().greater(size.times(epsilon)).times(zero);
    if (Engine.isAnywhere(undefined)) {
      throw new IllegalStateException(message.get());
    }
    Tensor inverse = Where.where(zero, Tensor.scalar(0, by.dtype()), by.plus(zero).reciprocal());
    return x.times(inverse);
  }
}
