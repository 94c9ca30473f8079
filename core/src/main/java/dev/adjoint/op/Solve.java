package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Computes the x with {@code a x = b}, from a of shape (..., n, n), which may be triangular, and b
 * of shape (..., n, k). Leading axes are broadcast; each matrix a is decomposed once.
 */
enum Solve implements Primitive {
  GENERAL,
  LOWER,
  UPPER,
  UNIT_LOWER,
  UNIT_UPPER;

  /** Returns the kind of triangles that are read: of a unit triangle the diagonal is not. */
  static Solve triangular(boolean upper, boolean unit) {
    return upper ? unit ? UNIT_UPPER : UPPER : unit ? UNIT_LOWER : LOWER;
  }

  private boolean isUnit() {
    return this == UNIT_LOWER || this == UNIT_UPPER;
  }

  private boolean isUpper() {
    return this == UPPER || this == UNIT_UPPER;
  }

  /** Returns the inverses of matrices, for an operation that refuses singular ones. */
  static Tensor inverse(String operation, Tensor a) {
    Tensor one = Tensors.eye(a.size(-1), a.dtype());
    return MatrixBatch.named(operation, () -> Recorder.apply(GENERAL, a, one));
  }

  @Override
  public Tensor forward(Tensor... x) {
    String operation = this == GENERAL ? "solve" : "solveTriangular";
    Shape matrices = x[0].shape();
    int n = x[1].size(-2);
    int k = x[1].size(-1);
    Shape batch =
        Shape.broadcast(operation, MatMul.leading(matrices), MatMul.leading(x[1].shape()));
    Shape shape = MatMul.matrices(batch, n, k);
    double[] a = x[0].untracked().toDoubleArray();
    double[] y = x[1].untracked().expand(shape).toDoubleArray();
    int[] order = new int[a.length / Math.max(1, n)];
    long work = (long) n * n;
    MatrixBatch.each(operation, matrices, work * n, m -> decompose(a, m * n * n, n, order, m * n));
    int[] starts = MatMul.batched(Engine.tensor(a, DType.FLOAT64, matrices), batch).starts();
    MatrixBatch.each(
        operation, shape, work * k, m -> solve(a, starts[m], n, order, y, m * n * k, k));
    return Engine.tensor(y, DType.FLOAT64, shape).to(x[1].dtype());
  }

  private void decompose(double[] a, int from, int n, int[] order, int first) {
    if (this == GENERAL) {
      LU.decompose(a, from, n, order, first);
    }
    if (!isUnit()) {
      LU.requireInvertible(a, from, n);
    }
  }

  private void solve(double[] a, int from, int n, int[] order, double[] y, int to, int k) {
    if (this != GENERAL) {
      LU.substitute(a, from, n, isUpper(), isUnit(), y, to, k);
      return;
    }
    double[] b = Buffers.uninitializedDoubles(n * k);
    System.arraycopy(y, to, b, 0, n * k);
    for (int i = 0; i < n; i++) {
      System.arraycopy(b, order[from / n + i] * k, y, to + i * k, k);
    }
    LU.substitute(a, from, n, false, true, y, to, k);
    LU.substitute(a, from, n, true, false, y, to, k);
  }

  /** {@code a^-T g} for b, and {@code -a^-T g xT}, of what was read of a, for a. */
  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    Solve transposed = this == GENERAL ? GENERAL : Solve.triangular(!isUpper(), isUnit());
    Tensor b = Recorder.apply(transposed, x[0].transpose(), g);
    return input == 1 ? b : read(b.matmul(y.transpose()).neg());
  }

  /** Returns what is read of a matrix; the rest is 0. */
  private Tensor read(Tensor a) {
    return switch (this) {
      case GENERAL -> a;
      case LOWER -> Linalg.tril(a, 0);
      case UPPER -> Linalg.triu(a, 0);
      case UNIT_LOWER -> Linalg.tril(a, -1);
      case UNIT_UPPER -> Linalg.triu(a, 1);
    };
  }
}
