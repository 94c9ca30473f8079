package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static dev.adjoint.tensor.DType.FLOAT32;
import static dev.adjoint.tensor.DType.FLOAT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Linalg.Qr;
import dev.adjoint.op.Linalg.Svd;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Equations, determinants and decompositions of {@link Linalg}, beyond {@link DecompositionRows}.
 */
class DecompositionTest {

  private static final double[] SCALES = {1, 1e-150, 1e150, 1e-300, 1e300};

  // ---- accuracy ------------------------------------------------------------------------------

  @Test
  void factorsGiveTheMatrixBackAtEveryScale() {
    for (int[] sizes : new int[][] {{1, 1}, {3, 3}, {7, 4}, {4, 7}, {30, 30}, {40, 1}, {1, 9}}) {
      Tensor a = normal(sizes[0], 2, sizes[0], sizes[1]);
      for (double scale : SCALES) {
        Tensor scaled = a.times(scale);
        Qr qr = Linalg.qr(scaled);
        assertClose("q r", qr.q().matmul(qr.r().div(scale)), a, 1e-13);
        assertOrthonormal(qr.q());
        assertThat(Linalg.diagonal(qr.r()).less(0).any().item()).isZero();
        assertThat(Linalg.tril(qr.r(), -1).equal(0).all().item()).isOne();
        Svd svd = Linalg.svd(scaled);
        Tensor s = svd.s().div(scale);
        assertClose("u s vh", svd.u().times(s.unsqueeze(-2)).matmul(svd.vh()), a, 1e-13);
        assertOrthonormal(svd.u());
        assertOrthonormal(svd.vh().transpose());
        assertDescending(svd.s());
      }
    }
  }

  @Test
  void triangularFactorsAndSolutionsAreRightAtEveryScale() {
    Tensor x = normal(3, 2, 12, 15);
    Tensor a = x.matmul(x.transpose());
    Tensor b = normal(4, 2, 12, 3);
    for (double scale : SCALES) {
      Tensor scaled = a.times(scale);
      Tensor l = Linalg.cholesky(scaled).div(Math.sqrt(scale));
      assertClose("l lT", l.matmul(l.transpose()), a, 1e-13);
      assertThat(Linalg.triu(l, 1).equal(0).all().item()).isOne();
      Tensor solution = Linalg.solve(scaled, b.times(scale));
      assertClose("a x", a.matmul(solution), b, 1e-11);
      assertClose(
          "log", Linalg.logdet(scaled).minus(12 * Math.log(scale)), Linalg.logdet(a), 1e-11);
    }
  }

  @Test
  void rankAndOrthogonalityOfDeficientMatrices() {
    Tensor x = normal(5, 6, 2);
    for (Tensor a :
        List.of(
            Tensors.zeros(Shape.of(5, 3), FLOAT64),
            Tensors.ones(Shape.of(4, 4), FLOAT64),
            x.matmul(x.transpose()),
            Joining.concat(1, x, Tensors.zeros(Shape.of(6, 2), FLOAT64)),
            Linalg.diagEmbed(Tensor.of(1e-200, -1e100, 3, 0, 1e100)))) {
      Svd svd = Linalg.svd(a);
      assertOrthonormal(svd.u());
      assertOrthonormal(svd.vh().transpose());
      assertOrthonormal(Linalg.qr(a).q());
      double scale = Math.max(1, a.abs().max().item());
      Tensor s = svd.s().div(scale);
      assertClose("u s vh", svd.u().times(s.unsqueeze(-2)).matmul(svd.vh()), a.div(scale), 1e-14);
    }
    assertThat(Linalg.svd(x.matmul(x.transpose())).s().slice(0, 2, 6).max().item())
        .isLessThan(1e-14);
  }

  @Test
  void smallSingularValuesAreAccurateToo() {
    // Columns of very different lengths, on both sides of a rotation: one-sided Jacobi keeps digits
    // that a method by bidiagonal form would lose.
    Tensor q = Linalg.qr(normal(6, 4, 4)).q();
    Tensor a = q.times(Tensor.of(1, 1e-20, 1e-40, 1e-60));
    assertClose("s", Linalg.svd(a).s().div(Tensor.of(1, 1e-20, 1e-40, 1e-60)), ones(4), 1e-14);
  }

