package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;

/**
 * Computes inverse square roots of symmetric matrices of shape (..., n, n), and what their
 * gradients of every order are made of.
 *
 * <p>Composed of eigenvectors, a gradient would divide by differences of eigenvalues, and be wrong
 * where these are equal; but the root is smooth there. Differentiating {@code r r = a^-1} leads to
 * a Lyapunov equation instead, whose solution divides by sums of roots.
 */
enum SymmetricRoot implements Primitive {
  /** The symmetric r with r r a = 1, from a. */
  INVERSE_SQRT {
    @Override
    public Tensor forward(Tensor... x) {
      Linalg.Eigh eigen = eigh(x[0]);
      requirePositive(eigen.values(), x[0]);
      Tensor v = eigen.vectors();
      Tensor scaled = v.times(eigen.values().rsqrt().unsqueeze(-2));
      return scaled.matmul(v.transpose()).to(x[0].dtype());
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      Tensor inverse = y.matmul(y);
      Tensor solution = Recorder.apply(LYAPUNOV, y, g);
      return Linalg.symmetric(inverse.matmul(solution).matmul(inverse)).neg();
    }
  },

  /** The z with r z + z r = b, from a symmetric positive definite r and from b. */
  LYAPUNOV {
    @Override
    public Tensor forward(Tensor... x) {
      Linalg.Eigh eigen = eigh(x[0]);
      Tensor v = eigen.vectors();
      Tensor turned = v.transpose().matmul(x[1].untracked().to(DType.FLOAT64)).matmul(v);
      Tensor sums = eigen.values().unsqueeze(-1).plus(eigen.values().unsqueeze(-2));
      return v.matmul(turned.div(sums)).matmul(v.transpose()).to(x[1].dtype());
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      Tensor solution = Recorder.apply(LYAPUNOV, x[0], g);
      if (input == 1) {
        return solution;
      }
      Tensor z = y.transpose();
      return Linalg.symmetric(solution.matmul(z).plus(z.matmul(solution))).neg();
    }
  };

  /** Decomposes in double precision, unrecorded. */
  private static Linalg.Eigh eigh(Tensor a) {
    Tensor constant = a.untracked().to(DType.FLOAT64);
    return MatrixBatch.named("inverseSqrt", () -> Linalg.eigh(constant));
  }

  private static void requirePositive(Tensor values, Tensor a) {
    Tensor bad = values.greater(0).equal(0);
    if (Engine.isAnywhere(bad)) {
      throw new IllegalArgumentException(
          "inverseSqrt: matrices of shape %s with an eigenvalue of %s; expected positive ones"
              .formatted(a.shape(), values.min().item()));
    }
  }
}
