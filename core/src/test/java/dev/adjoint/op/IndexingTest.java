package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
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
    assertThat(Scattering.scatterAdd(X, 0, index, source).toDoubleArray())
        .containsExactly(5, 3, 2, 10, 11, 12, 20, 26, 22, 30, 31, 41);
  }

  @Test
  void ofWhatIsScatteredToOnePlaceTheLastStaysAndHasTheGradient() {
    IntTensor index = IntTensor.of(new int[][] {{0, 0, 3}, {0, 2, 3}});
    Tensor source = Tensor.of(new double[][] {{1, 2, 3}, {4, 5, 6}}).tracked();
    Tensor x = X.tracked();
    Tensor y = Scattering.scatter(x, 0, index, source);
    assertThat(y.toDoubleArray()).containsExactly(4, 2, 2, 10, 11, 12, 20, 5, 22, 30, 31, 6);
    Gradients gradients = y.times(X).sum().backward();
    assertThat(gradients.of(source).toDoubleArray()).containsExactly(0, 1, 0, 0, 21, 32);
    assertThat(gradients.of(x).toDoubleArray())
        .containsExactly(0, 0, 2, 10, 11, 12, 20, 0, 22, 30, 31, 0);
    assertThat(Scattering.scatter(X, 1, IntTensor.of(new int[][] {{2}, {0}}), -1).toDoubleArray())
        .containsExactly(0, 1, -1, -1, 11, 12, 20, 21, 22, 30, 31, 32);
    Tensor scalar = Scattering.scatter(Tensor.scalar(2), 0, IntTensor.of(0).reshape(), 5);
    assertThat(scalar.item()).isEqualTo(5);
  }

  @Test
  void aNanThatIsOverwrittenLeavesNoTrace() {
    Tensor x = Tensor.of(Double.NaN, 1.0).tracked();
    Tensor source = Tensor.of(Double.POSITIVE_INFINITY, 3.0).tracked();
    Tensor y = Scattering.scatter(x, 0, IntTensor.of(0, 0), source).log();
    Gradients gradients = y.sum().backward();
    assertThat(gradients.of(x).toDoubleArray()).containsExactly(0, 1);
    assertThat(gradients.of(source).toDoubleArray()).containsExactly(0, 1 / 3.0);
  }

  @Test
  void indicesAlongLeadingAxesReadAndWriteTheSamePlaces() {
    IntTensor rows = IntTensor.of(new int[][] {{3}, {1}});
    IntTensor columns = IntTensor.of(2, 0);
    assertThat(Indexing.index(X, rows, columns).toDoubleArray()).containsExactly(32, 30, 12, 10);
    assertThat(Indexing.index(X, IntTensor.of(2)).toDoubleArray()).containsExactly(20, 21, 22);
    Tensor put = Scattering.indexPut(X, List.of(rows, columns), Tensor.of(7.0, 8.0));
    assertThat(put.toDoubleArray()).containsExactly(0, 1, 2, 8, 11, 7, 20, 21, 22, 8, 31, 7);
    // Whole rows, the second of two for row 1; and a mask's elements, by their indices.
    Tensor two = Tensor.of(new double[][] {{1, 2, 3}, {4, 5, 6}});
    IntTensor same = IntTensor.of(1, 1);
    assertThat(Scattering.indexPut(X, List.of(same), two).select(0, 1).toDoubleArray())
        .containsExactly(4, 5, 6);
    assertThat(Scattering.indexPut(X, List.of(same), two, true).select(0, 1).toDoubleArray())
        .containsExactly(15, 18, 21);
    IntTensor large = Masking.nonzero(X.greater(21));
    assertThat(large).isEqualTo(IntTensor.of(new int[][] {{2, 2}, {3, 0}, {3, 1}, {3, 2}}));
    assertThat(Indexing.index(X, large.select(1, 0), large.select(1, 1)).toDoubleArray())
        .containsExactly(Masking.maskedSelect(X, X.greater(21)).toDoubleArray());
  }

  @Test
  void indexAddAddsSlices() {
    Tensor source = Tensor.of(new double[][] {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
    assertThat(Scattering.indexAdd(X, 0, IntTensor.of(3, 0, 3), source).toDoubleArray())
        .containsExactly(4, 6, 8, 10, 11, 12, 20, 21, 22, 38, 41, 44);
  }

  @Test
  void masksSelectAndScatterInReadingOrder() {
    Tensor mask = Tensor.of(new double[][] {{0, Double.NaN, 1e-300}});
    assertThat(Masking.maskedSelect(X.slice(0, 0, 2), mask).toDoubleArray())
        .containsExactly(1, 2, 11, 12);
    assertThat(Masking.maskedSelect(Tensor.scalar(5), Tensors.ones(3)).toDoubleArray())
        .containsExactly(5, 5, 5);
    Tensor scattered =
        Masking.maskedScatter(X.slice(0, 0, 2), mask, Tensors.arange(5, 10, 1, DType.FLOAT64));
    assertThat(scattered.toDoubleArray()).containsExactly(0, 5, 6, 10, 7, 8);
    assertThat(Masking.nonzero(Tensor.scalar(3)).shape()).isEqualTo(Shape.of(1, 0));
    assertThat(Masking.nonzero(Tensors.zeros(2, 3)).shape()).isEqualTo(Shape.of(0, 2));
    Tensor none = Masking.maskedSelect(X, Tensors.zeros(3));
    assertThat(none.shape()).isEqualTo(Shape.of(0));
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
        v -> Scattering.scatterAdd(v[0], 1, index, v[1]).square(), x, normal(2, 2, 2, 2));
    FiniteDifferences.check(
        v -> Indexing.embedding(v[0], IntTensor.of(new int[][] {{1, 1}, {0, 1}})).square(),
        normal(3, 2, 3));
    FiniteDifferences.check(
        v -> Scattering.scatter(v[0], 1, index, v[1]).square(), x, normal(2, 2, 2, 2));
    List<IntTensor> places = List.of(IntTensor.of(1, 0, 1), IntTensor.of(2, 1, 2));
    FiniteDifferences.check(
        v -> Scattering.indexPut(v[0].sin(), places, v[1]).square(), x, normal(2, 3, 2));
    FiniteDifferences.check(
        v -> Scattering.indexPut(v[0].sin(), places, v[1], true).square(), x, normal(2, 2));
    Tensor mask = Tensor.of(1f, 0f);
    FiniteDifferences.check(v -> Masking.maskedSelect(v[0].square(), mask).sin(), x);
    FiniteDifferences.check(
        v -> Masking.maskedScatter(v[0].sin(), mask, v[1]).square(), x, normal(2, 3, 3));
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
    IntTensor threes = IntTensor.of(new int[][] {{3, 3}});
    assertThatThrownBy(() -> Indexing.index(X, threes, threes))
        .hasMessage(
            "index: index 3 at position [0, 0] is outside axis 1 of shape (4, 3); expected 0 to 2");
    assertThatThrownBy(() -> Scattering.indexPut(X, List.of(IntTensor.of(-1)), X.select(0, 0)))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage(
            "indexPut: index -1 at position [0] is outside axis 0 of shape (4, 3); expected 0 to"
                + " 3");
    assertThatThrownBy(() -> Scattering.scatter(X, 1, threes, 0))
        .hasMessage(
            "scatter: index 3 at position [0, 0] is outside axis 1 of shape (4, 3); expected 0 to"
                + " 2");
    assertThatThrownBy(() -> Scattering.indexAdd(X, 1, IntTensor.of(3), X))
        .hasMessage(
            "indexAdd: index 3 at position [0] is outside axis 1 of shape (4, 3); expected 0 to 2");
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
    assertThatThrownBy(() -> Scattering.scatterAdd(X, 0, index.slice(0, 4), X))
        .hasMessage(
            "scatterAdd: source of shape (4, 3) and index of shape (4, 2); expected equal shapes");
    assertThatThrownBy(() -> Scattering.scatter(X, 0, index.slice(0, 4), X))
        .hasMessage(
            "scatter: source of shape (4, 3) and index of shape (4, 2); expected equal shapes");
    IntTensor two = IntTensor.of(0, 1);
    assertThatThrownBy(() -> Scattering.indexAdd(X, 0, two, X))
        .hasMessage(
            "indexAdd: source of shape (4, 3) for 2 indices along axis 0 of shape (4, 3); expected"
                + " (2, 3)");
    assertThatThrownBy(() -> Indexing.index(X, two, two, two))
        .hasMessage(
            "index: 3 indices for shape (4, 3); expected one for each of its leading axes, at"
                + " least one");
    assertThatThrownBy(() -> Indexing.index(X, two, IntTensor.of(0, 1, 2)))
        .hasMessageStartingWith("index: shapes (2) and (3) do not broadcast");
    assertThatThrownBy(() -> Scattering.indexPut(X, List.of(two), Tensors.ones(3, 3)))
        .hasMessage(
            "indexPut: values of shape (3, 3) for 1 indices of shape (4, 3); expected them to"
                + " broadcast to (2, 3)");
    assertThatThrownBy(() -> Masking.maskedScatter(X, Tensors.ones(3), Tensors.ones(5)))
        .hasMessage(
            "maskedScatter: source of shape (5) for 12 elements of shape (4, 3); expected as many,"
                + " or more");
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
    Tensor sums = Recorder.apply(new Slices.IndexAdd(1, index, 4), source);
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
