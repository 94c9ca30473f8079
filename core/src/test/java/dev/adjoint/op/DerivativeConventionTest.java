package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Pins down the derivatives where there is a kink, a tie or a singular point. */
class DerivativeConventionTest {

  private static double[] gradient(UnaryOperator<Tensor> function, double... at) {
    Tensor x = Tensor.of(at).tracked();
    return function.apply(x).sum().backward().of(x).toDoubleArray();
  }

  @Test
  void theGradientsOfAbsReluAndSignAtZeroAreZero() {
    assertThat(gradient(Tensor::abs, -2, 0, 2)).containsExactly(-1, 0, 1);
    assertThat(gradient(Tensor::relu, -2, 0, 2)).containsExactly(0, 0, 1);
    assertThat(gradient(Tensor::sign, -2, 0, 2)).containsExactly(0, 0, 0);
  }

  @Test
  void clampLetsTheGradientThroughInsideAndAtItsLimits() {
    assertThat(gradient(x -> x.clamp(-1, 1), -2, -1, 0, 1, 2)).containsExactly(0, 1, 1, 1, 0);
  }

  @Test
  void hardtanhLetsTheGradientThroughInsideOnly() {
    assertThat(gradient(x -> Activations.hardtanh(x, -1, 1), -2, -1, 0, 1, 2, Double.NaN))
        .containsExactly(0, 0, 1, 0, 0, Double.NaN);
  }

  @Test
  void equalLargestElementsShareTheGradient() {
    assertThat(gradient(x -> x.max(), 3, 1, 3)).containsExactly(0.5, 0, 0.5);
    assertThat(gradient(x -> x.min(), 3, 1, 1)).containsExactly(0, 0.5, 0.5);
  }

  @Test
  void equalOperandsOfMaxAndMinShareTheGradient() {
    Tensor a = Tensor.of(1.0, 2.0).tracked();
    Tensor b = Tensor.of(1.0, 3.0).tracked();
    var max = a.max(b).sum().backward();
    assertThat(max.of(a).toDoubleArray()).containsExactly(0.5, 0);
    assertThat(max.of(b).toDoubleArray()).containsExactly(0.5, 1);
    var min = a.min(b).sum().backward();
    assertThat(min.of(a).toDoubleArray()).containsExactly(0.5, 1);
  }

  @Test
  void theNormOfZerosHasGradientZero() {
    double infinity = Double.POSITIVE_INFINITY;
    for (double p : new double[] {0, 0.5, 1, 1.5, 2, 3, infinity, -infinity}) {
      assertThat(gradient(x -> x.norm(p), 0, 0)).as("p = %s", p).containsExactly(0, 0);
    }
    for (double p : new double[] {0.5, 1.5, 2, 3}) {
      UnaryOperator<Tensor> slope = x -> Backward.wrt(x).createGraph().of(x.norm(p)).of(x);
      assertThat(gradient(slope, 0, 0)).as("second, p = %s", p).containsExactly(0, 0);
    }
    // as PyTorch
    assertThat(gradient(x -> x.norm(0.5), 0, -3, 4))
        .containsExactly(new double[] {0, -2.154700538379252, 1.8660254037844386}, within(1e-14));
    assertThat(gradient(x -> x.norm(3), 0, -3, 4))
        .containsExactly(new double[] {0, -0.4448513517305356, 0.7908468475209521}, within(1e-15));
  }

  @Test
  void aDeviationOfZeroHasGradientZero() {
    assertThat(gradient(x -> x.unbiasedStd(), 2, 2, 2)).containsExactly(0, 0, 0);
    assertThat(gradient(x -> x.biasedStd(), 0.1, 0.1, 0.1)).containsExactly(0, 0, 0);
  }

  @Test
  void theGradientOfAProductIsRightAtZeros() {
    assertThat(gradient(x -> x.prod(), 2, 0, 3)).containsExactly(0, 6, 0);
    assertThat(gradient(x -> x.prod(), 0, 0, 3)).containsExactly(0, 0, 0);
    assertThat(gradient(x -> x.cumprod(0), 2, 0, 3, 0, 4)).containsExactly(1, 8, 0, 0, 0);
  }

