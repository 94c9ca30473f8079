package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/** Linear algebra: products of vectors, diagonals, triangles, eigenvectors, roots. */
public final class Linalg {

  private Linalg() {}

  /**
   * Returns all products of the elements of two vectors.
   *
   * @param a of shape (m)
   * @param b of shape (n)
   * @return of shape (m, n)
   */
  public static Tensor outer(Tensor a, Tensor b) {
    if (a.rank() != 1 || b.rank() != 1) {
      throw new IllegalArgumentException(
          "outer: shapes %s and %s; expected one axis each".formatted(a.shape(), b.shape()));
    }
    return a.unsqueeze(1).times(b);
  }

  /**
   * Returns the diagonals of matrices: a view.
   *
   * @param x of shape (..., m, n)
   * @return of shape (..., min(m, n))
   */
  public static Tensor diagonal(Tensor x) {
    requireMatrices("diagonal", x);
    return Recorder.apply(Diagonal.DIAGONAL, x);
  }

  /**
   * Returns diagonal matrices.
   *
   * @param x of shape (..., n)
   * @return of shape (..., n, n)
   */
  public static Tensor diagEmbed(Tensor x) {
    int n = x.shape().size(x.shape().axis("diagEmbed", -1));
    return Recorder.apply(new DiagonalEmbed(n, n), x);
  }

  /**
   * Returns matrices with zeros below a diagonal.
   *
   * @param x of shape (..., m, n)
   * @param diagonal 0 is the main one, 1 the one above it, and so on
   */
  public static Tensor triu(Tensor x, int diagonal) {
    requireMatrices("triu", x);
    return Where.where(
        columns(x).greaterEqual(diagonal(x, diagonal)), x, Tensor.scalar(0, x.dtype()));
  }

  /**
   * Returns matrices with zeros above a diagonal.
   *
   * @param x of shape (..., m, n)
   * @param diagonal 0 is the main one, 1 the one above it, and so on
   */
  public static Tensor tril(Tensor x, int diagonal) {
    requireMatrices("tril", x);
    return Where.where(columns(x).lessEqual(diagonal(x, diagonal)), x, Tensor.scalar(0, x.dtype()));
  }

  /** Returns the number of each column, of shape (n); in float32 not all numbers would differ. */
  private static Tensor columns(Tensor x) {
    return Tensors.arange(0, x.size(-1), 1, DType.FLOAT64);
  }

  /** Returns the column where a diagonal crosses each row, of shape (m, 1). */
  private static Tensor diagonal(Tensor x, int diagonal) {
    return Tensors.arange(0, x.size(-2), 1, DType.FLOAT64).plus(diagonal).unsqueeze(1);
  }

  /**
   * Holds the eigenvalues and eigenvectors of symmetric matrices.
   *
   * @param values of shape (..., n), ascending
   * @param vectors of shape (..., n, n): column j belongs to value j
   */
  public record Eigh(Tensor values, Tensor vectors) {}

  /**
   * Returns the eigenvalues and eigenvectors of symmetric matrices. Each matrix is first made
   * symmetric as {@code (a + aT) / 2}, so that the gradient is symmetric too.
   *
   * <p>Vectors have length 1, and the first of their components of largest magnitude is positive.
   * They are computed in double precision, and rounded for float32.
   *
   * <p>The gradient through the values is right for distinct values, and for equal ones of a
   * function that treats them alike, such as their sum. That through the vectors divides by
   * differences of values: it is the less exact the nearer these are, and for values that are equal
   * to rounding, whose vectors are not unique, it is undefined. A backward pass that needs it
   * throws an {@link IllegalStateException}. A function of the matrix, of which vectors and values
   * are only the means, has a gradient there: see {@link #matrixFunction} and {@link #inverseSqrt}.
   *
   * @param a of shape (..., n, n)
   * @throws IllegalArgumentException if the matrices are not square, or not finite
   */
  public static Eigh eigh(Tensor a) {
    requireSquare("eigh", a);
    int n = a.size(-1);
    Tensor packed = Recorder.apply(SymmetricEigen.EIGH, symmetric(a));
    return new Eigh(packed.slice(-2, 0, 1).squeeze(-2), packed.slice(-2, 1, n + 1));
  }

  /**
   * Returns the inverse square roots of symmetric positive definite matrices: the symmetric r with
   * {@code r r a = 1}, which whitens what has the covariance a. Each matrix is first made symmetric
   * as {@code (a + aT) / 2}.
   *
   * <p>Computed by {@link #eigh}, in double precision; but its gradients, of every order, are right
   * for equal eigenvalues too.
   *
   * @param a of shape (..., n, n)
   * @throws IllegalArgumentException if the matrices are not square, not finite, or have an
   *     eigenvalue that is not positive
   */
  public static Tensor inverseSqrt(Tensor a) {
    requireSquare("inverseSqrt", a);
    return Recorder.apply(SymmetricRoot.INVERSE_SQRT, a);
  }

  /**
   * Returns functions of symmetric matrices: with eigenvalues l and vectors V, {@code V diag(f(l))
   * VT}; so {@code matrixFunction(a, Tensor::exp)} is the exponential of a, and {@code
   * matrixFunction(a, Tensor::log)} its logarithm. Each matrix is first made symmetric as {@code (a
   * + aT) / 2}.
   *
   * <p>Computed by {@link #eigh}, in double precision. Its gradients, of every order, are right for
   * equal and nearly equal eigenvalues too, to about ten digits in the first order; each further
   * order takes n times the work.
   *
   * @param a of shape (..., n, n)
   * @param f a smooth elementwise function of a float64 tensor, of constants but for that
   * @throws IllegalArgumentException if the matrices are not square, or not finite, or the function
   *     changes the shape or captures a tracked tensor
   */
  public static Tensor matrixFunction(Tensor a, UnaryOperator<Tensor> f) {
    requireSquare("matrixFunction", a);
    return MatrixFunction.of(f, a);
  }