  @Test
  void hilbertsMatrixIsSolvedAsFarAsItCanBe() {
    // The inverse has whole numbers; its condition is 1e13 at n = 9.
    int n = 9;
    Tensor i = Tensors.arange(1, n + 1, 1, FLOAT64);
    Tensor a = i.unsqueeze(1).plus(i).minus(1).reciprocal();
    Tensor x = ones(n);
    Tensor b = a.matmul(x);
    assertClose("residual", a.matmul(Linalg.solve(a, b)), b, 1e-15);
    Tensor l = Linalg.cholesky(a);
    assertClose("l lT", l.matmul(l.transpose()), a, 1e-15);
    Qr qr = Linalg.qr(a);
    assertClose("q r", qr.q().matmul(qr.r()), a, 1e-15);
    assertOrthonormal(qr.q());
    // 1 / det is a whole number of 42 digits.
    assertThat(Linalg.logdet(a).item()).isCloseTo(-Math.log(1.028781784378570e42), within(1e-5));
    assertClose("lstsq", a.matmul(Linalg.lstsq(a, b.unsqueeze(1))), b.unsqueeze(1), 1e-14);
  }

  @Test
  void aDeterminantIsInRangeWhereItsFactorsAreNot() {
    Tensor a = Linalg.diagEmbed(Tensor.of(1e200, 1e200, 1e-200, 1e-200));
    assertThat(Linalg.det(a).item()).isEqualTo(1, within(1e-14));
    assertThat(Linalg.det(a.times(1e100)).item()).isInfinite();
    assertThat(Linalg.slogdet(a.times(1e100)).logabsdet().item()).isFinite();
    Tensor turned = Tensor.of(new double[][] {{0, 2}, {3, 0}});
    assertThat(Linalg.det(turned).item()).isEqualTo(-6);
    assertThat(Linalg.slogdet(turned).sign().item()).isEqualTo(-1);
    assertThat(Linalg.logdet(turned).item()).isNaN();
    Tensor singular = Tensors.ones(Shape.of(3, 3), FLOAT64);
    assertThat(Linalg.det(singular).item()).isZero();
    assertThat(Linalg.slogdet(singular).sign().item()).isZero();
    assertThat(Linalg.logdet(singular).item()).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void emptyMatricesHaveEmptyFactors() {
    Tensor none = Tensors.zeros(3, 0, 0);
    assertThat(Linalg.det(none).toDoubleArray()).containsExactly(1, 1, 1);
    assertThat(Linalg.logdet(none).toDoubleArray()).containsExactly(0, 0, 0);
    assertThat(Linalg.inverse(none).shape()).isEqualTo(none.shape());
    assertThat(Linalg.cholesky(none).shape()).isEqualTo(none.shape());
    assertThat(Linalg.matrixPower(none, -1).shape()).isEqualTo(none.shape());
    assertThat(Linalg.solve(none, Tensors.zeros(3, 0, 2)).shape()).isEqualTo(Shape.of(3, 0, 2));
    Svd svd = Linalg.svd(Tensors.zeros(2, 5, 0));
    assertThat(svd.u().shape()).isEqualTo(Shape.of(2, 5, 0));
    assertThat(svd.vh().shape()).isEqualTo(Shape.of(2, 0, 0));
    Qr qr = Linalg.qr(Tensors.zeros(2, 0, 5));
    assertThat(qr.q().shape()).isEqualTo(Shape.of(2, 0, 0));
    assertThat(qr.r().shape()).isEqualTo(Shape.of(2, 0, 5));
    assertThat(Linalg.lstsq(Tensors.zeros(0, 4), Tensors.zeros(0, 2)).shape())
        .isEqualTo(Shape.of(4, 2));
  }

  // ---- conventions ---------------------------------------------------------------------------

  @Test
  void rightSidesAreVectorsWherePyTorchTakesThemForVectors() {
    Tensor a = normal(7, 2, 3, 3);
    Tensor vectors = normal(8, 2, 3);
    Tensor matrices = vectors.unsqueeze(-1);
    Tensor expected = Linalg.solve(a, matrices).squeeze(-1);
    assertClose("batch of vectors", Linalg.solve(a, vectors), expected, 0);
    assertThat(Linalg.solve(a, normal(9, 3)).shape()).isEqualTo(Shape.of(2, 3));
    assertThat(Linalg.solve(a, normal(9, 3, 4)).shape()).isEqualTo(Shape.of(2, 3, 4));
    assertThat(Linalg.solve(a.select(0, 0), normal(9, 5, 3, 4)).shape())
        .isEqualTo(Shape.of(5, 3, 4));
    assertThat(Linalg.solve(a.unsqueeze(1), normal(9, 5, 3, 4)).shape())
        .isEqualTo(Shape.of(2, 5, 3, 4));
    assertThat(Linalg.solve(a.to(FLOAT32), vectors).dtype()).isEqualTo(FLOAT64);
  }

  @Test
  void leastSquaresOfAWideMatrixAreTheShortestSolution() {
    Tensor a = normal(10, 2, 5);
    Tensor x = Linalg.lstsq(a, normal(11, 2, 1));
    assertClose("a x", a.matmul(x), normal(11, 2, 1), 1e-14);
    // The shortest has no part that a does not see.
    Tensor seen = Linalg.lstsq(a.transpose(), x);
    assertClose("in the span of the rows", a.transpose().matmul(seen), x, 1e-14);
  }

  @Test
  void theLargestComponentOfTheLongerVectorIsPositive() {
    Svd tall = Linalg.svd(normal(12, 6, 4));
    Svd wide = Linalg.svd(normal(12, 6, 4).transpose());
    for (Tensor vectors : List.of(tall.u(), wide.vh().transpose())) {
      assertClose("positive", vectors.max(0), vectors.abs().max(0), 0);
    }
  }

  @Test
  void floatsAreComputedInDoubleAndRounded() {
    Tensor a = normal(13, 6, 4).to(FLOAT32);
    Tensor wide = a.to(FLOAT64);
    assertThat(Linalg.svd(a.transpose()).u().toFloatArray())
        .isEqualTo(Linalg.svd(wide.transpose()).u().toFloatArray());
    assertThat(Linalg.qr(a.transpose()).r().toFloatArray())
        .isEqualTo(Linalg.qr(wide.transpose()).r().toFloatArray());
    assertThat(Linalg.lstsq(a, a).toFloatArray())
        .isEqualTo(Linalg.lstsq(wide, wide).toFloatArray());
    assertThat(Linalg.inverse(a.slice(0, 0, 4)).toFloatArray())
        .isEqualTo(Linalg.inverse(wide.slice(0, 0, 4)).toFloatArray());
  }

  @Test
  void bitsAreTheSameOnAnyNumberOfThreads() {
    Tensor a = normal(14, 20, 16, 16);
    for (UnaryOperator<Tensor> f :
        List.<UnaryOperator<Tensor>>of(
            x -> Linalg.svd(x).u(),
            x -> Linalg.qr(x).q(),
            Linalg::inverse,
            Linalg::det,
            x -> Linalg.cholesky(x.matmul(x.transpose())))) {
      double[] one = Parallel.withThreads(1, () -> gradient(f, a).toDoubleArray());
      double[] four = Parallel.withThreads(4, () -> gradient(f, a).toDoubleArray());
      assertThat(four).isEqualTo(one);
    }
  }

  // ---- gradients at special points -------------------------------------------------------------

  @Test
  void gradientsOfDeterminantsAreRightOfEveryRank() {
    Tensor x = normal(15, 4, 4);
    Tensor y = normal(16, 4, 4);
    for (int rank = 0; rank <= 4; rank++) {
      Tensor a = x.slice(1, 0, rank).matmul(y.slice(0, 0, rank));
      FiniteDifferences.check(v -> Linalg.det(v[0]), a);
    }
    FiniteDifferences.check(v -> Linalg.det(v[0]), Tensors.eye(3, FLOAT64));
    // The adjugate of a matrix of rank 1, in whole numbers.
    Tensor gradient = gradient(Linalg::det, Tensor.of(new double[][] {{1, 2}, {2, 4}}));
    assertClose("adjugate", gradient, Tensor.of(new double[][] {{4, -2}, {-2, 1}}), 1e-14);
  }

  @Test
  void thirdAndFourthDerivativesOfADeterminant() {
    // det(1 + t h) = 1 + t tr h + t^2 ... + t^3 det h: the third derivative is 6 det h everywhere.
    Tensor h = normal(17, 3, 3);
    for (Tensor a : List.of(Tensors.eye(3, FLOAT64), Tensors.zeros(Shape.of(3, 3), FLOAT64), h)) {
      UnaryOperator<Tensor> derivative = Linalg::det;
      for (int order = 1; order <= 4; order++) {
        UnaryOperator<Tensor> last = derivative;
        derivative = t -> Derivatives.jvp(last, t, h);
        if (order == 3) {
          assertClose("third", derivative.apply(a), Linalg.det(h).times(6), 1e-12);
        }
      }
      assertThat(Math.abs(derivative.apply(a).item())).isLessThan(1e-12);
    }
  }

  @Test
  void theNuclearNormHasTheRightGradientAtEqualValues() {
    UnaryOperator<Tensor> norm = a -> Linalg.svd(a).s().sum(-1);
    Tensor q = Linalg.qr(normal(18, 3, 3)).q();
    assertClose("u vh", gradient(norm, q), q, 1e-14);
    Tensor zero = gradient(norm, Tensors.zeros(Shape.of(3, 2), FLOAT64));
    assertThat(zero.abs().max().item()).isOne(); // a subgradient
    // u vh has a gradient at q, too; but not by vectors that are not unique.
    assertRefused(a -> gradient(norm, a).times(normal(19, 3, 3)), q, "expected distinct");
    FiniteDifferences.check(v -> v[0].matmul(Linalg.inverseSqrt(v[0].transpose().matmul(v[0]))), q);
  }

  @Test
  void aPseudoinverseOfLowRankHasTheGradientAtConstantRank() {
    Tensor x = normal(22, 4, 2);
    Tensor y = normal(23, 2, 3);
    FiniteDifferences.check(v -> Linalg.pinv(v[0].matmul(v[1])), x, y);
    Tensor a = x.matmul(y).times(1e-100);
    Tensor p = Linalg.pinv(a);
    assertClose("a p a", a.matmul(p).matmul(a).times(1e100), a.times(1e100), 1e-13);
    assertClose("p a p", p.matmul(a).matmul(p).times(1e-100), p.times(1e-100), 1e-13);
    assertClose("a p is symmetric", a.matmul(p), p.transpose().matmul(a.transpose()), 1e-13);
    assertClose("p a is symmetric", p.matmul(a), a.transpose().matmul(p.transpose()), 1e-13);
    assertThat(Linalg.pinv(Tensors.zeros(2, 3)).equal(0).all().item()).isOne();
    assertThat(Linalg.pinv(Tensors.zeros(2, 0, 3)).shape()).isEqualTo(Shape.of(2, 3, 0));
  }

  @Test
  void gradientsOfWideAndTallSingularVectors() {
    for (int[] sizes : new int[][] {{4, 3}, {3, 4}, {3, 3}}) {
      Tensor a = normal(20, sizes);
      FiniteDifferences.check(v -> Linalg.svd(v[0]).u(), a);
      FiniteDifferences.check(v -> Linalg.svd(v[0]).vh(), a);
    }
  }

  @Test
  void gradientsThatAreUndefinedAreRefused() {
    Tensor twice = Linalg.diagEmbed(Tensor.of(2.0, 2, 1));
    Tensor deficient = Tensor.of(new double[][] {{1, 1}, {1, 1}, {1, 1}});
    Tensor w = normal(21, 3, 3);
    assertRefused(a -> Linalg.svd(a).u().times(w), twice, "svd: the gradient of a function of the");
    assertRefused(
        a -> Linalg.svd(a).u().times(w.slice(1, 0, 2)),
        deficient,
        "expected distinct positive values");
    assertRefused(
        a -> Linalg.qr(a).q(), deficient, "qr: the gradient of the decomposition of (3, 2)");
    Tensor values = gradient(a -> Linalg.svd(a).s().square().sum(), twice);
    assertClose("2 a", values, twice.times(2), 1e-14);
    // The first column of u alone, of a value that is not 0, has a gradient.
    Tensor first = gradient(a -> Linalg.svd(a).u().slice(1, 0, 1), deficient);
    assertThat(first.isNaN().any().item()).isZero();
    assertThatThrownBy(() ->
            gradient(a -> Linalg.slogdet(a).logabsdet(), Tensors.ones(Shape.of(2, 2), FLOAT64)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("slogdet: the matrix of shape (2, 2) is singular");
  }

  private static void assertRefused(UnaryOperator<Tensor> f, Tensor a, String message) {
    assertThatThrownBy(() -> gradient(f, a))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theFirstMatrixThatFailsIsNamed() {
    Tensor eye = Tensors.eye(3, FLOAT64);
    Tensor bad = Linalg.diagEmbed(Tensor.of(1.0, -4, 0));
    Tensor batch = Joining.stack(0, eye, bad, bad.neg()).reshape(1, 3, 3, 3);
    assertThatThrownBy(() -> Linalg.cholesky(batch))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "cholesky: matrix [0, 1] of shape (1, 3, 3, 3) is not positive definite: pivot 1 is"
                + " -4.0; expected positive ones");
    assertThatThrownBy(() -> Linalg.solve(batch, eye))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "solve: matrix [0, 1] of shape (1, 3, 3, 3) is singular: pivot 2 is 0; expected"
                + " invertible matrices");
    assertThatThrownBy(() -> Linalg.solveTriangular(bad, eye, true))
        .hasMessage(
            "solveTriangular: the matrix of shape (3, 3) is singular: pivot 2 is 0; expected"
                + " invertible matrices");
    assertThatThrownBy(() -> Linalg.svd(eye.div(0)))
        .hasMessage("svd: element [0, 0] of shape (3, 3) is Infinity; expected finite numbers");
    assertThatThrownBy(() -> Linalg.cholesky(eye.times(Double.NaN)))
        .hasMessageContaining("pivot 0 is NaN");
    assertThat(Linalg.det(eye.times(Double.NaN)).item()).isNaN();
  }

  @Test
  void whatIsRefusedIsRefusedByTheOperationThatWasCalled() {
    Tensor ones = Tensors.ones(Shape.of(3, 2), FLOAT64);
    assertThatThrownBy(() -> Linalg.lstsq(ones, ones))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "lstsq: the matrix of shape (3, 2) is of rank below 2: column 1 depends on those"
                + " before it; expected full rank");
    Tensor wide = Joining.stack(0, Tensors.eye(3, FLOAT64), Tensors.zeros(Shape.of(3, 3), FLOAT64));
    assertThatThrownBy(() -> Linalg.lstsq(wide.slice(1, 0, 2), Tensors.ones(2, 1)))
        .hasMessageStartingWith("lstsq: matrix [1] of shape (2, 2, 3) is of rank below 2: row 0");
    assertThatThrownBy(() -> Linalg.lstsq(wide, Tensors.ones(3, 3, 1)))
        .hasMessageStartingWith("lstsq: shapes (2) and (3) do not broadcast");
    Tensor singular = ones.slice(0, 0, 2);
    assertThatThrownBy(() -> Linalg.inverse(singular))
        .hasMessage(
            "inverse: the matrix of shape (2, 2) is singular: pivot 1 is 0; expected invertible"
                + " matrices");
    assertThatThrownBy(() -> Linalg.matrixPower(singular, -2))
        .hasMessageStartingWith("matrixPower: the matrix of shape (2, 2) is singular");
    Tensor infinite = singular.div(0);
    Map<String, UnaryOperator<Tensor>> ofFinite =
        Map.of(
            "pinv",
            Linalg::pinv,
            "inverseSqrt",
            Linalg::inverseSqrt,
            "matrixFunction",
            a -> Linalg.matrixFunction(a, Tensor::exp),
            "det",
            a -> gradient(Linalg::det, a));
    ofFinite.forEach((name, operation) ->
        assertThatThrownBy(() -> operation.apply(infinite))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage(
                name + ": element [0, 0] of shape (2, 2) is Infinity; expected finite numbers"));
  }

  private static Tensor gradient(UnaryOperator<Tensor> f, Tensor a) {
    return Derivatives.valueAndGradient(x -> f.apply(x).sum(), a).gradient();
  }

  private static Tensor ones(int n) {
    return Tensors.ones(Shape.of(n), FLOAT64);
  }

  private static void assertOrthonormal(Tensor columns) {
    Tensor product = columns.transpose().matmul(columns);
    Tensor eye = Tensors.eye(columns.size(-1), FLOAT64).expand(product.shape());
    assertClose("orthonormal", product, eye, 1e-14);
  }

  private static void assertDescending(Tensor s) {
    int k = s.size(-1);
    assertThat(s.slice(-1, 1, k).greater(s.slice(-1, 0, k - 1)).any().item()).isZero();
    assertThat(s.less(0).any().item()).isZero();
  }
}