  @Test
  void powersHaveTheirDerivativesAtZero() {
    assertThat(gradient(x -> x.pow(0), 0, 2)).containsExactly(0, 0);
    assertThat(gradient(x -> x.pow(1), 0, 2)).containsExactly(1, 1);
    assertThat(gradient(x -> x.pow(2), 0, 2)).containsExactly(0, 4);
    Tensor exponent = Tensor.of(0.0, 2.0).tracked();
    Tensor base = Tensor.of(0.0, 0.0).tracked();
    var gradients = base.pow(exponent).sum().backward();
    assertThat(gradients.of(base).toDoubleArray()).containsExactly(0, 0);
    assertThat(gradients.of(exponent).toDoubleArray()).containsExactly(0, 0);
  }

  @Test
  void functionsOfTwoValuesHaveFiniteGradientsAtSingularPoints() {
    double infinity = Double.POSITIVE_INFINITY;
    assertGradients(Tensor::atan2, 0, 0, 0, 0);
    assertGradients(Tensor::atan2, 0, -2, -0.5, 0);
    assertGradients(Tensor::atan2, 2, 0, 0, -0.5);
    assertGradients(Tensor::hypot, 0, 0, 0, 0);
    assertGradients(Tensor::hypot, -3e200, 4e200, -0.6, 0.8);
    assertGradients(Tensor::xlogy, 0, 0, 0, 0);
    assertGradients(Tensor::xlogy, 0, 2, Math.log(2), 0);
    assertGradients(Tensor::xlogy, 2, 0, -infinity, infinity);
    assertGradients(Tensor::logaddexp, 1, 1, 0.5, 0.5);
    assertGradients(Tensor::logaddexp, -infinity, 3, 0, 1);
    assertGradients(Tensor::logaddexp, infinity, 3, 1, 0);
    assertGradients(Tensor::logaddexp, -infinity, -infinity, 0, 0);
    assertGradients(Tensor::logaddexp, infinity, infinity, 0.5, 0.5);
    assertGradients(Tensor::logaddexp, 0, -100, 1, Math.exp(-100) / (1 + Math.exp(-100)));
  }

  @Test
  void theGradientOfADivisorIsHowOftenItWasSubtracted() {
    assertGradients(Tensor::fmod, -7, 2, 1, 3);
    assertGradients(Tensor::remainder, -7, 2, 1, 4);
    assertGradients(Tensor::fmod, 7, -2, 1, 3);
    assertGradients(Tensor::remainder, 7, -2, 1, 4);
    assertGradients(Tensor::fmod, 6, 2, 1, -3);
    assertGradients(Tensor::fmod, 1, 0.1, 1, -9); // 0.1 is more than a tenth, and 1 / 0.1 rounds up
    assertGradients(Tensor::remainder, 1, 0.1, 1, -9);
  }

  private static void assertGradients(
      BinaryOperator<Tensor> function, double a, double b, double... expected) {
    Tensor x = Tensor.scalar(a, DType.FLOAT64).tracked();
    Tensor y = Tensor.scalar(b, DType.FLOAT64).tracked();
    var gradients = function.apply(x, y).backward();
    assertThat(new double[] {gradients.of(x).item(), gradients.of(y).item()})
        .as("at %s, %s", a, b)
        .containsExactly(expected, within(1e-15));
  }

  @Test
  void theSecondDerivativeOfLogaddexpIsRightWhereBothAreEqual() {
    Tensor x = Tensor.of(1.0, 2.0).tracked();
    Tensor first = Backward.wrt(x).createGraph().of(x.logaddexp(Tensor.of(1.0, 2.0)).sum()).of(x);
    assertThat(Backward.wrt(x).of(first.sum()).of(x).toDoubleArray()).containsExactly(0.25, 0.25);
  }

  @Test
  void theThirdDerivativeOfASquareAtZeroIsZero() {
    Tensor x = Tensor.scalar(0, DType.FLOAT64).tracked();
    Tensor first = Backward.wrt(x).createGraph().of(x.pow(2)).of(x);
    Tensor second = Backward.wrt(x).createGraph().of(first).of(x);
    Tensor third = Backward.wrt(x).of(second).of(x);
    assertThat(second.item()).isEqualTo(2);
    assertThat(third.item()).isEqualTo(0);
  }

  @Test
  void whereKeepsTheBranchThatIsNotChosenOut() {
    Tensor x = Tensor.of(-1.0, 4.0).tracked();
    Tensor y = Where.where(x.greater(0), x, x.times(0)).sum();
    assertThat(y.backward().of(x).toDoubleArray()).containsExactly(0, 1);
    assertThat(Where.where(Tensor.of(1f, 0f), Tensor.of(1f, Float.NaN), Tensor.of(Float.NaN, 2f)))
        .extracting(Tensor::toFloatArray)
        .isEqualTo(new float[] {1, 2});
  }

