package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.UnaryOperator;

/**
 * Linear algebra: products of vectors, diagonals and triangles, equations, determinants,
 * decompositions, functions of symmetric matrices.
 *
 * <p>What is of matrices (..., n, n) is computed for each of them, in parallel, in double
 * precision, and rounded for float32. Everything has gradients of every order.
 */
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
    return Recorder.apply(new Diagonal.Embed(n, n), x);
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

  // ---- equations -----------------------------------------------------------------------------

  /**
   * Returns the x with {@code a x = b}, by Gaussian elimination with partial pivoting; as {@code
   * torch.linalg.solve}.
   *
   * @param a of shape (..., n, n)
   * @param b matrices of shape (..., n, k), whose leading axes and those of a are broadcast; or
   *     vectors, of shape (n) or of the shape of a without its last axis
   * @return of the broadcast shape (..., n, k), or of vectors (..., n)
   * @throws IllegalArgumentException if a matrix is singular: a pivot is exactly 0
   */
  public static Tensor solve(Tensor a, Tensor b) {
    requireSquare("solve", a);
    Shape rows = a.shape().reduced(new int[] {a.rank() - 1}, false);
    if (b.rank() == 1 || b.shape().equals(rows)) {
      return solve("solve", Solve.GENERAL, a, b.unsqueeze(-1)).squeeze(-1);
    }
    return solve("solve", Solve.GENERAL, a, b);
  }

  /**
   * Returns the x with {@code a x = b} for triangular a; as {@code torch.linalg.solve_triangular}.
   *
   * @param a of shape (..., n, n); what is not in the triangle is not read
   * @param b of shape (..., n, k); leading axes are broadcast
   * @param upper whether the triangle is above the diagonal, or below it
   * @throws IllegalArgumentException if an element of a diagonal is 0 (in PyTorch, the result is
   *     then infinite or NaN)
   */
  public static Tensor solveTriangular(Tensor a, Tensor b, boolean upper) {
    return solveTriangular(a, b, upper, true, false);
  }

  /**
   * Returns the x with {@code a x = b} or {@code x a = b} for triangular a, as {@link
   * #solveTriangular(Tensor, Tensor, boolean)}.
   *
   * @param b of shape (..., n, k) or, on the other side, (..., k, n)
   * @param left whether a stands on the left of x
   * @param unitriangular whether the diagonal is taken for ones, and not read
   */
  public static Tensor solveTriangular(
      Tensor a, Tensor b, boolean upper, boolean left, boolean unitriangular) {
    requireSquare("solveTriangular", a);
    requireMatrices("solveTriangular", b);
    return left
        ? solve("solveTriangular", Solve.triangular(upper, unitriangular), a, b)
        : solveTriangular(a.transpose(), b.transpose(), !upper, true, unitriangular).transpose();
  }

  private static Tensor solve(String operation, Solve kind, Tensor a, Tensor b) {
    if (b.rank() < 2 || b.size(-2) != a.size(-1)) {
      throw new IllegalArgumentException(
          "%s: matrices of shape %s and right sides of shape %s; expected (..., n, n) and (..., n, k)"
              .formatted(operation, a.shape(), b.shape()));
    }
    return Recorder.apply(kind, Engine.promoted(a, b));
  }

  /**
   * Returns the inverses of matrices. {@link #solve} is faster and more accurate where an inverse
   * would be multiplied with something.
   *
   * @param a of shape (..., n, n)
   * @throws IllegalArgumentException if a matrix is singular: a pivot is exactly 0
   */
  public static Tensor inverse(Tensor a) {
    requireSquare("inverse", a);
    return Solve.inverse("inverse", a);
  }

  /**
   * Returns the x for which the length of {@code a x - b} is least, and of several such x the
   * shortest one: by {@link #qr}, of matrices of full rank.
   *
   * @param a of shape (..., m, n)
   * @param b of shape (..., m, k); leading axes are broadcast
   * @return of shape (..., n, k): what {@code torch.linalg.lstsq} calls the solution
   * @throws IllegalArgumentException if the rank of a is less than m and n, exactly
   */
  public static Tensor lstsq(Tensor a, Tensor b) {
    requireMatrices("lstsq", a);
    if (b.rank() < 2 || b.size(-2) != a.size(-2)) {
      throw new IllegalArgumentException(
          "lstsq: matrices of shape %s and right sides of shape %s; expected (..., m, n) and (..., m, k)"
              .formatted(a.shape(), b.shape()));
    }
    DType dtype = DType.promote(a.dtype(), b.dtype());
    Shape _ = Shape.broadcast("lstsq", MatMul.leading(a.shape()), MatMul.leading(b.shape()));
    Tensor y = b.to(DType.FLOAT64);
    boolean tall = a.size(-2) >= a.size(-1);
    Qr qr = qr(tall ? a.to(DType.FLOAT64) : a.to(DType.FLOAT64).transpose());
    QR.requireFullRank("lstsq", a, qr.r());
    return (tall
            ? solveTriangular(qr.r(), qr.q().transpose().matmul(y), true)
            : qr.q().matmul(solveTriangular(qr.r().transpose(), y, false)))
        .to(dtype);
  }

  /**
   * Returns pseudoinverses, by {@link #svd}; as {@code torch.linalg.pinv}. Singular values up to
   * max(m, n) epsilons of the largest count as 0. The gradient is that at constant rank.
   *
   * @param a of shape (..., m, n)
   * @return of shape (..., n, m)
   * @throws IllegalArgumentException if the matrices are not finite
   */
  public static Tensor pinv(Tensor a) {
    requireMatrices("pinv", a);
    double tolerance = Math.max(a.size(-2), a.size(-1)) * a.dtype().epsilon();
    return Recorder.apply(new PseudoInverse(tolerance), a);
  }

  /**
   * Returns products of a matrix with itself, as {@code torch.linalg.matrix_power}.
   *
   * @param a of shape (..., n, n)
   * @param power how many factors; 0 gives the identity, a negative number inverses
   */
  public static Tensor matrixPower(Tensor a, int power) {
    requireSquare("matrixPower", a);
    return power < 0 ? product(Solve.inverse("matrixPower", a), -(long) power) : product(a, power);
  }

  private static Tensor product(Tensor a, long power) {
    Tensor result = Tensors.eye(a.size(-1), a.dtype()).expand(a.shape());
    Tensor square = a;
    for (long rest = power; rest > 0; rest >>= 1) {
      result = (rest & 1) == 1 ? result.matmul(square) : result;
      square = rest > 1 ? square.matmul(square) : square;
    }
    return result;
  }

  // ---- determinants --------------------------------------------------------------------------

  /**
   * Returns determinants. The gradients, of every order, are right for singular matrices too; they
   * take a singular value decomposition, where those of {@link #slogdet} take an inverse.
   *
   * @param a of shape (..., n, n)
   * @return of shape (...)
   */
  public static Tensor det(Tensor a) {
    requireSquare("det", a);
    return Recorder.apply(Determinant.Value.DET, a).squeeze(-1).squeeze(-1);
  }

  /**
   * Holds determinants that may be out of the range of numbers.
   *
   * @param sign 1, -1 or, of a singular matrix, 0; a constant
   * @param logabsdet the logarithm of the magnitude
   */
  public record Slogdet(Tensor sign, Tensor logabsdet) {}

  /**
   * Returns signs and logarithms of determinants, as {@code torch.linalg.slogdet}. The gradient is
   * the transposed inverse, and a backward pass throws where there is none.
   *
   * @param a of shape (..., n, n)
   */
  public static Slogdet slogdet(Tensor a) {
    requireSquare("slogdet", a);
    Tensor packed = Recorder.apply(Determinant.Value.SLOGDET, a).squeeze(-2);
    return new Slogdet(packed.select(-1, 0).untracked(), packed.select(-1, 1));
  }

  /**
   * Returns logarithms of determinants, as {@code torch.logdet}: NaN of negative ones, and
   * -infinity of 0. Its gradient is that of {@link #slogdet}.
   *
   * @param a of shape (..., n, n)
   * @return of shape (...)
   */
  public static Tensor logdet(Tensor a) {
    requireSquare("logdet", a);
    Slogdet parts = slogdet(a);
    return parts.logabsdet().plus(parts.sign().log());
  }

  // ---- decompositions ------------------------------------------------------------------------

  /**
   * Returns the lower triangular l with {@code l lT = a} of symmetric positive definite matrices.
   * Each matrix is first made symmetric as {@code (a + aT) / 2}, so that the gradient is symmetric
   * too (PyTorch reads the lower triangle only).
   *
   * @param a of shape (..., n, n)
   * @throws IllegalArgumentException if a matrix is not positive definite
   */
  public static Tensor cholesky(Tensor a) {
    requireSquare("cholesky", a);
    return Recorder.apply(Cholesky.CHOLESKY, symmetric(a));
  }

  /**
   * Holds orthonormal columns and upper triangles.
   *
   * @param q of shape (..., m, k), with k = min(m, n)
   * @param r of shape (..., k, n), with a diagonal that is not negative
   */
  public record Qr(Tensor q, Tensor r) {}

  /**
   * Returns the reduced decomposition {@code a = q r} by Householder's reflections. The diagonal of
   * r is not negative, so that the decomposition of a matrix of full rank is unique; PyTorch leaves
   * its signs open.
   *
   * <p>A backward pass throws an {@link IllegalStateException} if one of the first k columns
   * depends on those before it, since q is not unique then.
   *
   * @param a of shape (..., m, n)
   */
  public static Qr qr(Tensor a) {
    requireMatrices("qr", a);
    int m = a.size(-2);
    int n = a.size(-1);
    if (m < n) {
      Tensor x = a.to(DType.FLOAT64);
      Qr first = qr(x.slice(-1, 0, m));
      Tensor rest = first.q().transpose().matmul(x.slice(-1, m, n));
      return new Qr(first.q().to(a.dtype()), Joining.concat(-1, first.r(), rest).to(a.dtype()));
    }
    Tensor packed = Recorder.apply(new QR(), a);
    return new Qr(packed.slice(-2, 0, m), packed.slice(-2, m, m + n));
  }

  /**
   * Holds singular values and vectors.
   *
   * @param u of shape (..., m, k), with k = min(m, n): orthonormal columns
   * @param s of shape (..., k), descending, none negative
   * @param vh of shape (..., k, n): orthonormal rows
   */
  public record Svd(Tensor u, Tensor s, Tensor vh) {}

  /**
   * Returns the reduced singular value decomposition {@code a = u diag(s) vh}, as {@code
   * torch.linalg.svd(a, full_matrices=False)}: by Jacobi's one-sided method. So {@code
   * svd(a).s().sum(-1)} is the nuclear norm, and {@code svd(a).s().max(-1)} the spectral one.
   *
   * <p>The first of the components of largest magnitude of each column of u is positive or, if m
   * {@literal <} n, of each row of vh.
   *
   * <p>The gradient through the values is right for distinct values, and for equal ones of a
   * function that treats them alike, such as their sum. That through the vectors divides by
   * differences of values and by values, and a backward pass throws an {@link
   * IllegalStateException} where these are 0 to rounding, for the vectors are not unique then. A
   * function of the matrix may still have a gradient: that of {@code u vh} is {@code
   * a.matmul(inverseSqrt(aT a))}.
   *
   * @param a of shape (..., m, n)
   * @throws IllegalArgumentException if the matrices are not finite
   */
  public static Svd svd(Tensor a) {
    requireMatrices("svd", a);
    int m = a.size(-2);
    int n = a.size(-1);
    if (m < n) {
      Svd tall = svd(a.transpose());
      return new Svd(tall.vh().transpose(), tall.s(), tall.u().transpose());
    }
    Tensor packed = Recorder.apply(new SVD(), a);
    return new Svd(
        packed.slice(-2, 0, m),
        packed.slice(-2, m, m + 1).squeeze(-2),
        packed.slice(-2, m + 1, m + 1 + n).transpose());
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
   * VT}; so {@code matrixFunction(a, Tensor::exp)} is the exponential of a, and {@code Tensor::log}
   * and {@code Tensor::sqrt} give its logarithm and its root. Each matrix is first made symmetric
   * as {@code (a + aT) / 2}.
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
}
