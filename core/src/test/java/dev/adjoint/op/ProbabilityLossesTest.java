package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Losses of probabilities where these are 0 and 1, and smooth L1. */
class ProbabilityLossesTest {

  private static final Tensor LOGITS = Tensor.of(1.0, -2, 0.5, 3, 0, -1).reshape(2, 3);

  // ---- cross-entropy ---------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void aCertainClassCostsWhatItsNumberCosts(Reduction reduction) {
    IntTensor classes = IntTensor.of(2, 0);
    Tensor certain = Tensors.oneHot(classes, 3, DType.FLOAT64);
    CrossEntropyOptions smooth = CrossEntropyOptions.DEFAULT.labelSmoothing(0.2);
    assertThat(Losses.crossEntropy(LOGITS, certain, smooth, reduction).toDoubleArray())
        .containsExactly(
            Losses.crossEntropy(LOGITS, classes, smooth, reduction).toDoubleArray(), within(1e-14));
  }

  @Test
  void theMeanWithProbabilitiesIsOverRowsWhateverTheWeights() {
    Tensor certain = Tensors.oneHot(IntTensor.of(2, 0), 3, DType.FLOAT64);
    CrossEntropyOptions weighted =
        CrossEntropyOptions.DEFAULT.classWeights(Tensor.of(3.0, 1, 0.25));
    double[] rows =
        Losses.crossEntropy(LOGITS, certain, CrossEntropyOptions.DEFAULT, Reduction.NONE)
            .toDoubleArray();
    assertThat(Losses.crossEntropy(LOGITS, certain, weighted, Reduction.MEAN).item())
        .isCloseTo((0.25 * rows[0] + 3 * rows[1]) / 2, within(1e-14));
  }

  @Test
  void anImpossibleClassOfProbabilityZeroCostsNothingAndGetsNoGradient() {
    Tensor logits = Tensor.of(1, Double.NEGATIVE_INFINITY, 1).reshape(1, 3).tracked();
    Tensor loss = Losses.crossEntropy(logits, Tensor.of(0.5, 0, 0.5).reshape(1, 3));
    assertThat(loss.item()).isCloseTo(Math.log(2), within(1e-15));
    assertThat(loss.backward().of(logits).toDoubleArray()).containsExactly(0, 0, 0);
  }

  @Test
  void anImpossibleClassThatIsProbableCostsEverything() {
    Tensor logits = Tensor.of(1, Double.NEGATIVE_INFINITY).reshape(1, 2);
    assertThat(Losses.crossEntropy(logits, Tensor.of(0.5, 0.5).reshape(1, 2)).item())
        .isEqualTo(Double.POSITIVE_INFINITY);
  }

  @Test
  void noClassesCostNothingAndNoRowsHaveNoMean() {
    assertThat(Losses.crossEntropy(Tensors.ones(2, 0), Tensors.ones(2, 0)).item()).isEqualTo(0);
    assertThat(Losses.crossEntropy(Tensors.ones(0, 2), Tensors.ones(0, 2)).item()).isNaN();
  }

  @Test
  void badCallsOfCrossEntropyAreNamed() {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    Tensor x = Tensors.ones(2, 3);
    assertThatThrownBy(() -> Losses.crossEntropy(x, Tensors.ones(2, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("crossEntropy:", "logits", "(2, 3)", "probabilities", "(2, 1)");
    assertThatThrownBy(() -> Losses.crossEntropy(Tensors.ones(), Tensors.ones()))
        .hasMessageContainingAll("crossEntropy:", "()");
    assertThatThrownBy(() -> Losses.crossEntropy(x, x, options.ignoreIndex(-100), Reduction.SUM))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("crossEntropy: ignored target -100", "expected none");
    assertThatThrownBy(
            () -> Losses.crossEntropy(x, x, options.classWeights(Tensors.ones(2)), Reduction.SUM))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("crossEntropy: class weights of shape (2) for 3 classes; expected shape (3)");
  }

  // ---- binary cross-entropy --------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(DType.class)
  void whatIsCertainAndWrongCostsAHundredAndStillHasAGradient(DType dtype) {
    Tensor p = Tensor.of(0.0, 0, 1, 1, 0.5).to(dtype).tracked();
    Tensor t = Tensor.of(0.0, 1, 0, 1, 0).to(dtype);
    Tensor loss = Losses.binaryCrossEntropy(p, t, Tensors.ones(), Reduction.NONE);
    double half = dtype == DType.FLOAT64 ? Math.log(2) : (float) Math.log(2);
    assertThat(loss.toDoubleArray())
        .containsExactly(new double[] {0, 100, 100, 0, half}, within(0.0));
    double large = Tensor.scalar(1, dtype).div(Tensor.scalar(1e-12, dtype)).item();
    assertThat(loss.sum().backward().of(p).toDoubleArray())
        .containsExactly(new double[] {0, -large, large, 0, 2}, within(0.0));
  }

  @Test
  void theCostOfNearCertaintyKeepsItsDigits() {
    Tensor p = Tensor.of(1 - 0x1p-20f, 0x1p-20f);
    float[] loss =
        Losses.binaryCrossEntropy(p, Tensor.of(1f, 0f), Tensors.ones(), Reduction.NONE)
            .toFloatArray();
    float right = (float) -Math.log1p(-0x1p-20);
    assertThat(loss).containsExactly(new float[] {right, right}, within(Math.ulp(right)));
  }

  @Test
  void whatIsNoProbabilityCostsNaN() {
    Tensor p = Tensor.of(-0.1, 1.1, Double.NaN);
    Tensor loss =
        Losses.binaryCrossEntropy(p, Tensor.of(0.5, 0.5, 0.5), Tensors.ones(), Reduction.NONE);
    assertThat(loss.toDoubleArray()).containsOnly(Double.NaN);
  }

  @Test
  void badCallsOfBinaryCrossEntropyAreNamed() {
    Tensor x = Tensors.ones(2, 3);
    assertThatThrownBy(() -> Losses.binaryCrossEntropy(x, Tensors.ones(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("binaryCrossEntropy:", "(2, 3)", "targets of shape (3)");
    assertThatThrownBy(() -> Losses.binaryCrossEntropy(x, x, Tensors.ones(2), Reduction.SUM))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("binaryCrossEntropy: weight of shape (2)", "(2, 3)");
  }

  // ---- smooth L1 -------------------------------------------------------------------------------

  @Test
  void smoothL1IsHuberByItsBetaAndL1WithoutOne() {
    Tensor a = Tensor.of(0.0, 0.25, 2, -3);
    Tensor b = Tensors.zeros(4).to(DType.FLOAT64);
    assertThat(Losses.smoothL1(a, b, 0.5, Reduction.NONE).toDoubleArray())
        .containsExactly(0, 0.0625, 1.75, 2.75);
    assertThat(Losses.smoothL1(a, b, 0, Reduction.NONE).toDoubleArray())
        .containsExactly(0, 0.25, 2, 3);
    assertThatThrownBy(() -> Losses.smoothL1(a, b, -1, Reduction.SUM))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("smoothL1: beta -1.0; expected at least 0");
  }
}
