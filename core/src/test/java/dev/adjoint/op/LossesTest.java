package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LossesTest {

  private static final double INF = Double.POSITIVE_INFINITY;

  /** But for the sign of zeros. */
  private static final Offset<Double> EXACTLY = within(0.0);

  // ---- of numbers ----------------------------------------------------------------------------

  @Test
  void theReductionsAreOfTheSameElements() {
    Tensor x = Tensor.of(1.0, 2.0, 4.0);
    Tensor y = Tensor.of(1.0, 0.0, 1.0);
    assertThat(Losses.mse(x, y, Reduction.NONE).toDoubleArray()).containsExactly(0, 4, 9);
    assertThat(Losses.mse(x, y, Reduction.SUM).item()).isEqualTo(13);
    assertThat(Losses.mse(x, y, Reduction.MEAN).item()).isEqualTo(13 / 3.0);
    assertThat(Losses.mse(x, y).item()).isEqualTo(13 / 3.0);
    assertThat(Losses.l1(x, y).item()).isEqualTo(5 / 3.0);
    assertThat(Losses.mse(Tensors.zeros(0), Tensors.zeros(0)).item()).isNaN();
  }

  @Test
  void huberIsSquareWithinDeltaAndStraightBeyond() {
    Tensor x = Tensor.of(-1e4, -2, -1, 0, 2, 3).tracked();
    Tensor loss = Losses.huber(x, Tensors.zeros(Shape.of(6), DType.FLOAT64), 2, Reduction.NONE);
    assertThat(loss.toDoubleArray()).containsExactly(19_998, 2, 0.5, 0, 2, 4);
    assertThat(loss.sum().backward().of(x).toDoubleArray()).containsExactly(-2, -2, -1, 0, 2, 2);
  }

  @Test
  void huberBendsAsASquareWhereThePredictionIsTheTarget() {
    Tensor x = Tensor.of(-3.0, -1, 0, 1, 3).tracked();
    Tensor zeros = Tensors.zeros(x.shape(), DType.FLOAT64);
    Tensor loss = Losses.huber(x, zeros, 2, Reduction.SUM);
    Tensor slope = Backward.wrt(x).createGraph().of(loss).of(x);
    assertThat(Backward.wrt(x).of(slope.sum()).of(x).toDoubleArray())
        .containsExactly(0, 1, 1, 1, 0);
  }

  // ---- of probabilities ----------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void extremeLogitsOverflowNowhere(DType dtype) {
    Tensor x = Tensor.of(1e4, -1e4, 1e4, -1e4).to(dtype).tracked();
    Tensor t = Tensor.of(1.0, 0.0, 0.0, 1.0).to(dtype);
    Tensor binary = Losses.binaryCrossEntropyWithLogits(x, t, Tensors.ones(), Reduction.NONE);
    assertThat(binary.toDoubleArray()).containsExactly(0, 0, 1e4, 1e4);
    assertThat(binary.sum().backward().of(x).toDoubleArray())
        .containsExactly(new double[] {0, 0, 1, -1}, EXACTLY);

    Tensor logits = Tensor.of(new double[][] {{1e4, -1e4}, {1e4, -1e4}}).to(dtype).tracked();
    for (double smoothing : new double[] {0, 0.5}) {
      Tensor loss =
          Losses.crossEntropy(
              logits,
              IntTensor.of(0, 1),
              CrossEntropyOptions.DEFAULT.labelSmoothing(smoothing),
              Reduction.NONE);
      assertThat(loss.toDoubleArray())
          .containsExactly(2e4 * smoothing / 2, 2e4 * (1 - smoothing / 2));
      double half = smoothing / 2;
      assertThat(loss.sum().backward().of(logits).toDoubleArray())
          .containsExactly(new double[] {half, -half, 1 - half, half - 1}, EXACTLY);
    }
    Tensor divergence = Losses.klDiv(logits.logSoftmax(-1), logits.untracked().softmax(-1));
    assertThat(divergence.item()).isZero();
    assertThat(divergence.backward().of(logits).toDoubleArray()).containsExactly(0, 0, 0, 0);
  }

  @Test
  void binaryCrossEntropyKeepsItsAccuracyNearCertainty() {
    Tensor x = Tensor.of(40f, -40f).tracked();
    Tensor t = Tensor.of(1f, 0f);
    Tensor loss = Losses.binaryCrossEntropyWithLogits(x, t, Tensors.ones(), Reduction.NONE);
    double rest = Math.exp(-40);
    assertThat(loss.toDoubleArray())
        .containsExactly(new double[] {rest, rest}, within(rest * 1e-6));
    assertThat(loss.sum().backward().of(x).toDoubleArray())
        .containsExactly(new double[] {-rest, rest}, within(rest * 1e-6));
  }

  @Test
  void aPositiveWeightCountsPositiveTargetsMore() {
    Tensor x = Tensor.of(new double[][] {{0.3, -0.2}, {1, 2}});
    Tensor t = Tensor.of(new double[][] {{1, 0}, {0, 1}});
    Tensor plain = Losses.binaryCrossEntropyWithLogits(x, t, Tensors.ones(), Reduction.NONE);
    Tensor weight = Tensor.of(3.0, 5.0);
    Tensor weighted = Losses.binaryCrossEntropyWithLogits(x, t, weight, Reduction.NONE);
    Tensor factors = Tensor.of(new double[][] {{3, 1}, {1, 5}});
    assertClose("weighted", weighted, plain.times(factors), 1e-15);
  }

  @Test
  void aClassOfTargetZeroAddsNothingToADivergence() {
    Tensor logq = Tensor.of(Math.log(0.25), -INF, Math.log(0.75)).tracked();
    Tensor p = Tensor.of(0.5, 0.0, 0.5);
    double expected = 0.5 * Math.log(2) + 0.5 * Math.log(2 / 3.0);
    for (boolean log : new boolean[] {false, true}) {
      Tensor target = (log ? p.log() : p).tracked();
      Tensor loss = Losses.klDiv(logq, target, log, Reduction.SUM);
      assertThat(loss.item()).isCloseTo(expected, within(1e-15));
      var gradients = loss.backward();
      assertThat(gradients.of(logq).toDoubleArray())
          .containsExactly(new double[] {-0.5, 0, -0.5}, EXACTLY);
      assertThat(gradients.of(target).isFinite().all().item()).isEqualTo(1);
      Tensor again = Backward.wrt(logq, target).createGraph().of(loss).of(target).square().sum();
      assertThat(again.backward().of(logq).isFinite().all().item()).isEqualTo(1);
    }
    Tensor wrong = Losses.klDiv(logq, Tensor.of(0.5, 0.5, 0.0));
    assertThat(wrong.item()).as("what was thought impossible").isEqualTo(INF);
  }

  @Test
  void theMeanDivergenceIsOverRows() {
    Tensor logq = normal(1, 2, 3, 4).logSoftmax(-1);
    Tensor p = normal(2, 2, 3, 4).softmax(-1);
    Tensor rows = Losses.klDiv(logq, p, false, Reduction.NONE);
    assertThat(rows.shape()).isEqualTo(Shape.of(2, 3));
    assertThat(rows.min().item()).isPositive();
    assertThat(Losses.klDiv(logq, p).item()).isCloseTo(rows.sum().item() / 6, within(1e-15));
  }

  // ---- of pairs ------------------------------------------------------------------------------

  @Test
  void pairsThatAreNotAlikeAreMarkedByZeroOrMinusOne() {
    Tensor distances = Tensor.of(0.25, 3.0, 0.25, 3.0);
    Tensor a = Tensor.of(new double[][] {{1, 0}, {1, 0}, {1, 0}, {1, 0}});
    Tensor b = Tensor.of(new double[][] {{2, 0}, {0, 3}, {2, 0}, {-4, 0}});
    for (double not : new double[] {0, -1}) {
      Tensor alike = Tensor.of(1, 1, not, not);
      assertThat(Losses.hingeEmbedding(distances, alike, 1, Reduction.NONE).toDoubleArray())
          .containsExactly(0.25, 3, 0.75, 0);
      assertThat(Losses.cosineEmbedding(a, b, alike, 0.25, Reduction.NONE).toDoubleArray())
          .containsExactly(new double[] {0, 1, 0.75, 0}, within(1e-15));
    }
  }

  @Test
  void aZeroVectorIsLikeNothingAndHasNoGradient() {
    Tensor a = Tensor.of(new double[][] {{0, 0}, {3, 4}}).tracked();
    Tensor b = Tensor.of(new double[][] {{1, 2}, {4, 3}});
    Tensor cosine = Losses.cosineSimilarity(a, b, 1);
    assertThat(cosine.toDoubleArray()).containsExactly(new double[] {0, 0.96}, within(1e-15));
    double[] gradient = cosine.sum().backward().of(a).toDoubleArray();
    // b / (|a| |b|) - cosine a / |a|^2
    assertThat(gradient)
        .containsExactly(
            new double[] {0, 0, 4 / 25.0 - 0.96 * 3 / 25, 3 / 25.0 - 0.96 * 4 / 25}, within(1e-15));
  }

  @Test
  void cosinesDoNotDependOnLengths() {
    Tensor a = normal(1, 3, 5).to(DType.FLOAT32);
    Tensor b = normal(2, 3, 5).to(DType.FLOAT32);
    Tensor cosine = Losses.cosineSimilarity(a, b, -1);
    assertClose(
        "long and short", Losses.cosineSimilarity(a.times(1e4), b.times(1e-4), -1), cosine, 1e-6);
    assertClose("itself", Losses.cosineSimilarity(a, a, -1), Tensors.ones(3), 1e-6);
  }

  // ---- misuse --------------------------------------------------------------------------------

  @Test
  void nothingBroadcasts() {
    Tensor column = Tensors.ones(3, 1);
    Tensor row = Tensors.ones(3);
    record Named(String name, BiFunction<Tensor, Tensor, Tensor> loss, String... names) {}
    for (Named named :
        List.of(
            new Named("mse", Losses::mse, "prediction", "target"),
            new Named("l1", Losses::l1, "prediction", "target"),
            new Named("huber", Losses::huber, "prediction", "target"),
            new Named("klDiv", Losses::klDiv, "log-probabilities", "target"),
            new Named(
                "binaryCrossEntropyWithLogits",
                Losses::binaryCrossEntropyWithLogits,
                "logits",
                "targets"),
            new Named("hingeEmbedding", Losses::hingeEmbedding, "distances", "pairs"),
            new Named(
                "cosineSimilarity",
                (a, b) -> Losses.cosineSimilarity(a, b, -1),
                "vectors",
                "others"),
            new Named(
                "cosineEmbedding",
                (a, b) -> Losses.cosineEmbedding(a, b, Tensors.ones(3)),
                "vectors",
                "others"))) {
      assertThatThrownBy(() -> named.loss().apply(column, row))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "%s: %s of shape (3, 1) and %s of shape (3); expected equal shapes, expand() to broadcast"
                  .formatted(named.name(), named.names()[0], named.names()[1]));
    }
    assertThatThrownBy(() -> Losses.cosineEmbedding(column, column, column))
        .hasMessage(
            "cosineEmbedding: cosines of shape (3) and pairs of shape (3, 1); expected equal"
                + " shapes, expand() to broadcast");
    assertThatThrownBy(
            () -> Losses.binaryCrossEntropyWithLogits(row, row, Tensors.ones(2), Reduction.SUM))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "binaryCrossEntropyWithLogits: positive weight of shape (2) for logits of shape (3);"
                + " expected one that broadcasts to it");
  }

  @Test
  void numbersOutOfRangeAndMissingAxesAreNamed() {
    Tensor x = Tensors.ones(3);
    Tensor scalar = Tensors.ones();
    for (double delta : new double[] {0, -1, Double.NaN}) {
      assertThatThrownBy(() -> Losses.huber(x, x, delta, Reduction.SUM))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("huber: delta %s; expected above 0".formatted(delta));
    }
    assertThatThrownBy(() -> Losses.klDiv(scalar, scalar))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("klDiv:", "()", "scalar");
    assertThatThrownBy(() -> Losses.cosineSimilarity(x, x, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("cosineSimilarity:", "axis 1", "(3)");
  }

  // ---- what a table of operations cannot see -------------------------------------------------

  @Test
  void differentTypesArePromoted() {
    Tensor wide = Tensor.of(0.1, 0.2);
    Tensor narrow = Tensor.of(0.3f, 0.4f);
    Function<Tensor, DType> type = Tensor::dtype;
    assertThat(
            List.of(
                Losses.mse(wide, narrow),
                Losses.klDiv(narrow, wide),
                Losses.binaryCrossEntropyWithLogits(narrow, wide),
                Losses.cosineSimilarity(narrow, wide, 0),
                Losses.hingeEmbedding(narrow, wide)))
        .extracting(type)
        .containsExactly(DType.FLOAT64, DType.FLOAT64, DType.FLOAT64, DType.FLOAT64, DType.FLOAT32);
  }
}
