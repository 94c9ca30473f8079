package dev.adjoint.op;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Computes pseudoinverses, of shape (..., n, m), of matrices of shape (..., m, n).
 *
 * @param tolerance singular values up to this times the largest count as 0
 */
record PseudoInverse(double tolerance) implements Primitive.Broadcasting {

  @Override
  public String name() {
    return "pinv";
  }

  @Override
  public Tensor forward(Tensor... x) {
    Tensor a = x[0].untracked().to(DType.FLOAT64);
    Linalg.Svd svd = MatrixBatch.named("pinv", () -> Linalg.svd(a));
    Tensor s = svd.s().unsqueeze(-2); // (..., 1, k)
    if (s.size() == 0) {
      return Tensors.zeros(x[0].transpose().shape(), x[0].dtype());
    }
    Tensor large = s.greater(SymmetricEigen.largest(s).times(tolerance));
    Tensor inverse = Where.where(large, s.reciprocal(), Tensor.scalar(0, DType.FLOAT64));
    return svd.vh().transpose().times(inverse).matmul(svd.u().transpose()).to(x[0].dtype());
  }

  /**
   * {@code -yT g yT + (1 - a y) gT y yT + yT y gT (1 - y a)}, at constant rank (Golub and Pereyra
   * 1973, "The differentiation of pseudo-inverses and nonlinear least squares problems").
   */
  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    Tensor a = x[0];
    Tensor turned = y.transpose();
    Tensor right = g.transpose().matmul(y).matmul(turned);
    Tensor left = turned.matmul(y).matmul(g.transpose());
    return right
        .minus(a.matmul(y.matmul(right)))
        .plus(left.minus(left.matmul(y).matmul(a)))
        .minus(turned.matmul(g).matmul(turned));
  }
}
