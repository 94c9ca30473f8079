package dev.adjoint.nn.inspect;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.inspect.InvarianceTable.Verdict.INVARIANT;
import static dev.adjoint.nn.inspect.InvarianceTable.Verdict.NO;
import static dev.adjoint.nn.inspect.InvarianceTable.Verdict.UP_TO_EPSILON;
import static dev.adjoint.nn.inspect.Perturbation.CASE_RESCALED;
import static dev.adjoint.nn.inspect.Perturbation.DATA_RESCALED;
import static dev.adjoint.nn.inspect.Perturbation.ROW_RESCALED;
import static dev.adjoint.nn.inspect.Perturbation.WEIGHTS_RESCALED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tells an epsilon from what only looks like one. */
class EpsilonVerdictsTest {

  private static final int OUT = 12;

  private final Generator generator = Generator.seeded(6);

  // ---- epsilons --------------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void anEpsilonIsToldFromAChange(DType dtype) {
    assertVerdicts(dtype, new BatchNorm(OUT), "e - -  e -  e Y Y  -", "e e  e e  e e");
    assertVerdicts(dtype, new LayerNorm(OUT), "e Y Y  - -  e - -  e", "e -  e e  e e");
    assertVerdicts(dtype, new GroupNorm(3, OUT), "e Y Y  - -  e - -  e", "e -  e e  e e");
    assertVerdicts(dtype, new RMSNorm(OUT).epsilon(1e-5), "e - -  - -  e - -  e", "e -  e e  e e");
    assertVerdicts(dtype, x -> x.times(0.5).tanh(), "- - -  - -  - - -  -", "- -  - -  - -");
  }

  @ParameterizedTest
  @EnumSource
  void anEpsilonBesideTheRootIsOneToo(DType dtype) {
    assertVerdicts(
        dtype,
        new BatchNorm(OUT).epsilonOutsideRoot(1e-5),
        "e - -  e -  e Y Y  -",
        "e e  e e  e e");
    assertVerdicts(
        dtype,
        new LayerNorm(OUT).epsilonOutsideRoot(1e-5),
        "e Y Y  - -  e - -  e",
        "e -  e e  e e");
  }

  @Test
  void anEpsilonBelowTheRoundingDoesNotCount() {
    // Of gradients it does: at 0.1 W they are off by 5e-13, a little more than rounding.
    assertVerdicts(DType.FLOAT64, new RMSNorm(OUT), "Y - -  - -  Y - -  Y", "e -  e e  e e");
    assertVerdicts(
        DType.FLOAT64, new LayerNorm(OUT).epsilon(1e-20), "Y Y Y  - -  Y - -  Y", "Y -  Y Y  Y Y");
  }

  @Test
  void theDeviationIsThatOfTheFormula() {
    Linear linear = float64(new Linear(1, 1, generator).withoutBias());
    linear.weight("weight").assign(Tensors.ones(Shape.of(1, 1), DType.FLOAT64));
    Tensor x = Tensor.of(new double[][] {{1}, {-1}});
    InvarianceTable.Row row =
        Invariances.of(new Sequential(linear, new BatchNorm(1).epsilon(1e-4).withoutAffine()))
            .on(x)
            .measure();
    // The variance is 1 and becomes 0.01: from 1 / sqrt(1 + 1e-4) to 0.1 / sqrt(0.01 + 1e-4).
    double expected = 1 - 0.1 / Math.sqrt(0.01 + 1e-4) * Math.sqrt(1 + 1e-4);
    assertThat(row.deviation(WEIGHTS_RESCALED)).isCloseTo(expected, within(1e-12));
    assertThat(row.verdict(WEIGHTS_RESCALED)).isEqualTo(UP_TO_EPSILON);
  }

  @Test
  void anEpsilonThatIsNotSmallBesideTheVarianceEndsTheInvariance() {
    Sequential layer = model(new LayerNorm(OUT));
    Tensor x = generator.normal(0, 1, Shape.of(16, 10), DType.FLOAT64);
    assertThat(Invariances.of(layer).on(x).measure().verdict(DATA_RESCALED))
        .isEqualTo(UP_TO_EPSILON);
    assertThat(Invariances.of(layer).on(x.times(0.005)).measure().verdict(DATA_RESCALED))
        .isEqualTo(NO);
  }

  // ---- what only looks like an epsilon ---------------------------------------------------------

  @Test
  void aBiasThatIsNotScaledAlongIsNoEpsilonHoweverSmall() {
    for (double size : new double[] {1, 1e-3, 1e-6}) {
      for (double epsilon : new double[] {0, 1e-5}) {
        InvarianceTable.Row row = biased(size, new LayerNorm(OUT).epsilon(epsilon));
        assertThat(Verdicts.of(row)).as("bias of size %s", size).isEqualTo("- Y Y - - - - - -");
      }
    }
  }

  @Test
  void aBiasThatBatchNormTakesAwayDoesNotCount() {
    for (double size : new double[] {1, 1e-3}) {
      assertThat(Verdicts.of(biased(size, new BatchNorm(OUT)))).isEqualTo("e - - e - e Y Y -");
      assertThat(Verdicts.of(biased(size, new BatchNorm(OUT).epsilon(0))))
          .isEqualTo("Y - - Y - Y Y Y -");
    }
  }

  @Test
  void aSmallBiasIsFoundAmongOtherParametersOfItsLayer() {
    assertThat(Verdicts.of(Invariances.of(float64(new NormalizedLinear(0))).measure()))
        .isEqualTo("e Y Y - - e - - e");
    assertThat(Verdicts.of(Invariances.of(float64(new NormalizedLinear(1e-4))).measure()))
        .isEqualTo("- Y Y - - - - - -");
  }

  @Test
  void aParameterThatFitsOnlyAsItIsStaysBehind() {
    Sine layer = float64(new Sine());
    assertThat(Verdicts.of(Invariances.of(layer).measure())).isEqualTo("e Y Y - - e - - e");
  }

  @Test
  void aSaturatedFunctionIsNoEpsilon() {
    Transform[] saturating = {Tensor::tanh, Tensor::sigmoid, Tensor::erf};
    for (Transform function : saturating) {
      InvarianceTable.Row row = Invariances.of(model(function)).measure();
      assertThat(Verdicts.of(row)).isEqualTo("- - - - - - - - -");
    }
  }

  @Test
  void aResidualThatDrownsTheNormIsNoEpsilon() {
    Sequential norm = new Sequential(new Linear(10, 10, generator), new LayerNorm(10).epsilon(0));
    norm.to(DType.FLOAT64);
    Tensor x = generator.normal(0, 1000, Shape.of(16, 10), DType.FLOAT64);
    InvarianceTable.Row row = Invariances.of(new Sequential(new Added(norm))).on(x).measure();
    assertThat(row.deviation(ROW_RESCALED)).isLessThan(0.01);
    assertThat(row.verdict(ROW_RESCALED)).isEqualTo(NO);
    assertThat(row.verdict(CASE_RESCALED)).isEqualTo(NO);
  }

  @Test
  void aBiasBehindAWeightThatIsNormalizedItselfHidesNoEpsilon() {
    StandardizedLinear layer = float64(new StandardizedLinear());
    InvarianceTable.Row row =
        Invariances.of(new Sequential(layer, new GroupNorm(3, OUT).epsilon(0))).measure();
    assertThat(row.verdict(WEIGHTS_RESCALED)).isEqualTo(UP_TO_EPSILON);
    assertThat(row.verdict(ROW_RESCALED)).isEqualTo(UP_TO_EPSILON);
    assertThat(row.verdict(DATA_RESCALED)).isEqualTo(NO);
    assertThat(row.verdict(Perturbation.WEIGHTS_SHIFTED)).isEqualTo(INVARIANT);
  }

  // ----------------------------------------------------------------------------------------------

  private Sequential model(Transform norm) {
    return float64(new Sequential(new Linear(10, OUT, generator).withoutBias(), norm));
  }

  private InvarianceTable.Row biased(double size, Transform norm) {
    Linear linear = float64(new Linear(10, OUT, generator));
    linear.weight("bias").assign(linear.weight("bias").value().times(size));
    return Invariances.of(float64(new Sequential(linear, norm))).measure();
  }

  private void assertVerdicts(DType dtype, Transform norm, String expected, String ofGradients) {
    Sequential model = model(norm);
    model.to(dtype);
    InvarianceTable.Row row = Invariances.of(model).measure();
    assertThat(Verdicts.of(row)).as("%s", row).isEqualTo(expected.replace("  ", " "));
    assertThat(Verdicts.ofGradients(row)).as("%s", row).isEqualTo(ofGradients.replace("  ", " "));
  }

  /** Has the parameters of a linear layer and of a layer norm, all in one. */
  private final class NormalizedLinear extends Layer implements Transform {
    private final Weight weight = parameter("w", generator.normal(OUT, 10));
    private final Weight before = parameter("before", generator.normal(OUT));
    private final Weight gain = parameter("gain", generator.normal(OUT));
    private final Weight after = parameter("after", generator.normal(OUT));

    NormalizedLinear(double size) {
      before.assign(before.value().times(size));
    }

    @Override
    public Tensor forward(Tensor x) {
      Tensor a = x.matmul(weight.value().transpose()).plus(before.value());
      Tensor centered = a.minus(a.mean(Keep.AXES, 1));
      Tensor sigma = a.biasedVariance(Keep.AXES, 1).plus(1e-5).sqrt();
      return centered.div(sigma).times(gain.value()).plus(after.value());
    }
  }

  /** Takes the sine of a norm times a frequency, in which a magnified one would find chaos. */
  private final class Sine extends Layer implements Transform {
    private final Weight weight = parameter("weight", generator.normal(OUT, 10));
    private final Weight frequency =
        parameter("frequency", Tensors.full(Shape.of(), 0.5, DType.FLOAT32));
    private final LayerNorm norm = child("norm", new LayerNorm(OUT));

    @Override
    public Tensor forward(Tensor x) {
      Tensor y = norm.forward(x.matmul(weight.value().transpose()));
      return y.times(frequency.value()).sin();
    }
  }

  /** Adds its input to the output of a norm. */
  private static final class Added extends Layer implements Transform {
    private final Sequential norm;

    Added(Sequential norm) {
      this.norm = child("norm", norm);
    }

    @Override
    public Tensor forward(Tensor x) {
      return x.plus(norm.forward(x));
    }
  }

  /** Standardizes the rows of its weight (Qiao et al. 2019, arXiv:1903.10520). */
  private final class StandardizedLinear extends Layer implements Transform {
    private final Weight weight = parameter("weight", generator.normal(OUT, 10));
    private final Weight bias = parameter("bias", generator.normal(OUT));

    @Override
    public Tensor forward(Tensor x) {
      Tensor w = weight.value();
      Tensor sigma = w.biasedVariance(Keep.AXES, 1).plus(1e-5).sqrt();
      return x.matmul(w.minus(w.mean(Keep.AXES, 1)).div(sigma).transpose()).plus(bias.value());
    }
  }
}
