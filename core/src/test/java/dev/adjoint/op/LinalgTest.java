package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Linalg.Eigh;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class LinalgTest {

  private static final Tensor X = Tensor.of(new double[][] {{1, 2, 3}, {4, 5, 6}});

  @Test
  void trianglesTellPositionsBeyondFloat32Apart() {
    int far = 1 << 24;
    Tensor row = Tensor.of(1f).expand(1, far + 2);
    assertThat(Linalg.triu(row, far + 1).slice(1, far, far + 2).toDoubleArray())
        .containsExactly(0, 1);
    assertThat(Linalg.tril(row, far).slice(1, far, far + 2).toDoubleArray()).containsExactly(1, 0);
  }

  @Test
  void outerMultipliesEachElementWithEach() {
    Tensor product = Linalg.outer(Tensor.of(1f, 2f), Tensor.of(3f, 4f, 5f));
    assertThat(product.toNestedArray(float[][].class))
        .isDeepEqualTo(new float[][] {{3, 4, 5}, {6, 8, 10}});
    FiniteDifferences.check(v -> Linalg.outer(v[0], v[1]).square(), normal(1, 2), normal(2, 3));
  }

  @Test
  void diagonalViewsTheLastTwoAxes() {
    assertThat(Linalg.diagonal(X).toDoubleArray()).containsExactly(1, 5);
    assertThat(Linalg.diagonal(X.transpose().flip(0)).toDoubleArray()).containsExactly(3, 5);
    assertThat(Linalg.diagonal(normal(1, 4, 2, 3)).shape()).isEqualTo(Shape.of(4, 2));
    assertThat(Linalg.diagonal(Tensors.zeros(0, 3)).shape()).isEqualTo(Shape.of(0));
    FiniteDifferences.check(v -> Linalg.diagonal(v[0].square()).square(), normal(1, 2, 2, 3));
    FiniteDifferences.check(v -> Linalg.diagonal(v[0].square()).square(), normal(1, 3, 2));
  }

  @Test
  void diagEmbedMakesDiagonalMatrices() {
    Tensor matrices = Linalg.diagEmbed(X);
    assertThat(matrices.shape()).isEqualTo(Shape.of(2, 3, 3));
    assertThat(matrices.select(0, 1).toDoubleArray()).containsExactly(4, 0, 0, 0, 5, 0, 0, 0, 6);
    assertThat(Linalg.diagEmbed(X.to(DType.FLOAT32).transpose()).select(0, 2).toFloatArray())
        .containsExactly(3, 0, 0, 6);
    FiniteDifferences.check(v -> Linalg.diagEmbed(v[0]).plus(1).square(), X);
  }

  @Test
  void trianglesKeepOneSideOfADiagonal() {
    assertThat(Linalg.triu(X, 0).toDoubleArray()).containsExactly(1, 2, 3, 0, 5, 6);
    assertThat(Linalg.triu(X, 1).toDoubleArray()).containsExactly(0, 2, 3, 0, 0, 6);
    assertThat(Linalg.triu(X, -1).toDoubleArray()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(Linalg.tril(X, 0).toDoubleArray()).containsExactly(1, 0, 0, 4, 5, 0);
    assertThat(Linalg.tril(X, 1).toDoubleArray()).containsExactly(1, 2, 0, 4, 5, 6);
    Tensor infinite = Tensors.full(Shape.of(2, 2, 2), Double.POSITIVE_INFINITY, DType.FLOAT32);
    assertThat(Linalg.tril(infinite, -1).select(0, 1).get(0, 1)).isZero();
    FiniteDifferences.check(v -> Linalg.triu(v[0], 1).square(), normal(1, 2, 3, 3));
    FiniteDifferences.check(v -> Linalg.tril(v[0], -1).square(), normal(1, 3, 3));
  }

  @Test
  void eighOfAKnownMatrix() {
    Eigh eigh = Linalg.eigh(Tensor.of(new double[][] {{2, 1}, {1, 2}}));
    assertClose("values", eigh.values(), Tensor.of(1.0, 3), 1e-15);
    double h = Math.sqrt(0.5);
    // Columns; of two components of equal magnitude the first is positive.
    assertClose("vectors", eigh.vectors(), Tensor.of(new double[][] {{h, h}, {-h, h}}), 1e-15);
  }

  @Test
  void eighGivesTheMatrixBackAndOrthonormalVectors() {
    for (int n : new int[] {1, 2, 3, 5, 16, 40}) {
      Tensor a = normal(n, 2, n, n);
      Eigh eigh = Linalg.eigh(a);
      Tensor v = eigh.vectors();
      Tensor product = v.times(eigh.values().unsqueeze(-2)).matmul(v.transpose());
      assertClose("product", product, a.plus(a.transpose()).times(0.5), 1e-12);
      Tensor eye = Tensors.eye(n, DType.FLOAT64).expand(2, n, n);
      assertClose("orthonormal", v.transpose().matmul(v), eye, 1e-12);
      Tensor steps = eigh.values().slice(1, 1, n).minus(eigh.values().slice(1, 0, n - 1));
      assertThat(steps.less(0).sum().item()).isZero();
    }
  }

  @Test
  void eighOfFloatsIsComputedInDoubleAndRounded() {
    Tensor a = normal(3, 6, 6).to(DType.FLOAT32);
    Tensor symmetric = a.plus(a.transpose()).times(0.5);
    Eigh floats = Linalg.eigh(symmetric.transpose());
    Eigh doubles = Linalg.eigh(symmetric.to(DType.FLOAT64));
    assertThat(floats.values().toFloatArray()).isEqualTo(doubles.values().toFloatArray());
    assertThat(floats.vectors().toFloatArray()).isEqualTo(doubles.vectors().toFloatArray());
  }

  @Test
  void eighOfHardMatrices() {
    for (Tensor a :
        List.of(
            Tensors.zeros(Shape.of(4, 4), DType.FLOAT64),
            Tensors.ones(Shape.of(5, 5), DType.FLOAT64),
            Linalg.diagEmbed(Tensor.of(1e-200, -1e200, 3, 3)),
            Tensor.of(new double[][] {{1, 1e-12}, {1e-12, 1}}),
            Tensor.of(new double[][] {{0, 1e-300}, {1e-300, 0}}))) {
      Eigh eigh = Linalg.eigh(a);
      Tensor v = eigh.vectors();
      double scale = Math.max(1e-300, a.abs().max().item());
      Tensor product = v.times(eigh.values().unsqueeze(-2)).matmul(v.transpose());
      assertClose("product", product.div(scale), a.div(scale), 1e-14);
    }
    assertThat(Linalg.eigh(Tensors.zeros(3, 0, 0)).values().shape()).isEqualTo(Shape.of(3, 0));
    assertThat(Linalg.eigh(Tensors.zeros(0, 2, 2)).vectors().shape()).isEqualTo(Shape.of(0, 2, 2));
  }

  @Test
  void gradientsOfEighAgreeWithDifferences() {
    Tensor a = normal(4, 3, 3);
    FiniteDifferences.check(v -> Linalg.eigh(v[0]).values(), a);
    FiniteDifferences.check(v -> Linalg.eigh(v[0]).vectors(), a);
    FiniteDifferences.check(v -> Linalg.eigh(v[0]).values().square(), normal(5, 2, 2, 2));
  }

  @Test
  void whiteningByEighHasTheRightGradient() {
    FiniteDifferences.check(
        v -> {
          Tensor covariance = v[0].matmul(v[0].transpose()).plus(Tensors.eye(3, DType.FLOAT64));
          Eigh eigh = Linalg.eigh(covariance);
          Tensor scaled = eigh.vectors().times(eigh.values().rsqrt().unsqueeze(-2));
          return scaled.matmul(eigh.vectors().transpose());
        },
        normal(6, 3, 4));
  }

  @Test
  void equalEigenvaluesHaveFiniteGradients() {
    Tensor a = Tensors.ones(Shape.of(4, 4), DType.FLOAT64).tracked(); // 0, 0, 0, 4
    Eigh eigh = Linalg.eigh(a);
    Tensor gradient = eigh.vectors().sum().plus(eigh.values().sum()).backward().of(a);
    assertThat(gradient.abs().max().item()).isLessThan(10);
  }

  @Test
  void aGradientThatCouplesVectorsOfEqualValuesIsRefused() {
    Tensor ones = Tensors.ones(Shape.of(4, 4), DType.FLOAT64).tracked(); // 0, 0, 0, 4
    Eigh eigh = Linalg.eigh(ones);
    Tensor twice = Linalg.diagEmbed(Tensor.of(1.0, 1, 2)).tracked();
    Eigh parts = Linalg.eigh(twice);
    Tensor square =
        parts
            .vectors()
            .times(parts.values().square().unsqueeze(-2))
            .matmul(parts.vectors().transpose());
    for (Tensor loss : List.of(eigh.vectors().times(normal(7, 4, 4)).sum(), square.sum())) {
      assertThatThrownBy(loss::backward)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is undefined where values are equal")
          .hasMessageContaining("expected distinct values, or matrixFunction(a, f)");
    }
    // What does not couple them has a gradient: that of the trace is the identity.
    assertClose(
        "trace", eigh.values().sum().backward().of(ones), Tensors.eye(4, DType.FLOAT64), 1e-12);
    // The third vector alone, e3: turning towards e1, by a change of [2, 0], is 1 / (2 - 1) a unit.
    Tensor third = parts.vectors().slice(1, 2, 3).squeeze(1);
    assertClose(
        "third vector",
        third.times(Tensor.of(1.0, 0, 0)).sum().backward().of(twice),
        Tensor.of(new double[][] {{0, 0, 0.5}, {0, 0, 0}, {0.5, 0, 0}}),
        1e-12);
  }

  @Test
  void aMatrixFunctionHasTheRightGradientForEqualValues() {
    Tensor c = Tensor.of(new double[][] {{1, 2, 3}, {2, 5, 6}, {3, 6, 9}});
    Tensor a = Linalg.diagEmbed(Tensor.of(1.0, 1, 2)).tracked();
    Tensor square = Linalg.matrixFunction(a, Tensor::square);
    assertClose("square", square, Linalg.diagEmbed(Tensor.of(1.0, 1, 4)), 1e-14);
    // d<a a, c> = <da, a c + c a>
    assertClose(
        "gradient",
        square.times(c).sum().backward().of(a),
        a.untracked().matmul(c).plus(c.matmul(a.untracked())),
        1e-13);
    Tensor eye = Tensors.eye(3, DType.FLOAT64).tracked();
    Tensor loss = Linalg.matrixFunction(eye, Tensor::exp).times(c).sum();
    assertClose("at 1", loss.backward().of(eye), c.times(Math.E), 1e-12);
  }

  @Test
  void gradientsOfMatrixFunctionsAreRightForDistinctEqualAndNearValues() {
    Tensor x = normal(8, 3, 3);
    Tensor distinct = x.matmul(x.transpose()).plus(Tensors.eye(3, DType.FLOAT64));
    Tensor equal = Tensors.eye(3, DType.FLOAT64).times(2);
    for (double distance : new double[] {1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-12, 0}) {
      Tensor a = equal.plus(distinct.times(distance));
      FiniteDifferences.check(v -> Linalg.matrixFunction(v[0], Tensor::exp), a);
      FiniteDifferences.check(v -> Linalg.matrixFunction(v[0], Tensor::log), a);
      // Against the root's own gradient, by a Lyapunov equation that divides by no difference.
      Tensor weights = normal(9, 3, 3);
      Tensor own = gradient(t -> Linalg.inverseSqrt(t), a, weights);
      assertClose(
          "" + distance,
          gradient(t -> Linalg.matrixFunction(t, Tensor::rsqrt), a, weights),
          own,
          1e-10);
    }
    Tensor two = Joining.stack(0, distinct, equal);
    FiniteDifferences.check(v -> Linalg.matrixFunction(v[0], Tensor::sqrt), two);
    assertThat(Linalg.matrixFunction(Tensors.zeros(2, 0, 0), Tensor::exp).shape())
        .isEqualTo(Shape.of(2, 0, 0));
  }

  private static Tensor gradient(UnaryOperator<Tensor> f, Tensor a, Tensor weights) {
    return Derivatives.valueAndGradient(t -> f.apply(t).times(weights).sum(), a).gradient();
  }

  @Test
  void thirdDerivativesOfAMatrixFunction() {
    // f(a) = a^3 has the third derivative, along h three times, 6 h^3, at equal values too.
    Tensor h = Tensor.of(new double[][] {{1, 2}, {2, -1}});
    for (Tensor a : List.of(Tensors.eye(2, DType.FLOAT64), h.times(0.5))) {
      UnaryOperator<Tensor> cube = t -> Linalg.matrixFunction(t, u -> u.times(u).times(u));
      UnaryOperator<Tensor> second = t -> Derivatives.jvp(u -> Derivatives.jvp(cube, u, h), t, h);
      assertClose("third", Derivatives.jvp(second, a, h), h.matmul(h).matmul(h).times(6), 1e-10);
    }
  }

  @Test
  void aMatrixFunctionThatCutsTheGraphOrChangesTheShapeIsRefused() {
    Tensor a = Tensors.eye(2, DType.FLOAT64);
    Tensor p = Tensor.of(2.0, 2.0).tracked();
    assertThatThrownBy(() -> Linalg.matrixFunction(a, t -> t.times(p)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("matrixFunction: the function captures a tracked tensor");
    assertThatThrownBy(() -> Linalg.matrixFunction(a, Tensor::sum))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("turned values of shape (2) into ()");
  }

  @Test
  void inverseSqrtTimesItselfIsTheInverse() {
    for (int n : new int[] {1, 2, 5, 16}) {
      Tensor x = normal(n, 2, n, n + 3);
      Tensor a = x.matmul(x.transpose());
      Tensor r = Linalg.inverseSqrt(a);
      Tensor eye = Tensors.eye(n, DType.FLOAT64).expand(2, n, n);
      assertClose("identity", r.matmul(a).matmul(r), eye, 1e-11);
      assertClose("symmetric", r, r.transpose(), 1e-14);
    }
    assertThat(Linalg.inverseSqrt(Tensors.zeros(2, 0, 0)).shape()).isEqualTo(Shape.of(2, 0, 0));
  }

  @Test
  void gradientsOfInverseSqrtAreRightForEqualEigenvaluesToo() {
    Tensor x = normal(8, 3, 3);
    Tensor distinct = x.matmul(x.transpose()).plus(Tensors.eye(3, DType.FLOAT64));
    FiniteDifferences.check(v -> Linalg.inverseSqrt(v[0]), distinct);
    Tensor allEqual = Tensors.eye(3, DType.FLOAT64).times(2);
    FiniteDifferences.check(v -> Linalg.inverseSqrt(v[0]), allEqual);
    Tensor nearlyEqual = allEqual.plus(distinct.times(1e-9));
    FiniteDifferences.check(v -> Linalg.inverseSqrt(v[0]), nearlyEqual);
  }

  @Test
  void eighIsTheSameOnAnyNumberOfThreads() {
    Tensor a = Generator.seeded(3).normal(20, 16, 16);
    float[] one = Parallel.withThreads(1, () -> Linalg.eigh(a).vectors().toFloatArray());
    float[] four = Parallel.withThreads(4, () -> Linalg.eigh(a).vectors().toFloatArray());
    assertThat(four).isEqualTo(one);
  }

  @Test
  void badShapesAndNumbersAreNamed() {
    assertThatThrownBy(() -> Linalg.eigh(X))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("eigh: shape (2, 3); expected square matrices (..., n, n)");
    Tensor bad = Tensor.of(new double[][] {{1, 0}, {0, Double.NaN}});
    assertThatThrownBy(() -> Linalg.eigh(Joining.stack(0, Tensors.eye(2), bad)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("eigh: element [1, 1, 1] of shape (2, 2, 2) is NaN; expected finite numbers");
    assertThatThrownBy(() -> Linalg.inverseSqrt(X))
        .hasMessage("inverseSqrt: shape (2, 3); expected square matrices (..., n, n)");
    assertThatThrownBy(() -> Linalg.inverseSqrt(Linalg.diagEmbed(Tensor.of(1.0, -4, 2))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "inverseSqrt: matrices of shape (3, 3) with an eigenvalue of -4.0; expected positive"
                + " ones");
    assertThatThrownBy(() -> Linalg.outer(X, X))
        .hasMessage("outer: shapes (2, 3) and (2, 3); expected one axis each");
    assertThatThrownBy(() -> Linalg.triu(X.select(0, 0), 0))
        .hasMessage("triu: shape (3); expected matrices (..., m, n)");
    assertThatThrownBy(() -> Linalg.diagonal(X.select(0, 0)))
        .hasMessage("diagonal: shape (3); expected matrices (..., m, n)");
    assertThatThrownBy(() -> Linalg.diagEmbed(X.sum())).hasMessageContaining("diagEmbed");
  }
}