  /** Returns (x + xT) / 2. */
  static Tensor symmetric(Tensor x) {
    return x.plus(x.transpose()).times(0.5);
  }

  private static void requireSquare(String operation, Tensor x) {
    if (x.rank() < 2 || x.size(-1) != x.size(-2)) {
      throw new IllegalArgumentException(
          "%s: shape %s; expected square matrices (..., n, n)".formatted(operation, x.shape()));
    }
  }

  private static void requireMatrices(String operation, Tensor x) {
    if (x.rank() < 2) {
      throw new IllegalArgumentException(
          "%s: shape %s; expected matrices (..., m, n)".formatted(operation, x.shape()));
    }
  }

  /** Views the diagonal of the last two axes. */
  enum Diagonal implements Primitive {
    DIAGONAL;

    @Override
    public Tensor forward(Tensor... x) {
      int last = x[0].rank() - 2;
      int[] sizes = Arrays.copyOf(x[0].shape().toArray(), last + 1);
      sizes[last] = Math.min(sizes[last], x[0].size(-1));
      int[] strides = Arrays.copyOf(x[0].strides(), last + 1);
      strides[last] += x[0].strides()[last + 1];
      return x[0].view(Shape.of(sizes), strides, x[0].offset());
    }

    @Override
    public Tensor batched(Batch x) {
      return Recorder.apply(this, x.get(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(new DiagonalEmbed(x[0].size(-2), x[0].size(-1)), g);
    }
  }

  /** Places vectors on the diagonals of zero matrices: the adjoint of the diagonal. */
  record DiagonalEmbed(int rows, int columns) implements Primitive {
    @Override
    public String name() {
      return "diagEmbed";
    }

    @Override
    public Tensor forward(Tensor... x) {
      Tensor source = Engine.packed(x[0]);
      int n = source.size(-1);
      int[] sizes = Arrays.copyOf(source.shape().toArray(), source.rank() + 1);
      sizes[source.rank() - 1] = rows;
      sizes[source.rank()] = columns;
      Shape shape = Shape.of(sizes);
      Object in = Engine.array(source);
      Object out = Engine.zeroed(source.dtype(), shape.size());
      for (int i = 0; i < source.size(); i++) {
        int to = i / n * rows * columns + i % n * (columns + 1);
        System.arraycopy(in, source.offset() + i, out, to, 1);
      }
      return Engine.tensor(out, source.dtype(), shape);
    }

    @Override
    public Tensor batched(Batch x) {
      return Recorder.apply(this, x.get(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.apply(Diagonal.DIAGONAL, g);
    }
  }

  /**
   * Computes the eigenvalues and eigenvectors of symmetric matrices of shape (..., n, n), packed as
   * (..., n + 1, n): one row of values above the matrix of vectors.
   */
  enum SymmetricEigen implements Primitive {
    EIGH;

    @Override
    public Tensor forward(Tensor... x) {
      DType dtype = x[0].dtype();
      Tensor source = Engine.packed(x[0].untracked().to(DType.FLOAT64));
      int n = source.size(-1);
      int matrices = n == 0 ? 0 : source.size() / (n * n);
      double[] in = (double[]) Engine.array(source);
      checkFinite(in, source);
      Shape shape = source.shape().with(-2, n + 1);
      double[] out = (double[]) Engine.uninitialized(DType.FLOAT64, shape.size());
      Parallel.run(
          matrices,
          20L * matrices * n * n * n,
          m -> Jacobi.decompose(in, source.offset() + m * n * n, n, out, m * (n + 1) * n));
      return Engine.tensor(out, DType.FLOAT64, shape).to(dtype);
    }

    @Override
    public Tensor batched(Batch x) {
      return Recorder.apply(this, x.get(0));
    }

    private static void checkFinite(double[] values, Tensor source) {
      for (int i = 0; i < source.size(); i++) {
        double value = values[source.offset() + i];
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException(
              "eigh: element %s of shape %s is %s; expected finite numbers"
                  .formatted(Arrays.toString(source.shape().unravel(i)), source.shape(), value));
        }
      }
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
      Tensor gap = values.minus(values.transpose());
      Tensor largest = values.untracked().abs().max(Keep.AXES, -1);
      Tensor equal = gap.untracked().abs().lessEqual(largest.times(4 * gap.dtype().epsilon()));
      Tensor f = Where.where(equal, Tensor.scalar(0, gap.dtype()), gap.plus(equal).reciprocal());
      Tensor turned = vectors.transpose();
      Tensor coupling = turned.matmul(gVectors);
      requireUncoupled(coupling.untracked(), equal, x[0]);
      Tensor inner = diagEmbed(gValues).plus(f.times(coupling));
      return symmetric(vectors.matmul(inner).matmul(turned));
    }

    /** Throws if a cotangent turns vectors of equal values into one another, beyond rounding. */
    private static void requireUncoupled(Tensor coupling, Tensor equal, Tensor a) {
      Tensor magnitude = coupling.abs();
      Tensor noise = magnitude.max(Keep.AXES, -2, -1).times(16 * coupling.dtype().epsilon());
      Tensor others = Tensors.eye(a.size(-1), equal.dtype()).neg().plus(1);
      if (Engine.isAnywhere(magnitude.times(equal.times(others)).greater(noise))) {
        throw new IllegalStateException(
            ("eigh: the gradient of a function of the vectors of %s is undefined where values are"
                    + " equal, since their vectors are not unique; expected distinct values, or"
                    + " matrixFunction(a, f) for a function of the matrix")
                .formatted(a.shape()));
      }
    }
  }
}
