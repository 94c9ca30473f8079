package dev.adjoint.reported;

import static dev.adjoint.reported.Float64.normal;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static dev.adjoint.testing.AdjointAssertions.assertThatGradientsOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.op.CrossEntropyOptions;
import dev.adjoint.op.Losses;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports of wrong losses and poolings. */
class ReportedLossesTest {

  private static final CrossEntropyOptions ALL =
      CrossEntropyOptions.DEFAULT
          .labelSmoothing(0.1)
          .classWeights(Tensor.of(0.2, 0.3))
          .ignoreIndex(-100);

  private final Generator generator = Generator.seeded(7);

  // pytorch/pytorch#69339, #72056, #91383, #73205, tinygrad/tinygrad#3570: the three options
  // together
  @ParameterizedTest
  @EnumSource(names = {"MEAN", "SUM"})
  void anIgnoredRowIsAsGoodAsNoRow(Reduction reduction) {
    Tensor logits = Tensor.of(new double[][] {{1, 2}, {3, .4}, {0.5, -1}}).tracked();
    Tensor loss = Losses.crossEntropy(logits, IntTensor.of(-100, 1, 0), ALL, reduction);
    Tensor two = logits.untracked().slice(0, 1, 3).tracked();
    Tensor expected = Losses.crossEntropy(two, IntTensor.of(1, 0), ALL, reduction);
    assertThat(loss.item()).isCloseTo(expected.item(), within(1e-15));
    Tensor gradient = loss.backward().of(logits);
    assertThat(gradient.select(0, 0)).isCloseTo(0, 0);
    assertThat(gradient.slice(0, 1, 3)).isCloseTo(expected.backward().of(two));
  }

  // pytorch/pytorch#12670: a target that is neither a class nor the ignored one
  @ParameterizedTest
  @ValueSource(ints = {-4, 5, Integer.MIN_VALUE})
  void aTargetThatIsNoClassIsRefused(int target) {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.ignoreIndex(-1);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() ->
            Losses.crossEntropy(
                Tensors.ones(2, 5), IntTensor.of(-1, target), options, Reduction.NONE))
        .withMessageContaining(String.valueOf(target));
  }

  // deepjavalibrary/djl#1316: binary cross-entropy is negative, its log forgotten
  @Test
  void binaryCrossEntropyIsTheNegativeLogLikelihood() {
    Tensor logits = normal(generator, 50).times(4);
    Tensor targets = normal(generator, 50).greater(0);
    Tensor p = logits.sigmoid();
    Tensor expected =
        p.log().times(targets).plus(p.neg().plus(1).log().times(targets.neg().plus(1))).neg();
    assertThat(Losses.binaryCrossEntropyWithLogits(logits, targets))
        .isCloseTo(expected.mean(), 1e-12, 1e-12);
  }

  // deepjavalibrary/djl#520: the gradient of a softmax cross-entropy is off by a factor of two
  @Test
  void theGradientOfCrossEntropyIsProbabilityMinusTarget() {
    Tensor logits = Tensor.of(new double[][] {{-8, 10, 3}, {1, 2, 3}}).tracked();
    IntTensor targets = IntTensor.of(2, 0);
    Tensor expected =
        logits.untracked().softmax(1).minus(Tensors.oneHot(targets, 3, logits.dtype()));
    Tensor loss = Losses.crossEntropy(logits, targets, CrossEntropyOptions.DEFAULT, Reduction.SUM);
    assertThat(loss.backward().of(logits)).isCloseTo(expected);
    Tensor soft = Tensor.of(new double[][] {{.3, .3, .4}, {.1, .1, .8}});
    Tensor composed = logits.logSoftmax(1).times(soft).sum().neg();
    assertThat(composed.backward().of(logits)).isCloseTo(logits.untracked().softmax(1).minus(soft));
  }

  // torch/nn#1089: log-softmax over the channels of a single image
  @Test
  void logSoftmaxOverChannelsIsThatOfEveryPixelForOneImage() {
    Tensor x = normal(generator, 1, 8, 3, 3);
    Tensor y = x.logSoftmax(1);
    assertThat(y.exp().sum(1)).isCloseTo(Tensors.ones(1, 3, 3).to(x.dtype()), 1e-12, 0);
    assertThat(y.select(3, 2).select(2, 1))
        .isCloseTo(x.select(3, 2).select(2, 1).logSoftmax(1), 1e-14, 0);
  }

  // pytorch/pytorch#17262: log-softmax of rows without elements
  @Test
  void softmaxOfEmptyRowsIsEmpty() {
    Tensor x = Tensors.ones(10, 0).tracked();
    assertThat(x.logSoftmax(1)).hasShape(10, 0);
    assertThat(x.softmax(1).sum().backward().of(x)).hasShape(10, 0);
  }

  // CanReader/FastNN#5, apache/mxnet#6191: a pooling window that is nothing but padding
  @Test
  void paddingThatCouldFillAWindowIsRefused() {
    Tensor x = Tensors.ones(1, 1, 2, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pooling.maxPool2d(x, 2, 1, 2))
        .withMessageContaining("padding");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pooling.avgPool2d(x, 3, 3, 3))
        .withMessageContaining("padding");
  }

  // pytorch/pytorch#33382, distdl/distdl#195: padding of a maximum is below every element, not 0
  @Test
  void aPaddedMaximumOfNegativeNumbersIsNegative() {
    Tensor x = Tensors.ones(1, 1, 3, 3).neg();
    assertThat(Pooling.maxPool2d(x, 3, 2, 1)).isCloseTo(Tensors.ones(1, 1, 2, 2).neg());
  }

  // tinygrad/tinygrad#605, pytorch/glow#659: average pooling counts its padding, both ways
  @Test
  void aPaddedAverageCountsThePadding() {
    Tensor x = Tensors.ones(1, 1, 2, 2);
    assertThat(Pooling.avgPool2d(x, 2, 2, 1).flatten(0, -1)).isCloseTo(.25, .25, .25, .25);
    assertThatGradientsOf(in -> Pooling.avgPool2d(in[0], 3, 2, 1))
        .at(normal(generator, 1, 2, 4, 4))
        .areCorrect();
  }
}
