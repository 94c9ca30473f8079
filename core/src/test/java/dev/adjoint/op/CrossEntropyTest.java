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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks the losses that take right classes: cross-entropy, nll and multiMargin. */
class CrossEntropyTest {

  private static final CrossEntropyOptions DEFAULT = CrossEntropyOptions.DEFAULT;
  private static final IntTensor TARGETS = IntTensor.of(2, 0, 3);
  private static final int IGNORED = -100;

  @Test
  void crossEntropyIsTheMeanSurpriseAtTheRightClass() {
    Tensor logits = Tensor.of(new double[][] {{1, 2, 3}, {0, 0, 0}});
    IntTensor targets = IntTensor.of(0, 2);
    double first = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 1;
    double second = Math.log(3);
    assertThat(Losses.crossEntropy(logits, targets, DEFAULT, Reduction.NONE).toDoubleArray())
        .containsExactly(new double[] {first, second}, within(1e-12));
    assertThat(Losses.crossEntropy(logits, targets, DEFAULT, Reduction.SUM).item())
        .isCloseTo(first + second, within(1e-12));
    assertThat(Losses.crossEntropy(logits, targets).item())
        .isCloseTo((first + second) / 2, within(1e-12));
    assertThat(Losses.crossEntropy(logits.to(DType.FLOAT32), targets).item())
        .isCloseTo((first + second) / 2, within(1e-6));
  }

  @Test
  void withOptionsAloneALossIsTheMean() {
    Tensor logits = normal(1, 3, 4);
    CrossEntropyOptions options = DEFAULT.ignoreIndex(0);
    CrossEntropyOptions smooth = DEFAULT.labelSmoothing(0.25);
    Tensor shares = logits.softmax(-1);
    assertThat(Losses.crossEntropy(logits, TARGETS, options).item())
        .isEqualTo(Losses.crossEntropy(logits, TARGETS, options, Reduction.MEAN).item())
        .isNotEqualTo(Losses.crossEntropy(logits, TARGETS).item());
    assertThat(Losses.crossEntropy(logits, shares, smooth).item())
        .isEqualTo(Losses.crossEntropy(logits, shares, smooth, Reduction.MEAN).item())
        .isNotEqualTo(Losses.crossEntropy(logits, shares).item());
    assertThat(Losses.nll(logits, TARGETS, options).item())
        .isEqualTo(Losses.nll(logits, TARGETS, options, Reduction.MEAN).item())
        .isNotEqualTo(Losses.nll(logits, TARGETS).item());
    assertThat(SegmentationLosses.focal(logits, TARGETS, 3, options).item())
        .isEqualTo(SegmentationLosses.focal(logits, TARGETS, 3, options, Reduction.MEAN).item())
        .isNotEqualTo(SegmentationLosses.focal(logits, TARGETS, 3, DEFAULT).item());
  }

  @Test
  void anyLeadingAxesAreRows() {
    Tensor logits = normal(1, 2, 3, 4);
    IntTensor targets = IntTensor.of(new int[][] {{2, 0, 3}, {1, 1, 0}});
    Tensor rows = Losses.crossEntropy(logits, targets, DEFAULT, Reduction.NONE);
    assertThat(rows.shape()).isEqualTo(Shape.of(2, 3));
    Tensor logp = logits.logSoftmax(-1);
    assertClose("nll", Losses.nll(logp, targets, DEFAULT, Reduction.NONE), rows, 1e-12);
    Tensor one = logits.select(0, 1).select(0, 2);
    IntTensor target = IntTensor.of(3).reshape();
    assertThat(Losses.crossEntropy(one, target, DEFAULT, Reduction.NONE).shape())
        .isEqualTo(Shape.of());
    assertClose(
        "one row",
        Losses.nll(one.logSoftmax(-1), target),
        Losses.crossEntropy(one, target, DEFAULT.labelSmoothing(1e-300), Reduction.MEAN),
        1e-12);
  }

  @Test
  void classWeightsAreThoseOfTheTargetsAndTheMeanDividesByThem() {
    Tensor logp = Tensor.of(new double[][] {{-1, -2, -3}, {-4, -5, -6}, {-7, -8, -9}});
    IntTensor targets = IntTensor.of(0, 2, 2);
    CrossEntropyOptions weighted = DEFAULT.classWeights(Tensor.of(2f, 0f, 3f));
    assertThat(Losses.nll(logp, targets, weighted, Reduction.NONE).toDoubleArray())
        .containsExactly(2, 18, 27);
    assertThat(Losses.nll(logp, targets, weighted, Reduction.SUM).item()).isEqualTo(47);
    assertThat(Losses.nll(logp, targets, weighted, Reduction.MEAN).item()).isEqualTo(47 / 8.0);
    // The last two rows count for nothing, not even in what the mean divides by.
    CrossEntropyOptions ignoring = weighted.ignoreIndex(2);
    assertThat(Losses.nll(logp, targets, ignoring, Reduction.MEAN).item()).isEqualTo(1);
  }

