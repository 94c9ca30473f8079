package dev.adjoint.autodiff;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.op.GrowingTensor;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Lanczos' method: a basis of the vectors q, Hq, HHq, ..., in which the matrix is tridiagonal, and
 * the eigenvalues at the ends of the spectrum soon are those of the whole (Golub and Van Loan,
 * "Matrix Computations", chapter 10). Each vector is made orthogonal to all before, twice: with
 * rounding, the recurrence alone finds the same eigenvalue again and again.
 */
final class Lanczos {

  /** So many products from one look at the eigenvalues to the next. */
  private static final int STRIDE = 5;

  private final Hessian matrix;
  private final Generator generator;
  private final int n;
  private final List<Double> diagonal = new ArrayList<>();
  private final List<Double> beside = new ArrayList<>(); // 0 where a new start was needed

  Lanczos(Hessian matrix, Generator generator) {
    this.matrix = matrix;
    this.generator = generator;
    this.n = matrix.size();
  }

  Hessian.Eigenpairs largest(int k, double tolerance, int products) {
    if (k < 1 || k > n || products < k || !(tolerance >= 0)) {
      throw new IllegalArgumentException(
          "largest: %d eigenvalues with tolerance %s by %d products for %d elements; expected 1 to %d by as many products at least"
              .formatted(k, tolerance, products, n, n));
    }
    return Autodiff.noGrad(() -> run(k, tolerance, Math.min(n, products)));
  }

  private Hessian.Eigenpairs run(int k, double tolerance, int most) {
    GrowingTensor vectors = new GrowingTensor("largest", 0, most);
    Tensor q = start(null);
    for (int count = 1; ; count++) {
      Tensor basis = vectors.append(q.unsqueeze(0));
      Tensor w = matrix.times(q);
      double along = q.times(w).sum().item();
      if (!Double.isFinite(along)) {
        throw new IllegalStateException(
            "largest: the product of the hessian and a vector is not finite; expected a function"
                + " with finite second derivatives at this point");
      }
      diagonal.add(along);
      w = orthogonal(w, basis);
      double length = w.norm(2).item();
      if (count == most || count >= k && count % STRIDE == 0) {
        Hessian.Eigenpairs found = pairs(k, tolerance, count == n ? 0 : length, basis);
        if (found.isConverged() || count == most) {
          return found;
        }
      }
      boolean isClosed = length <= 8 * matrix.epsilon() * scale(); // what is left is rounding
      beside.add(isClosed ? 0 : length);
      q = isClosed ? start(basis) : w.div(length);
    }
  }

  /** Returns a random vector of length 1 that is orthogonal to those before. */
  private Tensor start(@Nullable Tensor basis) {
    Tensor random = generator.normal(0, 1, Shape.of(n), DType.FLOAT64);
    Tensor rest = basis == null ? random : orthogonal(random, basis);
    return rest.div(rest.norm(2));
  }

  private static Tensor orthogonal(Tensor w, Tensor basis) {
    Tensor once = w.minus(basis.matmul(w).matmul(basis));
    return once.minus(basis.matmul(once).matmul(basis));
  }

  private double scale() {
    return IntStream.range(0, diagonal.size())
        .mapToDouble(i -> Math.abs(diagonal.get(i)) + (i == 0 ? 0 : beside.get(i - 1)))
        .max()
        .orElse(0);
  }

  private Hessian.Eigenpairs pairs(int k, double tolerance, double length, Tensor basis) {
    int m = diagonal.size();
    double[] elements = Buffers.zeroedDoubles(m * m);
    for (int i = 0; i < m; i++) {
      elements[i * m + i] = diagonal.get(i);
      if (i > 0) {
        elements[i * m + i - 1] = elements[(i - 1) * m + i] = beside.get(i - 1);
      }
    }
    Linalg.Eigh eigen = Linalg.eigh(Tensor.of(elements, m, m));
    Tensor values = eigen.values().slice(0, m - k, m).flip(0);
    Tensor small = eigen.vectors().slice(1, m - k, m).flip(1); // (m, k)
    Tensor residuals = small.select(0, m - 1).abs().times(length);
    double allowed = tolerance * eigen.values().abs().max().item();
    Tensor whole = small.transpose().matmul(basis);
    return new Hessian.Eigenpairs(
        values,
        IntStream.range(0, k).mapToObj(i -> matrix.split(whole.select(0, i))).toList(),
        residuals,
        m,
        residuals.max().item() <= allowed);
  }
}
