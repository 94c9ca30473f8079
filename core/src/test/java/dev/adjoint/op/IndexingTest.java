package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class IndexingTest {

  private static final Tensor X =
      Tensor.of(new double[][] {{0, 1, 2}, {10, 11, 12}, {20, 21, 22}, {30, 31, 32}});

  @Test
  void gatherPicksOneElementForEachIndexAlongAnyAxis() {
    IntTensor index = IntTensor.of(new int[][] {{2, 0}, {1, 1}});
    assertThat(Indexing.gather(X, 1, index).toDoubleArray()).containsExactly(2, 0, 11, 11);
    assertThat(Indexing.gather(X, 0, index).toDoubleArray()).containsExactly(20, 1, 10, 11);
    assertThat(Indexing.gather(X.to(DType.FLOAT32), -2, index).toFloatArray())
        .containsExactly(20, 1, 10, 11);
  }

  @Test
  void gatherReadsViewsWhereTheyLie() {
    IntTensor index = IntTensor.of(new int[][] {{3, 0}, {1, 1}});
    Tensor view = X.transpose().flip(0).slice(1, 0, 4);
    assertThat(Indexing.gather(view, 1, index).toDoubleArray()).containsExactly(32, 2, 11, 11);
    Tensor expanded = X.select(1, 0).unsqueeze(0).expand(5, 4);
    assertThat(Indexing.gather(expanded, 1, index).toDoubleArray()).containsExactly(30, 0, 10, 10);
  }

  @Test
  void takeAlongAxisBroadcastsTheOtherAxes() {
    IntTensor best = ArgExtreme.argmax(X, 1).reshape(4, 1);
    assertThat(Indexing.takeAlongAxis(X, 1, best).toDoubleArray()).containsExactly(2, 12, 22, 32);
    Tensor taken = Indexing.takeAlongAxis(X, -1, IntTensor.of(new int[][] {{2, 2, 0, 1}}));
    assertThat(taken.shape()).isEqualTo(Shape.of(4, 4));
    assertThat(taken.select(0, 3).toDoubleArray()).containsExactly(32, 32, 30, 31);
    Tensor row = X.slice(0, 1, 2);
    assertThat(Indexing.takeAlongAxis(row, 1, IntTensor.of(new int[][] {{0}, {2}})).toDoubleArray())
        .containsExactly(10, 12);
  }

  @Test
  void indexSelectPicksSlicesInTheOrderOfTheIndices() {
    IntTensor index = IntTensor.of(2, 0, 2, 1);
    assertThat(Indexing.indexSelect(X, 1, index).select(0, 1).toDoubleArray())
        .containsExactly(12, 10, 12, 11);
    assertThat(Indexing.indexSelect(X, 0, index).select(0, 2).toDoubleArray())
        .containsExactly(20, 21, 22);
    assertThat(Indexing.indexSelect(X.transpose(), 0, index).select(1, 3).toDoubleArray())
        .containsExactly(32, 30, 32, 31);
  }

  @Test
  void embeddingLooksUpARowForEachIdOfAnyShape() {
    Tensor rows = Indexing.embedding(X, IntTensor.of(new int[][] {{3, 1}, {0, 3}}));
    assertThat(rows.shape()).isEqualTo(Shape.of(2, 2, 3));
    assertThat(rows.toDoubleArray()).containsExactly(30, 31, 32, 10, 11, 12, 0, 1, 2, 30, 31, 32);
  }

  @Test
  void theGradientOfAnEmbeddingAddsUpRows() {
    Tensor weight = X.tracked();
    Tensor sum = Indexing.embedding(weight, IntTensor.of(3, 1, 3)).sum();
    assertThat(sum.backward().of(weight).toDoubleArray())
        .containsExactly(0, 0, 0, 1, 1, 1, 0, 0, 0, 2, 2, 2);
  }

  @Test
  void scatterAddAddsWhatMeetsInOnePlace() {
    IntTensor index = IntTensor.of(new int[][] {{0, 0, 3}, {0, 2, 3}});
    Tensor source = Tensor.of(new double[][] {{1, 2, 3}, {4, 5, 6}});
    assertThat(Indexing.scatterAdd(X, 0, index, source).toDoubleArray())
        .containsExactly(5, 3, 2, 10, 11, 12, 20, 26, 22, 30, 31, 41);
  }

  @Test
  void maskedFillReplacesWhereTheMaskIsNotZero() {
    Tensor mask = Tensor.of(0f, 2f, 0f);
    Tensor filled = Masking.maskedFill(X, mask, Double.NEGATIVE_INFINITY);
    assertThat(filled.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(filled.select(0, 1).toDoubleArray())
        .containsExactly(10, Double.NEGATIVE_INFINITY, 12);
    Tensor x = X.tracked();
    assertThat(Masking.maskedFill(x, mask, 7).sum().backward().of(x).select(0, 0).toDoubleArray())
        .containsExactly(1, 0, 1);
  }

  @Test
  void nothingPickedIsEmpty() {
    assertThat(Indexing.indexSelect(X, 0, IntTensor.of()).shape()).isEqualTo(Shape.of(0, 3));
    assertThat(Indexing.gather(X, 1, IntTensor.of(new int[0], 0, 3)).shape())
        .isEqualTo(Shape.of(0, 3));
    assertThat(Indexing.embedding(X, IntTensor.of(new int[0], 2, 0)).shape())
        .isEqualTo(Shape.of(2, 0, 3));
    Tensor x = X.tracked();
    assertThat(Indexing.indexSelect(x, 0, IntTensor.of()).sum().backward().of(x).sum().item())
        .isZero();
    assertThat(Indexing.embedding(Tensors.zeros(3, 0), IntTensor.of(1, 2)).shape())
        .isEqualTo(Shape.of(2, 0));
  }

  @Test
  void gradientsAgreeWithDifferences() {
    Tensor x = normal(1, 2, 3, 2);
    IntTensor index = IntTensor.of(new int[] {2, 0, 1, 1, 0, 0, 2, 2}, 2, 2, 2);
    FiniteDifferences.check(v -> Indexing.gather(v[0].square(), 1, index).square(), x);
    FiniteDifferences.check(
        v -> Indexing.takeAlongAxis(v[0].sin(), 2, IntTensor.of(new int[] {1, 0, 1}, 1, 1, 3)), x);
    FiniteDifferences.check(
        v -> Indexing.indexSelect(v[0].square(), 1, IntTensor.of(2, 2, 0)).sin(), x);
    FiniteDifferences.check(
        v -> Indexing.scatterAdd(v[0], 1, index, v[1]).square(), x, normal(2, 2, 2, 2));
    FiniteDifferences.check(
        v -> Indexing.embedding(v[0], IntTensor.of(new int[][] {{1, 1}, {0, 1}})).square(),
        normal(3, 2, 3));
    Tensor mask = Tensor.of(1f, 0f);
    FiniteDifferences.check(v -> Masking.maskedFill(v[0].square(), mask, 3).square(), x);
  }

  @Test
  void resultsAreTheSameOnAnyNumberOfThreads() {
    Generator generator = Generator.seeded(5);
    Tensor weight = generator.normal(50, 200).tracked();
    IntTensor ids = generator.integers(50, 3000);
    Tensor seed = generator.normal(3000, 200);
    sameOnAnyNumberOfThreads(w -> Indexing.embedding(w, ids).backward(seed).of(w), weight);
    IntTensor index = generator.integers(200, 50, 3000);
    Tensor seed2 = generator.normal(50, 3000);
    sameOnAnyNumberOfThreads(w -> Indexing.gather(w, 1, index).backward(seed2).of(w), weight);
    IntTensor rows = generator.integers(50, 300, 200);
    Tensor seed3 = generator.normal(300, 200);
    sameOnAnyNumberOfThreads(w -> Indexing.gather(w, 0, rows).backward(seed3).of(w), weight);
  }

  private static void sameOnAnyNumberOfThreads(Function<Tensor, Tensor> f, Tensor x) {
    float[] one = Parallel.withThreads(1, () -> f.apply(x).toFloatArray());
    float[] four = Parallel.withThreads(4, () -> f.apply(x).toFloatArray());
    assertThat(four).isEqualTo(one);
  }

  @Test
  void anIndexOutsideItsAxisIsNamed() {
    assertThatThrownBy(() -> Indexing.gather(X, 1, IntTensor.of(new int[][] {{0, 1}, {2, 3}})))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage(
            "gather: index 3 at position [1, 1] is outside axis 1 of shape (4, 3); expected 0 to"
                + " 2");
    assertThatThrownBy(() -> Indexing.indexSelect(X, 0, IntTensor.of(0, -1)))
        .hasMessage(
            "indexSelect: index -1 at position [1] is outside axis 0 of shape (4, 3); expected 0 to"
                + " 3");
    assertThatThrownBy(() -> Indexing.embedding(X, IntTensor.of(4)))
        .hasMessage(
            "embedding: index 4 at position [0] is outside axis 0 of shape (4, 3); expected 0 to"
                + " 3");
    assertThatThrownBy(() -> Indexing.embedding(Tensors.zeros(0, 3), IntTensor.of(0)))
        .hasMessageContaining("expected no index at all");
  }

  @Test
  void shapesThatDoNotFitAreNamed() {
    IntTensor index = IntTensor.of(new int[10], 5, 2);
    assertThatThrownBy(() -> Indexing.gather(X, 1, index))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "gather: index of shape (5, 2) for axis 1 of shape (4, 3); expected it no longer along"
                + " axis 0");
    assertThatThrownBy(() -> Indexing.gather(X, 1, IntTensor.of(0)))
        .hasMessage("gather: index of shape (1) for shape (4, 3); expected as many axes");
    assertThatThrownBy(() -> Indexing.takeAlongAxis(X, 1, index))
        .hasMessageStartingWith("takeAlongAxis: shapes (4, 1) and (5, 1) do not broadcast");
    assertThatThrownBy(() -> Indexing.indexSelect(X, 1, index))
        .hasMessage("indexSelect: indices of shape (5, 2); expected one axis");
    assertThatThrownBy(() -> Indexing.scatterAdd(X, 0, index.slice(0, 4), X))
        .hasMessage(
            "scatterAdd: source of shape (4, 3) and index of shape (4, 2); expected equal shapes");
    assertThatThrownBy(() -> Masking.maskedFill(X, Tensors.ones(2, 4, 3), 0))
        .hasMessage(
            "maskedFill: mask of shape (2, 4, 3) for shape (4, 3); expected one that broadcasts to"
                + " it");
    assertThatThrownBy(() -> Indexing.embedding(X.select(0, 0), IntTensor.of(0)))
        .hasMessage("embedding: weight of shape (3); expected two axes, rows and features");
  }

  @Test
  void gradientsOfWideSlicesAreSummedWholeOneSliceAfterAnother() {
    int width = 1500; // more than is summed together
    IntTensor index = IntTensor.of(3, 0, 3, 3, 1);
    Tensor source = normal(7, 2, 5, width);
    Tensor sums = Recorder.apply(new Indexing.IndexAdd(1, index, 4), source);
    for (int outer = 0; outer < 2; outer++) {
      Tensor rows = source.select(0, outer);
      Tensor expected =
          Joining.stack(
              0,
              rows.select(0, 1),
              rows.select(0, 4),
              Tensors.zeros(Shape.of(width), DType.FLOAT64),
              rows.select(0, 0).plus(rows.select(0, 2)).plus(rows.select(0, 3)));
      assertThat(sums.select(0, outer).toDoubleArray()).containsExactly(expected.toDoubleArray());
    }
  }

  @Test
  void whatMeetsInOverlappingPoolsIsAddedUp() {
    Tensor x = Tensor.of(new double[][] {{1, 2, 9, 2, 1}});
    Tensor overlapping =
        Derivatives.vjp(in -> Pooling.maxPool1d(in, 3, 1, 0), x, Tensors.ones(1, 3));
    assertThat(overlapping.toDoubleArray()).containsExactly(0, 0, 3, 0, 0);
    Tensor beside = Derivatives.vjp(in -> Pooling.maxPool1d(in, 2, 2, 0), x, Tensors.ones(1, 2));
    assertThat(beside.toDoubleArray()).containsExactly(0, 1, 1, 0, 0);
  }
}