  @Test
  void smoothingSpreadsAShareOverAllClasses() {
    Tensor logp = Tensor.of(new double[][] {{-1, -2, -6}});
    IntTensor target = IntTensor.of(1);
    CrossEntropyOptions smooth = DEFAULT.labelSmoothing(0.3);
    // 0.7 at the target, and 0.1 everywhere
    assertThat(Losses.nll(logp, target, smooth, Reduction.MEAN).item())
        .isCloseTo(0.7 * 2 + 0.1 * 9, within(1e-15));
    // Weights multiply what each class costs; the mean divides by that of the target.
    CrossEntropyOptions weighted = smooth.classWeights(Tensor.of(5.0, 2.0, 1.0));
    assertThat(Losses.nll(logp, target, weighted, Reduction.MEAN).item())
        .isCloseTo((0.7 * 2 * 2 + 0.1 * (5 + 2 * 2 + 6)) / 2, within(1e-15));
    assertThat(Losses.nll(logp, target, DEFAULT.labelSmoothing(1), Reduction.MEAN).item())
        .isCloseTo(3, within(1e-15));
  }

  @Test
  void gradientsAgreeWithDifferences() {
    Tensor logits = normal(2, 3, 4);
    CrossEntropyOptions ignoring =
        DEFAULT.ignoreIndex(0).classWeights(Tensor.of(0.5, 1.0, 2.0, 3.0));
    FiniteDifferences.check(x -> Losses.crossEntropy(x[0], TARGETS), logits);
    for (CrossEntropyOptions options :
        List.of(DEFAULT, ignoring, ignoring.labelSmoothing(0.1), DEFAULT.labelSmoothing(1))) {
      FiniteDifferences.check(
          x -> Losses.crossEntropy(x[0], TARGETS, options, Reduction.NONE).square(), logits);
      FiniteDifferences.check(
          x -> Losses.crossEntropy(x[0], TARGETS, options, Reduction.MEAN), logits);
    }
    FiniteDifferences.check(
        x -> Losses.crossEntropy(x[0].transpose(), TARGETS, ignoring, Reduction.SUM),
        normal(3, 4, 3));
    FiniteDifferences.check(x -> Losses.crossEntropy(x[0].expand(3, 4), TARGETS), normal(4, 4));
  }