  @Test
  void anyMaskThatIsNotZeroIsTrueHoweverSmall() {
    Tensor mask = Tensor.of(1e-300, 0);
    assertThat(Where.where(mask, Tensor.of(1f, 1f), Tensor.of(2f, 2f)).toFloatArray())
        .containsExactly(1, 2);
  }

  @Test
  void castsCastTheGradientBack() {
    Tensor x = Tensor.of(1f, 2f).tracked();
    Tensor g = x.to(DType.FLOAT64).times(0.1).sum().backward().of(x);
    assertThat(g.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(g.toFloatArray()).containsExactly(0.1f, 0.1f);
    Tensor wide = Tensor.of(1.0, 2.0).tracked();
    Tensor back = wide.to(DType.FLOAT32).sum().backward().of(wide);
    assertThat(back.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(back.toDoubleArray()).containsExactly(1, 1);
  }

  @Test
  void gradientsOfBroadcastInputsAreSummed() {
    Tensor row = Tensors.ones(3).tracked();
    Tensor scalar = Tensors.ones().tracked();
    var gradients = Tensors.ones(2, 3).times(row).times(scalar).sum().backward();
    assertThat(gradients.of(row).toFloatArray()).containsExactly(2, 2, 2);
    assertThat(gradients.of(scalar).item()).isEqualTo(6);
  }

  @Test
  void extremesAndArgmaxSeeNaN() {
    Tensor x = Tensor.of(1f, Float.NaN, 3f);
    assertThat(x.max().item()).isNaN();
    assertThat(x.min().item()).isNaN();
    assertThat(x.argmax(0).get(0)).isEqualTo(1);
    assertThat(x.max(Tensor.of(2f, 2f, Float.NaN)).toFloatArray())
        .containsExactly(2, Float.NaN, Float.NaN);
    assertThat(x.isNaN().toFloatArray()).containsExactly(0, 1, 0);
    assertThat(Tensor.of(1f, Float.POSITIVE_INFINITY, Float.NaN).isFinite().toFloatArray())
        .containsExactly(1, 0, 0);
  }

  @Test
  void runningExtremesAreTheLastOfEqualElementsAndNaNFromANaNOn() {
    double nan = Double.NaN;
    Indexed max = Tensor.of(1.0, 3, 3, 2, nan, 5, nan).cummax(0);
    assertThat(max.values().toDoubleArray()).containsExactly(1, 3, 3, 3, nan, nan, nan);
    assertThat(max.indices()).isEqualTo(IntTensor.of(0, 1, 2, 2, 4, 4, 6));
    Indexed min = Tensor.of(1.0, 3, 1, 0, -0.0, nan).cummin(0);
    assertThat(min.values().toDoubleArray()).containsExactly(1, 1, 1, 0, -0.0, nan);
    assertThat(min.indices()).isEqualTo(IntTensor.of(0, 0, 2, 3, 4, 5));
    assertThat(gradient(x -> x.cummax(0).values(), 1, 3, 3, 2)).containsExactly(1, 1, 2, 0);
    Indexed columns = Tensor.of(new double[] {1, 5, 2, 4}, 2, 2).cummax(0);
    assertThat(columns.indices()).isEqualTo(IntTensor.of(new int[] {0, 0, 1, 0}, 2, 2));
    Indexed one = Tensor.scalar(7).cummax(-1);
    assertThat(one.values().item()).isEqualTo(7);
    assertThat(one.indices().shape().rank()).isZero();
  }

  @Test
  void argmaxOfAllCountsInReadingOrderWhateverTheLayout() {
    Tensor x = Tensor.of(new double[] {1, 9, 2, 0, 9, 4}, 2, 3);
    assertThat(x.argmax()).isEqualTo(1);
    assertThat(x.argmin()).isEqualTo(3);
    assertThat(x.transpose().argmax()).isEqualTo(2);
    assertThat(Tensor.of(1, Double.NaN, 5, Double.NaN).argmin()).isEqualTo(1);
    assertThat(Tensor.scalar(7).argmax()).isZero();
  }

  @Test
  void argmaxTakesTheFirstOfEqualElements() {
    assertThat(Tensor.of(1f, 3f, 3f, 1f).argmax(0).get(0)).isEqualTo(1);
    assertThat(Tensor.of(1f, 3f, 3f, 1f).argmin(0).get(0)).isEqualTo(0);
  }
}
