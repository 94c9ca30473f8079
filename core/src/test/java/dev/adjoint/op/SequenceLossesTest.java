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
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SequenceLossesTest {

  private static Tensor each(
      Tensor logp, IntTensor targets, IntTensor inputs, IntTensor lengths, boolean zeroInfinity) {
    return SequenceLosses.ctc(logp, targets, inputs, lengths, 0, zeroInfinity, Reduction.NONE);
  }

  // ---- the formula ---------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void theLossIsThatOfAllWaysToSayTheTarget(int blank) {
    int classes = 3;
    int steps = 5;
    Tensor logp = normal(1, steps, 1, classes).logSoftmax(-1);
    for (List<Integer> target :
        List.of(List.<Integer>of(), List.of(1), List.of(1, 1), List.of(1, 2 - blank, 1))) {
      double probability = 0;
      for (int way = 0; way < Math.pow(classes, steps); way++) {
        List<Integer> read = new ArrayList<>();
        double p = 1;
        int last = blank;
        for (int t = 0, rest = way; t < steps; t++, rest /= classes) {
          int said = rest % classes;
          p *= Math.exp(logp.get(t, 0, said));
          if (said != last && said != blank) {
            read.add(said);
          }
          last = said;
        }
        probability += read.equals(target) ? p : 0;
      }
      int[] labels = target.stream().mapToInt(i -> i).toArray();
      Tensor loss =
          SequenceLosses.ctc(
              logp,
              IntTensor.of(labels),
              IntTensor.of(steps),
              IntTensor.of(labels.length),
              blank,
              false,
              Reduction.SUM);
      assertThat(loss.item()).as("%s", target).isCloseTo(-Math.log(probability), within(1e-14));
    }
  }

  @Test
  void whatIsBeyondALengthIsNotLookedAt() {
    Tensor logp = normal(1, 6, 2, 4).logSoftmax(-1).tracked();
    IntTensor lengths = IntTensor.of(1, 2);
    IntTensor inputs = IntTensor.of(4, 6);
    Tensor loss = each(logp, IntTensor.of(new int[][] {{3, -9}, {1, 1}}), inputs, lengths, false);
    Tensor alone =
        each(
            logp.slice(0, 0, 4).slice(1, 0, 1),
            IntTensor.of(3),
            IntTensor.of(4),
            IntTensor.of(1),
            false);
    assertThat(loss.get(0)).isEqualTo(alone.item());
    assertClose(
        "one after another", each(logp, IntTensor.of(3, 1, 1), inputs, lengths, false), loss, 0);
    Tensor gradient = loss.sum().backward().of(logp);
    assertThat(gradient.slice(0, 4, 6).select(1, 0).abs().max().item()).isZero();
    assertClose(
        "one class is said", gradient.sum(2).slice(0, 0, 4), Tensors.ones(4, 2).neg(), 1e-14);
  }

  @Test
  void theMeanIsByLabel() {
    Tensor logp = normal(1, 6, 2, 4).logSoftmax(-1);
    IntTensor targets = IntTensor.of(3, 1, 2);
    IntTensor inputs = IntTensor.of(6, 6);
    IntTensor lengths = IntTensor.of(3, 0);
    Tensor loss = each(logp, targets, inputs, lengths, false);
    assertThat(SequenceLosses.ctc(logp, targets, inputs, lengths).item())
        .isCloseTo((loss.get(0) / 3 + loss.get(1)) / 2, within(1e-15));
    assertThat(loss.get(1))
        .as("an empty target is said by blanks alone")
        .isCloseTo(-logp.select(2, 0).select(1, 1).sum().item(), within(1e-14));
  }

  // ---- extremes ------------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void anImpossibleTargetCostsInfinityOrNothingAndHasNoGradient(DType dtype) {
    IntTensor targets = IntTensor.of(new int[][] {{1, 1}, {1, 2}, {1, 2}});
    IntTensor inputs = IntTensor.of(2, 2, 0);
    IntTensor lengths = IntTensor.of(2, 2, 1);
    for (boolean zero : new boolean[] {false, true}) {
      Tensor logits = normal(1, 2, 3, 3).to(dtype).tracked();
      Tensor logp = logits.logSoftmax(-1);
      Tensor loss = each(logp, targets, inputs, lengths, zero);
      double cost = zero ? 0 : Double.POSITIVE_INFINITY;
      assertThat(loss.get(0)).isEqualTo(cost);
      assertThat(loss.get(1)).isBetween(0.1, 10.0);
      assertThat(loss.get(2)).isEqualTo(cost);
      Tensor gradient = Backward.wrt(logits).createGraph().of(loss.sum()).of(logits);
      assertThat(gradient.isFinite().all().item()).isEqualTo(1);
      assertThat(gradient.select(1, 0).abs().max().item()).isZero();
      assertThat(gradient.select(1, 1).abs().max().item()).isPositive();
      assertThat(gradient.square().sum().backward().of(logits).isFinite().all().item())
          .isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void extremeLogitsAreFiniteWithTheirGradients(DType dtype) {
    double[][][] said = {{{1e4, -1e4, 0}}, {{-1e4, 1e4, 0}}, {{1e4, 0, -1e4}}};
    Tensor logits =
        Tensor.of(new double[] {1e4, -1e4, 0, -1e4, 1e4, 0, 1e4, 0, -1e4}, said.length, 1, 3)
            .to(dtype)
            .tracked();
    Tensor right =
        each(logits.logSoftmax(-1), IntTensor.of(1), IntTensor.of(3), IntTensor.of(1), false);
    assertThat(right.item()).isZero();
    Tensor wrong =
        each(logits.logSoftmax(-1), IntTensor.of(2), IntTensor.of(3), IntTensor.of(1), false);
    // 2 at the first or second step for 1e4 each, and what was 1 must have been blank or 2
    assertThat(wrong.item()).isEqualTo(1e4);
    assertThat(wrong.backward().of(logits).isFinite().all().item()).isEqualTo(1);
    Tensor never = Tensors.full(logits.shape(), Double.NEGATIVE_INFINITY, dtype);
    assertThat(each(never, IntTensor.of(1), IntTensor.of(3), IntTensor.of(1), false).item())
        .isEqualTo(Double.POSITIVE_INFINITY);
    Tensor nan = Tensors.full(logits.shape(), Double.NaN, dtype);
    assertThat(each(nan, IntTensor.of(1), IntTensor.of(3), IntTensor.of(1), true).item()).isNaN();
  }

  // ---- misuse --------------------------------------------------------------------------------

  @Test
  void misuseIsNamed() {
    Tensor logp = Tensors.ones(4, 2, 3);
    IntTensor inputs = IntTensor.of(4, 4);
    IntTensor lengths = IntTensor.of(1, 2);
    IntTensor targets = IntTensor.of(1, 2, 1);
    assertThatThrownBy(() -> SequenceLosses.ctc(logp.select(1, 0), targets, inputs, lengths))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "ctc: log-probabilities of shape (4, 3), input lengths of shape (2) and target lengths"
                + " of shape (2); expected (T, N, C), (N) and (N)");
    assertThatThrownBy(() -> SequenceLosses.ctc(logp, IntTensor.of(1, 2), inputs, lengths))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "ctc: targets of shape (2) for log-probabilities of shape (4, 2, 3) and target lengths"
                + " [1, 2]; expected (N, S), or (3) for targets one after another");
    assertThatThrownBy(() -> SequenceLosses.ctc(logp, targets, IntTensor.of(4, 5), lengths))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("ctc: input length 5; expected 0 to 4");
    assertThatThrownBy(
            () -> SequenceLosses.ctc(logp, IntTensor.of(new int[][] {{1}, {2}}), inputs, lengths))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("ctc: target length 2; expected 0 to 1");
    assertThatThrownBy(() -> SequenceLosses.ctc(logp, IntTensor.of(1, 2, 3), inputs, lengths))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage(
            "ctc: label 1 of target 1 is 3; expected 0 to 2, but not blank, for log-probabilities"
                + " of shape (4, 2, 3)");
    assertThatThrownBy(() -> SequenceLosses.ctc(logp, IntTensor.of(1, 0, 1), inputs, lengths))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("label 0 of target 1 is blank");
    assertThatThrownBy(
            () -> SequenceLosses.ctc(logp, targets, inputs, lengths, 3, false, Reduction.MEAN))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("ctc: blank 3; expected 0 to 2");
  }
}
