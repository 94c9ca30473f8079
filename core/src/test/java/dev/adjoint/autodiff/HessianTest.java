package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Hessian.Eigenpairs;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HessianTest {

  private final Tensor x = normal(1, 4);
  private final Tensor w = normal(2, 4, 3);

  private static Tensor f(List<Tensor> t) {
    return t.get(0).matmul(t.get(1)).tanh().square().sum().plus(t.get(1).pow(3).sum());
  }

  @Test
  void productsAreThoseOfTheMatrix() {
    List<List<Tensor>> blocks = Derivatives.hessian(HessianTest::f, List.of(x, w));
    List<Tensor> v = List.of(normal(3, 4), normal(4, 4, 3));
    Hessian hessian = Hessian.of(HessianTest::f, List.of(x, w));
    assertThat(hessian.size()).isEqualTo(16);
    List<Tensor> products = hessian.times(v);
    for (int i = 0; i < 2; i++) {
      int rows = List.of(x, w).get(i).size();
      Tensor expected =
          blocks
              .get(i)
              .get(0)
              .reshape(rows, 4)
              .matmul(v.get(0))
              .plus(blocks.get(i).get(1).reshape(rows, 12).matmul(v.get(1).reshape(12)));
      close(products.get(i), expected.reshape(List.of(x, w).get(i).shape()), 1e-12);
      assertThat(products.get(i).isTracked()).isFalse();
    }
    assertThatThrownBy(() -> hessian.times(List.of(x)))
        .hasMessage("hessian: 1 vectors for 2 inputs; expected one for each");
    assertThatThrownBy(() -> Hessian.of(t -> t, x))
        .hasMessage("hessian: the function returned shape (4); expected a scalar");
  }

  @Test
  void theDiagonalIsThatOfTheMatrix() {
    List<List<Tensor>> blocks = Derivatives.hessian(HessianTest::f, List.of(x, w));
    List<Tensor> diagonal = Hessian.of(HessianTest::f, List.of(x, w)).diagonal();
    close(diagonal.get(0), Linalg.diagonal(blocks.get(0).get(0)), 1e-12);
    close(
        diagonal.get(1),
        Linalg.diagonal(blocks.get(1).get(1).reshape(12, 12)).reshape(4, 3),
        1e-12);
    Tensor one = Tensor.of(3.0);
    close(Hessian.of(t -> t.pow(3).sum(), one).diagonal().getFirst(), one.times(6), 1e-12);
    close(Hessian.of(t -> t.sum(), x).diagonal().getFirst(), x.times(0), 0);
  }

  @Test
  void theEstimateOfTheDiagonalIsExactWhereThereIsNothingElseAndElseUnbiased() {
    Hessian alone = Hessian.of(t -> t.pow(4).sum(), x);
    close(alone.diagonal(1, Generator.seeded(1)).getFirst(), x.square().times(12), 1e-12);
    Tensor matrix = symmetric(5, 6);
    Tensor estimate =
        quadratic(matrix, normal(6, 6)).diagonal(4000, Generator.seeded(2)).getFirst();
    // Five deviations of the largest row, of which 4000 samples leave 1/63.
    close(estimate, Linalg.diagonal(matrix), 5 * matrix.norm(2, 1).max().item() / Math.sqrt(4000));
    assertThatThrownBy(() -> alone.diagonal(0, Generator.seeded(1)))
        .hasMessage("diagonal: 0 samples; expected at least 1");
  }

  @Test
  void theLargestEigenvaluesAreThoseOfTheMatrix() {
    Tensor matrix = symmetric(7, 40);
    double[] all = Linalg.eigh(matrix).values().toDoubleArray();
    Eigenpairs three = quadratic(matrix, normal(8, 40)).largest(3, 1e-9, 40, Generator.seeded(3));
    assertThat(three.isConverged()).isTrue();
    for (int i = 0; i < 3; i++) {
      assertThat(three.values().get(i)).isCloseTo(all[39 - i], within(1e-12));
      Tensor v = three.vectors().get(i).getFirst();
      close(matrix.matmul(v), v.times(all[39 - i]), 1e-8);
      assertThat(v.norm(2).item()).isCloseTo(1, within(1e-12));
    }
    Eigenpairs again = quadratic(matrix, normal(8, 40)).largest(3, 1e-9, 40, Generator.seeded(3));
    assertThat(again.values().toDoubleArray()).isEqualTo(three.values().toDoubleArray());
  }

  @Test
  void residualsAreThoseOfTheProducts() {
    Tensor matrix = symmetric(9, 60);
    Hessian hessian = quadratic(matrix, normal(10, 60));
    Eigenpairs early = hessian.largest(2, 1e-9, 10, Generator.seeded(4));
    assertThat(early.isConverged()).isFalse();
    assertThat(early.products()).isEqualTo(10);
    for (int i = 0; i < 2; i++) {
      Tensor v = early.vectors().get(i).getFirst();
      Tensor rest = matrix.matmul(v).minus(v.times(early.values().get(i)));
      assertThat(rest.norm(2).item()).isCloseTo(early.residuals().get(i), within(1e-10));
    }
  }

  @Test
  void equalEigenvaluesAreFoundByNewStarts() {
    Hessian twice = Hessian.of(t -> t.square().sum(), normal(11, 5));
    Eigenpairs all = twice.largest(5, Generator.seeded(5));
    close(all.values(), Tensors.full(Shape.of(5), 2, DType.FLOAT64), 1e-12);
    assertThat(all.isConverged()).isTrue();
    close(
        Hessian.of(t -> t.sum(), x).largest(2, Generator.seeded(6)).values(),
        Tensor.of(0.0, 0.0),
        0);
    assertThatThrownBy(() -> twice.largest(6, Generator.seeded(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "largest: 6 eigenvalues with tolerance 0.001 by 160 products for 5 elements; expected 1"
                + " to 5 by as many products at least");
    assertThatThrownBy(
            () -> Hessian.of(t -> t.log().sum(), x.times(0)).largest(1, Generator.seeded(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("largest: the product of the hessian and a vector is not finite");
  }

  @Test
  void aModelIsGivenByItsParametersInSinglePrecision() {
    Generator random = Generator.seeded(12);
    Tensor in = random.normal(32, 10);
    Tensor out = random.normal(32, 1);
    Parameter first = new Parameter("first", random.normal(10, 20).times(0.3));
    Parameter second = new Parameter("second", random.normal(20, 1).times(0.3));
    Supplier<Tensor> loss =
        () -> in.matmul(first.value()).tanh().matmul(second.value()).minus(out).square().mean();
    Hessian hessian = Hessian.of(loss, List.of(first, second));
    Eigenpairs top = hessian.largest(1, Generator.seeded(13));
    assertThat(top.isConverged()).isTrue();
    assertThat(top.products()).isLessThan(60);
    assertThat(top.vectors().getFirst())
        .extracting(Tensor::shape)
        .containsExactly(first.shape(), second.shape());

    Function<List<Tensor>, Tensor> inDoubles =
        t ->
            in.to(DType.FLOAT64)
                .matmul(t.get(0))
                .tanh()
                .matmul(t.get(1))
                .minus(out)
                .square()
                .mean();
    List<Tensor> values =
        IntStream.range(0, 2)
            .mapToObj(i -> List.of(first, second).get(i).value().untracked().to(DType.FLOAT64))
            .toList();
    Eigenpairs exact = Hessian.of(inDoubles, values).largest(1, 1e-10, 220, Generator.seeded(14));
    assertThat(top.values().item()).isCloseTo(exact.values().item(), within(2e-5));
    second.assign(second.value().times(2));
    assertThatThrownBy(() -> hessian.largest(1, Generator.seeded(13)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("parameter 'second' was updated");
  }

  /** Returns the hessian of (x A x) / 2 at a point, which is A. */
  private static Hessian quadratic(Tensor matrix, Tensor at) {
    UnaryOperator<Tensor> half = t -> t.matmul(matrix).matmul(t).times(0.5);
    return Hessian.of(half, at);
  }

  private static Tensor symmetric(long seed, int n) {
    Tensor a = normal(seed, n, n);
    return a.plus(a.transpose()).times(0.5);
  }

  private static Tensor normal(long seed, int... sizes) {
    return Generator.seeded(seed).normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  private static void close(Tensor actual, Tensor expected, double error) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.toDoubleArray()).containsExactly(expected.toDoubleArray(), within(error));
  }
}