  // ---- rows that do not count ----------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.2})
  void nothingOfAnIgnoredRowGetsOut(double smoothing) {
    double nan = Double.NaN;
    double inf = Double.POSITIVE_INFINITY;
    double[][] rows = {{1, 2, 3}, {nan, 1, 2}, {-inf, -inf, -inf}, {inf, 1, 2}, {3, 1, 1}};
    IntTensor targets = IntTensor.of(0, IGNORED, IGNORED, IGNORED, 2);
    CrossEntropyOptions options = DEFAULT.labelSmoothing(smoothing).ignoreIndex(IGNORED);
    Tensor kept = Tensor.of(new double[][] {rows[0], rows[4]}).tracked();
    Tensor expected =
        Losses.crossEntropy(
            kept, IntTensor.of(0, 2), DEFAULT.labelSmoothing(smoothing), Reduction.MEAN);
    Tensor keptGradient = expected.backward().of(kept);
    for (DType dtype : DType.values()) {
      Tensor logits = Tensor.of(rows).to(dtype).tracked();
      Tensor loss = Losses.crossEntropy(logits, targets, options, Reduction.MEAN);
      assertThat(loss.item()).isCloseTo(expected.item(), within(4 * dtype.epsilon()));
      assertThat(
              Losses.crossEntropy(logits, targets, options, Reduction.NONE)
                  .slice(0, 1, 4)
                  .toDoubleArray())
          .containsExactly(0, 0, 0);
      Tensor recorded = Backward.wrt(logits).createGraph().of(loss).of(logits);
      for (Tensor gradient : List.of(loss.backward().of(logits), recorded)) {
        assertThat(gradient.slice(0, 1, 4).abs().max().item()).isZero();
        assertClose(
            "gradient",
            Joining.concat(0, gradient.slice(0, 0, 1), gradient.slice(0, 4, 5)),
            keptGradient,
            4 * dtype.epsilon());
      }
      Tensor second = recorded.square().sum().backward().of(logits);
      assertThat(second.slice(0, 1, 4).abs().max().item()).isZero();
      assertThat(second.isFinite().all().item()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.2})
  void ifAllAreIgnoredTheMeanIsOfNothingAndTheGradientsAreZero(double smoothing) {
    CrossEntropyOptions options = DEFAULT.labelSmoothing(smoothing).ignoreIndex(IGNORED);
    IntTensor targets = IntTensor.of(IGNORED, IGNORED);
    Tensor logits = normal(1, 2, 3).tracked();
    Tensor mean = Losses.crossEntropy(logits, targets, options, Reduction.MEAN);
    assertThat(mean.item()).isNaN();
    Tensor logp = normal(2, 2, 3).tracked();
    Tensor nll = Losses.nll(logp, targets, options, Reduction.MEAN);
    assertThat(nll.item()).isNaN();
    Tensor recorded = Backward.wrt(logits).createGraph().of(mean).of(logits);
    for (Tensor gradient : List.of(mean.backward().of(logits), recorded, nll.backward().of(logp))) {
      assertThat(gradient.abs().max().item()).isZero();
    }
    assertThat(Losses.crossEntropy(logits, targets, options, Reduction.SUM).item()).isZero();
    assertThat(Losses.crossEntropy(logits, targets, options, Reduction.NONE).toDoubleArray())
        .containsExactly(0, 0);
  }

  @Test
  void aClassCanBeIgnored() {
    Tensor logits = normal(1, 3, 4);
    assertThat(Losses.crossEntropy(logits, TARGETS, DEFAULT.ignoreIndex(0), Reduction.MEAN).item())
        .isCloseTo(
            Losses.crossEntropy(
                    Indexing.indexSelect(logits, 0, IntTensor.of(0, 2)), IntTensor.of(2, 3))
                .item(),
            within(1e-15));
  }

  @Test
  void noTargetIsIgnoredUnlessAskedFor() {
    Tensor logits = Tensors.zeros(3, 4);
    assertThatThrownBy(() -> Losses.crossEntropy(logits, IntTensor.of(0, IGNORED, 1)))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("target -100 at position [1]");
    assertThatThrownBy(() ->
            Losses.crossEntropy(
                logits, IntTensor.of(0, -1, 1), DEFAULT.ignoreIndex(IGNORED), Reduction.MEAN))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage(
            "crossEntropy: target -1 at position [1] is not a class; expected 0 to 3, or -100 to ignore it, for logits of shape (3, 4)");
  }

  // ---- misuse --------------------------------------------------------------------------------

  @Test
  void noRowsHaveNoMeanAndNoClassesHaveNoTarget() {
    assertThat(Losses.crossEntropy(Tensors.zeros(0, 5), IntTensor.of()).item()).isNaN();
    assertThatThrownBy(() -> Losses.crossEntropy(Tensors.zeros(1, 0), IntTensor.of(0)))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void badTargetsAreNamed() {
    Tensor logits = Tensors.zeros(3, 4);
    assertThatThrownBy(() -> Losses.crossEntropy(logits, IntTensor.of(0, 4, 1)))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage(
            "crossEntropy: target 4 at position [1] is not a class; expected 0 to 3 for logits of shape (3, 4)");
    assertThatThrownBy(() -> Losses.crossEntropy(logits, IntTensor.of(0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "crossEntropy: logits of shape (3, 4) and targets of shape (2); expected logits of shape (..., classes) and targets of shape (...)");
    assertThatThrownBy(() -> Losses.nll(logits, IntTensor.of(0, 4, 1)))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageStartingWith("nll: target 4 at position [1] is not a class;")
        .hasMessageEndingWith("for log-probabilities of shape (3, 4)");
    assertThatThrownBy(() -> Losses.multiMargin(logits, IntTensor.of(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("multiMargin: scores of shape (3, 4) and targets of shape (1);");
  }

  @Test
  void badOptionsAreNamed() {
    for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatThrownBy(() -> DEFAULT.labelSmoothing(share))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("labelSmoothing: share %s; expected 0 to 1".formatted(share));
    }
    assertThatThrownBy(() -> DEFAULT.classWeights(Tensors.ones(2, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("classWeights: weights of shape (2, 2); expected one axis, the classes");
    CrossEntropyOptions three = DEFAULT.classWeights(Tensors.ones(3));
    assertThatThrownBy(
            () -> Losses.crossEntropy(Tensors.zeros(3, 4), TARGETS, three, Reduction.MEAN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("crossEntropy: class weights of shape (3) for 4 classes; expected shape (4)");
  }

  @Test
  void optionsSayWhatTheyAre() {
    assertThat(DEFAULT)
        .hasToString("label smoothing 0.0, class weights equal, ignored target none");
    assertThat(DEFAULT.ignoreIndex(-1).labelSmoothing(0.1).classWeights(Tensors.ones(3)))
        .hasToString("label smoothing 0.1, class weights of shape (3), ignored target -1");
  }
}
