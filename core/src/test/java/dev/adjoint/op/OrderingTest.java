package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OrderingTest {

  private static final double NAN = Double.NaN;
  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final Tensor X = Tensor.of(new double[][] {{3, 1, 2}, {-1, 5, 0}});

  @Test
  void sortGivesValuesAndWhereTheyWere() {
    Indexed rows = X.sort(1);
    assertThat(rows.values().toDoubleArray()).containsExactly(1, 2, 3, -1, 0, 5);
    assertThat(rows.indices()).isEqualTo(IntTensor.of(new int[][] {{1, 2, 0}, {0, 2, 1}}));
    Indexed columns = X.sort(-2, true);
    assertThat(columns.values().toDoubleArray()).containsExactly(3, 5, 2, -1, 1, 0);
    assertThat(columns.indices()).isEqualTo(IntTensor.of(new int[][] {{0, 1, 0}, {1, 0, 1}}));
    assertThat(Indexing.takeAlongAxis(X, 0, X.argsort(0, true)).toDoubleArray())
        .isEqualTo(columns.values().toDoubleArray());
  }

  @Test
  void equalElementsStayInTheirOrderBothWays() {
    Tensor x = Tensor.of(1.0, 0.0, 1.0, -0.0, 1.0, 0.0);
    assertThat(x.argsort(0).toArray()).containsExactly(1, 3, 5, 0, 2, 4);
    assertThat(x.argsort(0, true).toArray()).containsExactly(0, 2, 4, 1, 3, 5);
    assertThat(x.topK(2, 0).indices().toArray()).containsExactly(0, 2);
    assertThat(x.topK(2, 0, false).indices().toArray()).containsExactly(1, 3);
    assertThat(1 / x.topK(2, 0, false).values().get(1)).isEqualTo(-INFINITY); // -0 as it was
  }

  @Test
  void nanIsTheLargest() {
    Tensor x = Tensor.of(NAN, INFINITY, -INFINITY, NAN, 2);
    assertThat(x.sort(0).values().toDoubleArray())
        .containsExactly(-INFINITY, 2, INFINITY, NAN, NAN);
    assertThat(x.argsort(0, true).toArray()).containsExactly(0, 3, 1, 4, 2);
    assertThat(x.topK(3, 0, false).values().toDoubleArray())
        .containsExactly(-INFINITY, 2, INFINITY);
    // As a number whose sign and payload are any.
    float other = Float.intBitsToFloat(0xffc0_1234);
    assertThat(Tensor.of(other, 1, Float.NaN).argsort(0).toArray()).containsExactly(1, 0, 2);
  }

  @Test
  void longRowsAreSortedAsByTheJdk() {
    Generator generator = Generator.seeded(3);
    for (int n : new int[] {63, 64, 65, 129, 1000, 70_000}) {
      Tensor x = generator.normal(0, 1, Shape.of(2, n), DType.FLOAT64);
      Tensor coarse = x.times(20).round(); // many are equal
      for (Tensor rows : new Tensor[] {x, x.to(DType.FLOAT32), coarse, coarse.times(-1e300)}) {
        double[] row = rows.select(0, 1).toDoubleArray();
        int[] order =
            IntStream.range(0, n)
                .boxed()
                .sorted((a, b) -> Double.compare(row[a] + 0.0, row[b] + 0.0))
                .mapToInt(i -> i)
                .toArray();
        assertThat(rows.argsort(1).slice(1, 2).toArray()).isEqualTo(order);
        for (int k : new int[] {1, 10, 40, n / 3}) {
          assertThat(rows.topK(k, 1, false).indices().slice(1, 2).toArray())
              .isEqualTo(Arrays.copyOf(order, k));
          assertThat(rows.topK(k, 1).indices()).isEqualTo(firstColumns(rows.argsort(1, true), k));
        }
      }
    }
  }

  private static IntTensor firstColumns(IntTensor rows, int k) {
    return IntTensor.of(rows.toTensor(DType.FLOAT64).slice(1, 0, k));
  }

  @Test
  void theLargestOfRowsThatAscendAreFoundThoughEachComesLast() {
    Tensor x = Tensors.arange(0, 5000, 1, DType.FLOAT64);
    assertThat(x.topK(3, 0).indices().toArray()).containsExactly(4999, 4998, 4997);
    assertThat(x.topK(3, 0, false).indices().toArray()).containsExactly(0, 1, 2);
  }

  @Test
  void theMedianIsTheLowerOfTwoInTheMiddle() {
    Tensor x = Tensor.of(new double[][] {{4, 1, 3, 2}, {7, NAN, 5, NAN}});
    Indexed rows = x.median(1);
    assertThat(rows.values().toDoubleArray()).containsExactly(2, NAN);
    assertThat(rows.indices()).isEqualTo(IntTensor.of(3, 1));
    assertThat(x.median().item()).isNaN();
    assertThat(x.select(0, 0).median().item()).isEqualTo(2);
    assertThat(Tensors.zeros(0, 3).median().item()).isNaN();
    assertThat(Tensors.zeros(0, 3).median(1).values().shape()).isEqualTo(Shape.of(0));
    // Of equal ones a stable sort puts the second of three there.
    assertThat(Tensor.of(2.0, 2.0, 2.0).median(0).indices().get(0)).isEqualTo(1);
  }

  @Test
  void elementsEqualToTheMedianOfAllShareItsGradient() {
    Tensor x = Tensor.of(new double[][] {{3, 1}, {3, 5}}).tracked();
    assertThat(x.median().backward().of(x).toDoubleArray()).containsExactly(0.5, 0, 0.5, 0);
    Tensor along = x.median(0).values().sum();
    assertThat(along.backward().of(x).toDoubleArray()).containsExactly(1, 1, 0, 0);
  }

  @Test
  void quantilesInterpolateBetweenNeighbors() {
    Tensor x = Tensor.of(40.0, 10.0, 30.0, 20.0);
    assertThat(x.quantile(0.5).item()).isEqualTo(25);
    assertThat(x.quantile(0.1).item()).isEqualTo(13);
    Tensor several =
        Tensor.of(new double[][] {{1, 3}, {7, 5}}).quantile(new double[] {0, 0.25, 1}, 1);
    assertThat(several.shape()).isEqualTo(Shape.of(3, 2));
    assertThat(several.toDoubleArray()).containsExactly(1, 5, 1.5, 5.5, 3, 7);
    assertThat(x.quantile(new double[0]).shape()).isEqualTo(Shape.of(0));
    assertThat(Tensor.scalar(7).quantile(0.3).item()).isEqualTo(7);
    float tenth = 0.1f;
    assertThat(Tensor.of(tenth, tenth, tenth, tenth).quantile(0.37).item()).isEqualTo(tenth);
  }

  @Test
  void aQuantileIsNanOnlyWhereAnElementIsOrInfinitiesDisagree() {
    assertThat(Tensor.of(1, NAN, 2).quantile(new double[] {0, 0.5, 1}).toDoubleArray())
        .containsExactly(NAN, NAN, NAN);
    double[] q = {0, 0.2, 0.5, 0.8, 1};
    assertThat(Tensor.of(INFINITY, 1, INFINITY, -INFINITY, -INFINITY).quantile(q).toDoubleArray())
        .containsExactly(-INFINITY, -INFINITY, 1, INFINITY, INFINITY);
    assertThat(Tensor.of(1, INFINITY).quantile(q).toDoubleArray())
        .containsExactly(1, INFINITY, INFINITY, INFINITY, INFINITY);
    assertThat(Tensor.of(-INFINITY, INFINITY).quantile(0.5).item()).isNaN();
  }

  @Test
  void equalNeighborsShareTheGradientOfAQuantileByItsWeights() {
    Tensor x = Tensor.of(2.0, 2.0).tracked();
    assertThat(x.quantile(0.25).backward().of(x).toDoubleArray()).containsExactly(0.75, 0.25);
  }

  @Test
  void uniqueTellsHowOftenAndWhere() {
    Tensor x = Tensor.of(new double[][] {{2, NAN, 0}, {-0.0, 2, NAN}}).tracked();
    Unique<Tensor> unique = x.unique();
    assertThat(unique.values().toDoubleArray()).containsExactly(0, 2, NAN, NAN);
    assertThat(unique.counts()).isEqualTo(IntTensor.of(2, 2, 1, 1));
    assertThat(unique.inverse()).isEqualTo(IntTensor.of(new int[][] {{1, 2, 0}, {0, 1, 3}}));
    Tensor seed = Tensor.of(5.0, 7.0, 0.0, 0.0);
    assertThat(unique.values().backward(seed).of(x).toDoubleArray())
        .containsExactly(7, 0, 5, 0, 0, 0);
    Unique<Tensor> none = Tensors.zeros(2, 0).unique();
    assertThat(none.values().shape()).isEqualTo(Shape.of(0));
    assertThat(none.inverse().shape()).isEqualTo(Shape.of(2, 0));
  }

  @Test
  void uniqueOfWholeNumbersToo() {
    int most = Integer.MAX_VALUE;
    Unique<IntTensor> unique =
        IntTensor.of(new int[][] {{3, most, -1}, {Integer.MIN_VALUE, 3, 3}}).unique();
    assertThat(unique.values()).isEqualTo(IntTensor.of(Integer.MIN_VALUE, -1, 3, most));
    assertThat(unique.counts()).isEqualTo(IntTensor.of(1, 1, 3, 1));
    assertThat(unique.inverse()).isEqualTo(IntTensor.of(new int[][] {{2, 3, 1}, {0, 2, 2}}));
  }

  @Test
  void aScalarIsSortedAlongAxisZero() {
    Tensor x = Tensor.scalar(3, DType.FLOAT64).tracked();
    Indexed sorted = x.sort(-1, true);
    assertThat(sorted.values().shape()).isEqualTo(Shape.of());
    assertThat(sorted.indices().shape()).isEqualTo(Shape.of());
    assertThat(sorted.values().square().backward().of(x).item()).isEqualTo(6);
    assertThat(x.median(0).values().shape()).isEqualTo(Shape.of());
    assertThat(x.topK(1, 0).values().item()).isEqualTo(3);
    assertThat(x.topK(0, 0).values().shape()).isEqualTo(Shape.of(0));
    assertThat(x.unique().values().toDoubleArray()).containsExactly(3);
  }

  @Test
  void nothingIsSortedToNothing() {
    assertThat(Tensors.zeros(0).sort(0).values().shape()).isEqualTo(Shape.of(0));
    assertThat(Tensors.zeros(2, 0, 3).sort(0).indices().shape()).isEqualTo(Shape.of(2, 0, 3));
    assertThat(X.topK(0, 1).indices().shape()).isEqualTo(Shape.of(2, 0));
  }

  @Test
  void gradientsOfEveryOrderFlowToWhereElementsWere() {
    Tensor x = normal(4, 2, 5, 3);
    FiniteDifferences.check(v -> v[0].square().sort(1, true).values().sin(), x);
    FiniteDifferences.check(v -> v[0].sin().topK(2, -2).values().square(), x);
    FiniteDifferences.check(v -> v[0].square().median(1).values().sin(), x);
    FiniteDifferences.check(v -> v[0].quantile(new double[] {0.3, 0.6}, 0, 2).square(), x);
    FiniteDifferences.check(v -> v[0].median().square(), x);
  }

  @Test
  void resultsAreTheSameOnAnyNumberOfThreads() {
    Tensor x = Generator.seeded(8).normal(300, 90);
    for (int axis = 0; axis < 2; axis++) {
      int along = axis;
      Indexed one = Parallel.withThreads(1, () -> x.sort(along));
      Indexed four = Parallel.withThreads(4, () -> x.sort(along));
      assertThat(four.indices()).isEqualTo(one.indices());
      assertThat(four.values().toFloatArray()).isEqualTo(one.values().toFloatArray());
    }
  }

  @Test
  void misusesAreNamed() {
    assertThatThrownBy(() -> X.topK(4, 1))
        .hasMessage("topK: k is 4 for axis 1 of shape (2, 3); expected 0 to 3");
    assertThatThrownBy(() -> X.topK(-1, 0))
        .hasMessage("topK: k is -1 for axis 0 of shape (2, 3); expected 0 to 2");
    assertThatThrownBy(() -> Tensors.ones(2, 0).median(1))
        .hasMessage("median: no elements to choose from along axis 1 of shape (2, 0)");
    assertThatThrownBy(() -> Tensors.ones(2, 0).quantile(0.5, 1))
        .hasMessage("quantile: no elements to choose from along axes [1] of shape (2, 0)");
    assertThatThrownBy(() -> X.quantile(1.5)).hasMessage("quantile: q is 1.5; expected 0 to 1");
    assertThatThrownBy(() -> X.quantile(new double[] {0, NAN}, 0))
        .hasMessage("quantile: q is NaN; expected 0 to 1");
  }
}
