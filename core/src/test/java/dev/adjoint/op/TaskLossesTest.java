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
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Extremes, identities and misuse of the losses of {@link TaskLossRows}. */
class TaskLossesTest {

  private static final Offset<Double> EXACTLY = within(0.0); // but for the sign of zeros

  // ---- of distributions ----------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void aVarianceOfZeroIsEpsilonAndCanGrow(DType dtype) {
    Tensor mean = Tensor.of(1.0, 1.0).to(dtype);
    Tensor target = Tensor.of(1.0, 3.0).to(dtype);
    Tensor variance = Tensors.zeros(Shape.of(2), dtype).tracked();
    Tensor loss =
        DistributionLosses.gaussianNll(mean, target, variance, false, 0.25, Reduction.NONE);
    double log = Math.log(0.25) / 2;
    assertThat(loss.toDoubleArray()).containsExactly(new double[] {log, log + 8}, within(1e-6));
    // (1 / v - d^2 / v^2) / 2 at v = 1 / 4
    assertThat(loss.sum().backward().of(variance).toDoubleArray()).containsExactly(2, -30);
  }

  @Test
  void aGaussianOfVarianceOneIsHalfTheSquaredError() {
    Tensor x = normal(1, 3, 4);
    Tensor y = normal(2, 3, 4);
    Tensor half = Losses.mse(x, y, Reduction.NONE).times(0.5);
    Tensor one = Tensors.ones(Shape.of(), DType.FLOAT64);
    assertClose(
        "gaussian",
        DistributionLosses.gaussianNll(x, y, one, false, 1e-6, Reduction.NONE),
        half,
        1e-15);
  }

  @Test
  void aRateOfZeroCostsNothingWhereNothingWasCounted() {
    Tensor rate = Tensor.of(0.0, 0.0, 2.0).tracked();
    Tensor count = Tensor.of(0.0, 3.0, 2.0);
    Tensor loss = DistributionLosses.poissonNll(rate, count, false, false, 1e-8, Reduction.NONE);
    assertThat(loss.toDoubleArray())
        .containsExactly(new double[] {0, -3 * Math.log(1e-8), 2 - 2 * Math.log(2)}, within(1e-7));
    assertThat(loss.isFinite().all().item()).isEqualTo(1);
    assertThat(loss.sum().backward().of(rate).isFinite().all().item()).isEqualTo(1);
    Tensor log = Tensor.of(-1e4, 1e4);
    assertThat(
            DistributionLosses.poissonNll(
                    log, Tensor.of(2.0, 2.0), true, false, 1e-8, Reduction.NONE)
                .toDoubleArray())
        .containsExactly(2e4, Double.POSITIVE_INFINITY);
  }

  @Test
  void theMedianIsHalfTheAbsoluteErrorAndEqualNumbersHaveNoGradient() {
    Tensor x = normal(1, 5, 1);
    Tensor y = normal(2, 5);
    Tensor half = Losses.l1(x, y.unsqueeze(-1), Reduction.NONE).times(0.5);
    assertClose(
        "median",
        DistributionLosses.quantile(x, y, new double[] {0.5}, Reduction.NONE),
        half,
        1e-15);
    Tensor equal = y.unsqueeze(-1).tracked();
    assertThat(DistributionLosses.quantile(equal, y, 0.9).backward().of(equal).toDoubleArray())
        .containsExactly(new double[5], EXACTLY);
  }

  // ---- of segments ---------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void focalLossesOfExtremeLogitsAreFiniteWithTheirDerivatives(DType dtype) {
    Tensor t = Tensor.of(1.0, 0.0, 0.0, 1.0).to(dtype);
    for (double gamma : new double[] {0, 0.5, 1.5, 2}) {
      Tensor x = Tensor.of(1e4, -1e4, 1e4, -1e4).to(dtype).tracked();
      Tensor loss = SegmentationLosses.sigmoidFocal(x, t, 0.25, gamma, Reduction.NONE);
      assertThat(loss.toDoubleArray()).containsExactly(0, 0, 7_500, 2_500);
      assertFiniteDerivatives(loss, x);

      Tensor logits = Tensor.of(new double[][] {{1e4, -1e4}, {1e4, -1e4}}).to(dtype).tracked();
      Tensor rows =
          SegmentationLosses.focal(
              logits, IntTensor.of(0, 1), gamma, CrossEntropyOptions.DEFAULT, Reduction.NONE);
      assertThat(rows.toDoubleArray()).containsExactly(0, 2e4);
      assertFiniteDerivatives(rows, logits);
    }
  }

  private static void assertFiniteDerivatives(Tensor loss, Tensor x) {
    Tensor gradient = Backward.wrt(x).createGraph().of(loss.sum()).of(x);
    assertThat(gradient.isFinite().all().item()).isEqualTo(1);
    Tensor second = gradient.square().sum().backward().of(x);
    assertThat(second.isFinite().all().item()).isEqualTo(1);
  }

  @Test
  void focalKeepsItsAccuracyNearCertainty() {
    // 1 - p = p' = e^-20, nearly, and -log(p) the same
    Tensor loss = SegmentationLosses.sigmoidFocal(Tensor.of(20f), Tensor.of(1f));
    double rest = Math.exp(-20);
    assertThat(loss.item()).isCloseTo(0.25 * Math.pow(rest, 3), within(Math.pow(rest, 3) * 1e-5));
  }

  @Test
  void withGammaZeroFocalLossesAreCrossEntropies() {
    Tensor x = normal(1, 4, 3).times(3);
    Tensor t = Tensors.oneHot(IntTensor.of(0, 2, 1, 1), 3, DType.FLOAT64);
    assertClose(
        "binary",
        SegmentationLosses.sigmoidFocal(x, t, -1, 0, Reduction.NONE),
        Losses.binaryCrossEntropyWithLogits(x, t, Tensors.ones(), Reduction.NONE),
        1e-14);
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.classWeights(Tensor.of(0.5, 2, 3)).ignoreIndex(2);
    for (Reduction reduction : Reduction.values()) {
      IntTensor classes = IntTensor.of(0, 2, 1, 1);
      assertClose(
          "classes",
          SegmentationLosses.focal(x, classes, 0, options, reduction),
          Losses.crossEntropy(x, classes, options, reduction),
          1e-14);
    }
  }

  @Test
  void diceIsOneWithoutOverlapAndZeroWhereAllIsRight() {
    Tensor t = Tensor.of(new double[][] {{1, 0, 1, 0}, {0, 0, 0, 0}});
    assertThat(SegmentationLosses.dice(t, t, 1, Reduction.NONE).toDoubleArray())
        .containsExactly(0, 0);
    Tensor p = t.neg().plus(1).tracked();
    Tensor loss = SegmentationLosses.dice(p, t, 1, Reduction.NONE);
    assertThat(loss.toDoubleArray())
        .containsExactly(new double[] {1 - 1 / 5.0, 1 - 1 / 5.0}, within(1e-15));
    assertThat(loss.sum().backward().of(p).isFinite().all().item()).isEqualTo(1);
    assertThat(SegmentationLosses.dice(t, t, 0, Reduction.NONE).toDoubleArray())
        .as("of nothing where nothing was predicted")
        .containsExactly(0, Double.NaN);
  }

  @Test
  void diceKeepsItsAccuracyWhereNearlyAllIsRight() {
    Tensor p = Tensor.of(new float[][] {{1e-10f, 1, 0, 1}});
    Tensor t = Tensor.of(new float[][] {{0, 1, 0, 1}});
    assertThat(SegmentationLosses.dice(p, t, 1, Reduction.SUM).item())
        .isCloseTo(1e-10 / 5, within(1e-16));
  }

  // ---- of embeddings -------------------------------------------------------------------------

  @Test
  void aTripletOfEqualVectorsCostsTheMarginAndHasFiniteGradients() {
    Tensor x = normal(1, 2, 3);
    for (double epsilon : new double[] {1e-6, 0}) {
      Tensor anchor = x.tracked();
      Tensor loss =
          ContrastiveLosses.tripletMargin(anchor, x, x, 0.7, 2, epsilon, true, Reduction.NONE);
      assertThat(loss.toDoubleArray()).containsExactly(0.7, 0.7);
      assertThat(loss.sum().backward().of(anchor).isFinite().all().item()).isEqualTo(1);
    }
    Tensor far = Tensor.of(new double[][] {{1e4, -1e4}});
    Tensor loss =
        ContrastiveLosses.tripletMargin(
            far, far.neg(), far, 1, Double.POSITIVE_INFINITY, 0, false, Reduction.NONE);
    assertThat(loss.toDoubleArray()).containsExactly(20_001);
  }

  @Test
  void infoNceDoesNotDependOnLengthsAndTellsPairsApart() {
    Tensor x = normal(1, 4, 6);
    Tensor y = normal(2, 4, 6);
    assertClose(
        "scaled",
        ContrastiveLosses.infoNce(x.times(1e4), y.times(1e-4)),
        ContrastiveLosses.infoNce(x, y),
        1e-12);
    Tensor axes = Tensors.eye(4, DType.FLOAT64);
    // One cosine of 1 among three of 0
    assertThat(ContrastiveLosses.infoNce(axes, axes, 0.1, true, Reduction.NONE).toDoubleArray())
        .containsOnly(new double[] {Math.log1p(3 * Math.exp(-10))}, within(1e-15));
    Tensor zero = Tensors.zeros(Shape.of(4, 6), DType.FLOAT64).tracked();
    Tensor loss = ContrastiveLosses.infoNce(zero, y);
    assertThat(loss.item()).isCloseTo(Math.log(4), within(1e-15));
    assertThat(loss.backward().of(zero).toDoubleArray()).containsExactly(new double[24], EXACTLY);
  }

  @Test
  void aViewIsNotComparedWithItself() {
    Tensor x = normal(1, 1, 6);
    assertThat(ContrastiveLosses.ntXent(x, x.neg()).item()).as("the only other view").isZero();
    Tensor y = normal(2, 3, 6);
    double equal = Math.log(1 + 4 * Math.exp(-2));
    Tensor axes = Tensors.eye(3, DType.FLOAT64);
    assertThat(ContrastiveLosses.ntXent(axes, axes, 0.5, Reduction.NONE).toDoubleArray())
        .containsExactly(new double[] {equal, equal, equal, equal, equal, equal}, within(1e-15));
    assertThat(ContrastiveLosses.ntXent(y, y, 0.5, Reduction.NONE).shape()).isEqualTo(Shape.of(6));
  }

  // ---- misuse --------------------------------------------------------------------------------

  @Test
  void misuseIsNamed() {
    Tensor x = Tensors.ones(2, 3);
    Tensor y = Tensors.ones(3);
    assertRefused(
        () -> DistributionLosses.gaussianNll(x, x, Tensors.ones(2)),
        "gaussianNll: variance of shape (2) for mean of shape (2, 3); expected one that broadcasts"
            + " to it");
    assertRefused(
        () -> DistributionLosses.gaussianNll(x, x, Tensor.scalar(-0.5)),
        "gaussianNll: variance -0.5; expected at least 0");
    assertRefused(
        () -> DistributionLosses.poissonNll(x, x, false, false, 0, Reduction.SUM),
        "poissonNll: epsilon 0.0; expected above 0");
    assertRefused(
        () -> DistributionLosses.quantile(x, y, 0.5),
        "quantile: prediction of shape (2, 3) and target of shape (3) for 1 quantiles; expected a"
            + " prediction of shape (3, 1)");
    assertRefused(
        () -> DistributionLosses.quantile(y.unsqueeze(-1), y, 1),
        "quantile: quantile 1.0; expected one between 0 and 1");
    assertRefused(
        () -> SegmentationLosses.sigmoidFocal(x, x, 2, 2, Reduction.SUM),
        "sigmoidFocal: alpha 2.0; expected 0 to 1, or a negative number for none");
    assertRefused(
        () ->
            SegmentationLosses.focal(
                x, IntTensor.of(0, 1), -1, CrossEntropyOptions.DEFAULT, Reduction.SUM),
        "focal: gamma -1.0; expected at least 0");
    assertRefused(
        () ->
            SegmentationLosses.focal(
                x,
                IntTensor.of(0, 1),
                2,
                CrossEntropyOptions.DEFAULT.labelSmoothing(0.1),
                Reduction.SUM),
        "focal: label smoothing 0.1, class weights equal, ignored target none; expected no label"
            + " smoothing, of which it has no definition");
    assertRefused(
        () -> SegmentationLosses.dice(y, y),
        "dice: probabilities of shape (3); expected examples, and axes to sum over");
    assertRefused(
        () -> ContrastiveLosses.tripletMargin(x, x, y),
        "tripletMargin: anchor of shape (2, 3) and negative of shape (3); expected equal shapes,"
            + " expand() to broadcast");
    assertRefused(
        () -> ContrastiveLosses.infoNce(x, Tensors.ones(3, 3)),
        "infoNce: embeddings of shapes (2, 3) and (3, 3); expected shape (N, D) twice");
    assertRefused(
        () -> ContrastiveLosses.ntXent(x, x, 0, Reduction.SUM),
        "ntXent: temperature 0.0; expected above 0");
    assertRefused(
        () -> Losses.marginRanking(x, x, y),
        "marginRanking: scores of shape (2, 3) and order of shape (3); expected equal shapes,"
            + " expand() to broadcast");
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }
}
