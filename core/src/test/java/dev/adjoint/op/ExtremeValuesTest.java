package dev.adjoint.op;

import static dev.adjoint.op.CrossEntropyOptions.DEFAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Values and gradients where float32 ends, beside double precision and limits. */
class ExtremeValuesTest {

  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;

  private static Tensor floats(double... values) {
    return Tensor.of(values).to(DType.FLOAT32);
  }

  private static double[] gradient(UnaryOperator<Tensor> function, double... at) {
    Tensor x = floats(at).tracked();
    return function.apply(x).sum().backward().of(x).toDoubleArray();
  }

  private static void assertClose(double[] actual, double relative, double... expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("element %d", i)
          .isCloseTo(expected[i], within(relative * Math.abs(expected[i])));
    }
  }

  // ---- losses --------------------------------------------------------------------------------

  @Test
  void aCertainClassCostsWhatTheOthersLeave() {
    double right = Math.log1p(Math.exp(-16) + Math.exp(-18)); // 1.28e-7
    Tensor logits = floats(30, 14, 12).reshape(1, 3).tracked();
    Tensor loss = Losses.crossEntropy(logits, IntTensor.of(0));
    assertThat(loss.item() / right).isCloseTo(1, within(1e-6));
    double[] expected = {-Math.expm1(right) * Math.exp(-right), Math.exp(-16), Math.exp(-18)};
    assertClose(loss.backward().of(logits).toDoubleArray(), 1e-5, expected);
    Tensor recorded = Backward.wrt(logits).createGraph().of(loss).of(logits);
    assertClose(recorded.toDoubleArray(), 1e-5, expected);
    Tensor nll = Losses.nll(logits.logSoftmax(-1), IntTensor.of(0));
    assertThat(nll.item() / right).isCloseTo(1, within(1e-6));
    Tensor even = floats(1e8, 1e8).reshape(1, 2);
    assertThat(Losses.crossEntropy(even, IntTensor.of(0)).item())
        .isCloseTo(Math.log(2), within(1e-7));
    Tensor large = Tensor.of(new double[] {1e9, 1e9 - 20}, 1, 2);
    assertThat(Losses.crossEntropy(large, IntTensor.of(0)).item() / Math.log1p(Math.exp(-20)))
        .isCloseTo(1, within(1e-14));
  }

  @Test
  void whatIsImpossibleHasTheGradientOfTheLimit() {
    assertThat(gradient(x -> x.logsumexp(), -INFINITY, -INFINITY)).containsExactly(0, 0);
    assertThat(gradient(x -> x.logsumexp(), 0, INFINITY)).containsExactly(0, 1);
    Tensor logits = floats(INFINITY, -INFINITY).tracked();
    Tensor bce = Losses.binaryCrossEntropyWithLogits(logits, floats(1, 0));
    assertThat(bce.item()).isZero();
    assertThat(bce.backward().of(logits).abs().toDoubleArray()).containsExactly(0, 0);
    Tensor sure = floats(INFINITY, 0).reshape(1, 2).tracked();
    Tensor loss = Losses.crossEntropy(sure, IntTensor.of(0));
    assertThat(loss.item()).isZero();
    assertThat(loss.backward().of(sure).abs().toDoubleArray()).containsExactly(0, 0);
  }

  @Test
  void aWeightOfZeroSelects() {
    Tensor logits = floats(-INFINITY, 1, 2, 1).reshape(2, 2).tracked();
    IntTensor targets = IntTensor.of(0, 1);
    Tensor alone = Losses.crossEntropy(floats(2, 1).reshape(1, 2), IntTensor.of(1));
    for (double smoothing : new double[] {0, 0.1}) {
      CrossEntropyOptions options =
          DEFAULT.classWeights(Tensor.of(0.0, 1.0)).labelSmoothing(smoothing);
      Tensor loss = Losses.crossEntropy(logits, targets, options, Reduction.MEAN);
      Tensor nll = Losses.nll(logits.logSoftmax(-1), targets, options, Reduction.MEAN);
      assertThat(loss.item()).isFinite();
      assertThat(nll.item()).isCloseTo(loss.item(), within(1e-6));
      if (smoothing == 0) {
        assertThat(loss.item()).isCloseTo(alone.item(), within(1e-6));
      }
      assertThat(loss.backward().of(logits).isFinite().all().item()).isEqualTo(1);
    }
    CrossEntropyOptions none = DEFAULT.classWeights(Tensors.zeros(2));
    Tensor nothing = Losses.crossEntropy(logits, targets, none, Reduction.MEAN);
    assertThat(nothing.item()).isNaN();
    assertThat(nothing.backward().of(logits).toDoubleArray()).containsOnly(0);
  }

  @Test
  void atTheMarginTheHingesHaveTheGradientOfTheSideThatCosts() {
    assertThat(gradient(d -> Losses.hingeEmbedding(d, floats(-1)), 1)).containsExactly(-1);
  }

  // ---- squares -------------------------------------------------------------------------------

  @Test
  void noSquareOfANormOverflowsOrVanishes() {
    assertClose(floats(1e20, 1, 1).norm(2).toDoubleArray(), 1e-7, 1e20);
    assertClose(gradient(x -> x.norm(2), 1e20, 1, 1), 1e-6, 1, 1e-20, 1e-20);
    assertClose(floats(3e-30, 4e-30).norm(2).toDoubleArray(), 1e-6, 5e-30);
    assertClose(gradient(x -> x.norm(2), 3e-30, 4e-30), 1e-6, 0.6, 0.8);
    assertClose(gradient(x -> x.norm(2), 0, 0), 0, 0, 0);
    Tensor doubles = Tensor.of(new double[] {3e-200, 4e-200, 3e200, 4e200}, 2, 2);
    assertClose(doubles.norm(2, 1).toDoubleArray(), 1e-15, 5e-200, 5e200);
    Tensor large = floats(3e30, 4e30);
    assertThat(Losses.cosineSimilarity(large, large, 0).item()).isCloseTo(1, within(1e-6));
  }

  @Test
  void noPowerOfANormOverflowsOrVanishes() {
    for (double size : new double[] {1e30, 1e-30}) {
      assertClose(floats(size, -size).norm(3).toDoubleArray(), 1e-6, size * Math.cbrt(2));
      assertClose(gradient(x -> x.norm(3), size, -size), 1e-6, 0.6299605, -0.6299605);
      assertClose(floats(size, -size).norm(0.5).toDoubleArray(), 1e-6, size * 4);
    }
    assertThat(floats(0, NAN, -2).norm(3).item()).isNaN();
    assertThat(floats(0, -INFINITY, -2).norm(3).item()).isEqualTo(INFINITY);
    assertThat(floats(0, -INFINITY, -2).norm(0).item()).isEqualTo(2);
    assertThat(floats().norm(3).item()).isZero();
    assertClose(floats(1e30, -1e30).biasedStd().toDoubleArray(), 1e-6, 1e30);
  }

  @Test
  void rowsOfAnySizeAreStandardizedAlike() {
    for (int axis = 0; axis < 2; axis++) {
      for (double size : new double[] {1e-25, 1e-10, 1, 1e20, 3e38}) {
        Tensor x = floats(size, -size, -size, size).reshape(2, 2).tracked();
        for (boolean centered : new boolean[] {true, false}) {
          Tensor y = Standardize.standardize(x, centered, 0, axis).y();
          assertClose(y.toDoubleArray(), 1e-6, 1, -1, -1, 1);
          Tensor recorded = Backward.wrt(x).seed(floats(1, 2, 3, 5).reshape(2, 2)).of(y).of(x);
          assertThat(recorded.isFinite().all().item()).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void noCosineIsBeyondOne() {
    Generator generator = Generator.seeded(1);
    for (int n : new int[] {2, 3, 7, 50}) {
      Tensor v = generator.normal(500, n);
      assertThat(Losses.cosineSimilarity(v, v, 1).max().item()).isLessThanOrEqualTo(1);
      assertThat(Losses.cosineSimilarity(v, v.neg(), 1).min().item()).isGreaterThanOrEqualTo(-1);
    }
  }

  // ---- sums ----------------------------------------------------------------------------------

  @Test
  void longSumsDoNotStopGrowing() {
    int n = 1 << 20;
    Tensor tenths = Tensors.full(Shape.of(n), 0.1, DType.FLOAT32);
    double right = n * (double) 0.1f;
    Tensor sums = tenths.cumsum(0);
    assertThat(sums.get(n - 1) / right).isCloseTo(1, within(1e-7));
    IntTensor zeros = IntTensor.of(new int[n]);
    Tensor scattered = Scattering.scatterAdd(Tensors.zeros(2), 0, zeros, tenths);
    assertThat(scattered.get(0) / right).isCloseTo(1, within(1e-7));
    Tensor table = Tensors.zeros(2, 1).tracked();
    Tensor picked = Indexing.embedding(table, zeros).times(0.1);
    assertThat(picked.sum().backward().of(table).get(0, 0) / right).isCloseTo(1, within(1e-7));
  }

  @Test
  void runningProductsMayLeaveFloat32InBetween() {
    assertClose(floats(1e30, 1e30, 1e-30).cumprod(0).toDoubleArray(), 1e-6, 1e30, INFINITY, 1e30);
    assertClose(floats(0, 1e30, 1e30).cumprod(0).toDoubleArray(), 0, 0, 0, 0);
    assertThat(floats(INFINITY, -2).cumprod(0).toDoubleArray())
        .containsExactly(INFINITY, -INFINITY);
  }

  @Test
  void runningSumsOfExponentialsDoNotOverflow() {
    assertClose(
        floats(-INFINITY, -1e30, 1000, 1000, 0).logcumsumexp(0).toDoubleArray(),
        1e-6,
        -INFINITY,
        -1e30,
        1000,
        1000 + Math.log(2),
        1000 + Math.log(2));
    // The first is the first element itself; then both add nothing.
    assertThat(gradient(x -> x.logcumsumexp(0), -INFINITY, -INFINITY, 1)).containsExactly(1, 0, 1);
  }

  @Test
  void theVarianceBesideALargeMeanIsThatOfTheDeviations() {
    Tensor x = Generator.seeded(2).normal(1000).times(5e-3).plus(1e4);
    double mean = 0;
    for (double v : x.toDoubleArray()) {
      mean += v / 1000;
    }
    double variance = 0;
    for (double v : x.toDoubleArray()) {
      variance += (v - mean) * (v - mean) / 1000;
    }
    assertThat(x.biasedVariance().item() / variance).isCloseTo(1, within(1e-5));
    assertThat(Tensors.full(Shape.of(1000), 0.1, DType.FLOAT32).biasedVariance().item()).isZero();
  }

  // ---- functions of one value and two ----------------------------------------------------------

  @Test
  void theTailsOfActivationsHaveTheirDerivatives() {
    // Phi(-6) - 6 phi(-6), and the tanh form at -6, in double precision
    assertClose(gradient(Activations::gelu, -6), 1e-5, -3.5468424e-8);
    double u = 2 * Math.sqrt(2 / Math.PI) * (-6 - 0.044715 * 216);
    double du = 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * 36);
    double s = 1 / (1 + Math.exp(-u));
    assertClose(gradient(Activations::geluTanh, -6), 1e-4, s * (1 - 6 * du * (1 - s)));
    for (double far : new double[] {1e14, 1e20, 3e38, INFINITY}) {
      assertThat(gradient(Activations::gelu, far, -far)).containsExactly(1, 0);
      assertThat(gradient(Activations::geluTanh, far, -far)).containsExactly(1, 0);
      assertThat(gradient(Activations::silu, far, -far)[0]).isEqualTo(1);
      assertThat(gradient(Activations::silu, far, -far)[1]).isZero();
      assertThat(Activations.silu(floats(-far)).item()).isZero();
      assertThat(Activations.gelu(floats(-far)).item()).isZero();
    }
    Tensor x = floats(INFINITY).tracked();
    Tensor first = Backward.wrt(x).createGraph().of(Activations.elu(x, 1).sum()).of(x);
    assertThat(first.sum().backward().of(x).item()).isZero();
    Tensor slope = floats(0.25).tracked();
    assertThat(Binary.LEAKY_RELU.apply(x, slope).sum().backward().of(slope).item()).isZero();
  }

  @Test
  void logSigmoidMishAndSoftsignEndInTheirLimits() {
    assertClose(Activations.logSigmoid(floats(80, -80)).toDoubleArray(), 1e-6, -Math.exp(-80), -80);
    assertClose(gradient(Activations::logSigmoid, 80, -80), 1e-6, Math.exp(-80), 1);
    assertClose(Activations.mish(floats(-80, 80)).toDoubleArray(), 1e-6, -80 * Math.exp(-80), 80);
    assertClose(gradient(Activations::mish, -80, 80), 1e-5, -79 * Math.exp(-80), 1);
    assertClose(gradient(Activations::softsign, -1e10, 1e4), 1e-6, 1e-20, Math.pow(10001, -2));
    for (double far : new double[] {1e30, INFINITY}) {
      assertThat(Activations.logSigmoid(floats(far, -far)).abs().toDoubleArray())
          .containsExactly(0, (float) far);
      assertThat(gradient(Activations::logSigmoid, far, -far)).containsExactly(0, 1);
      assertThat(Activations.mish(floats(far, -far)).abs().toDoubleArray())
          .containsExactly((float) far, 0);
      assertThat(gradient(Activations::mish, far, -far)).containsExactly(1, 0);
      assertThat(Activations.softsign(floats(far, -far)).toDoubleArray()).containsExactly(1, -1);
      assertThat(gradient(Activations::softsign, far, -far)).containsExactly(0, 0);
    }
  }

  @Test
  void interpolationEndsInItsEnds() {
    Tensor start = floats(1e30, -3, 0.1);
    Tensor end = floats(-1, 1e20, 0.7);
    assertThat(start.lerp(end, 0).toFloatArray()).containsExactly(start.toFloatArray());
    assertThat(start.lerp(end, 1).toFloatArray()).containsExactly(end.toFloatArray());
    assertThat(start.lerp(start, 0.3).toFloatArray()).containsExactly(start.toFloatArray());
    Tensor weight = floats(0, 0.25, 1).tracked();
    assertThat(start.lerp(end, weight).sum().backward().of(weight).toFloatArray())
        .containsExactly(end.minus(start).toFloatArray());
  }

  @Test
  void powersOfOneAndOfZeroAreThoseOfC() {
    assertThat(floats(1, -1, 1).pow(floats(INFINITY, INFINITY, NAN)).toDoubleArray())
        .containsExactly(1, 1, 1);
    Tensor b = floats(-1, 0, 2).tracked();
    assertThat(floats(0, 0, 0).pow(b).sum().backward().of(b).toDoubleArray())
        .containsExactly(-INFINITY, 0, 0);
  }

  @Test
  void whatChoosesByANaNHasTheGradientNaN() {
    assertThat(gradient(Tensor::abs, NAN, 2)).containsExactly(NAN, 1);
    assertThat(gradient(Tensor::relu, NAN, 2)).containsExactly(NAN, 1);
    assertThat(gradient(x -> x.clamp(-1, 1), NAN, 0.5, 2)).containsExactly(NAN, 1, 0);
    assertThat(gradient(x -> Activations.leakyRelu(x, 0.1), NAN, 2)).containsExactly(NAN, 1);
    assertThat(gradient(x -> Activations.elu(x, 1), NAN, 2)).containsExactly(NAN, 1);
    assertThat(gradient(x -> x.max(floats(1, 1)), NAN, 2)).containsExactly(NAN, 1);
    assertThat(gradient(x -> floats(NAN, 3).min(x), 1, 2)).containsExactly(NAN, 1);
    assertThat(gradient(x -> x.max(), NAN, 2)).containsExactly(NAN, NAN);
  }

  // ---- scalars, ranges, masks -----------------------------------------------------------------

  @Test
  void aScalarHasAnAxis() {
    Tensor x = Tensor.scalar(3, DType.FLOAT32);
    for (int axis = -1; axis <= 0; axis++) {
      assertThat(x.softmax(axis).item()).isEqualTo(1);
      assertThat(x.softmax(axis).rank()).isZero();
      assertThat(x.cumsum(axis).item()).isEqualTo(3);
      assertThat(x.argmax(axis).toArray()).containsExactly(0);
      assertThat(x.argmax(axis).shape().rank()).isZero();
      assertThat(x.sum(axis).item()).isEqualTo(3);
      IntTensor zero = IntTensor.of(0).reshape();
      assertThat(Indexing.gather(x, axis, zero).item()).isEqualTo(3);
      assertThat(Scattering.scatterAdd(x, axis, zero, x).item()).isEqualTo(6);
    }
    assertThat(x.flatten(0, -1).shape()).isEqualTo(Shape.of(1));
  }

  @Test
  void aRangeEndsBeforeItsEndAndAMaskIsNotRounded() {
    assertThat(Tensors.arange(1, 1.3, 0.1, DType.FLOAT64).size()).isEqualTo(3);
    assertThat(Tensors.arange(0, 1, 0.1, DType.FLOAT64).size()).isEqualTo(10);
    assertThat(Tensors.arange(-0x1p53, -0x1p53 + 6, 1, DType.FLOAT64).size()).isEqualTo(6);
    assertThat(Tensors.arange(3, 0, -1, DType.FLOAT64).toDoubleArray()).containsExactly(3, 2, 1);
    assertThat(Masking.maskedFill(floats(1, 2), Tensor.of(1e-50, 0.0), 9).toDoubleArray())
        .containsExactly(9, 2);
  }
}
