package dev.adjoint.nn.inspect;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ActivationStatisticsTest {

  private final Generator generator = Generator.seeded(22);

  @Test
  void momentsAndPercentilesByHand() {
    // 0, 1, ..., 100: the percentiles are the numbers themselves, the variance is (101^2 - 1) / 12.
    LayerStatistics statistics = ofOutputs(Activation.IDENTITY, range(0, 100, 1));
    assertThat(statistics.mean()).isEqualTo(50);
    assertThat(statistics.deviation()).isCloseTo(Math.sqrt(850), within(1e-12));
    assertThat(
            List.of(
                statistics.output().p5(),
                statistics.output().p15(),
                statistics.output().p50(),
                statistics.output().p85(),
                statistics.output().p95()))
        .containsExactly(5., 15., 50., 85., 95.);
    LayerStatistics two = ofOutputs(Activation.IDENTITY, Tensor.of(new double[][] {{3}, {1}}));
    assertThat(two.output().p5()).isCloseTo(1.1, within(1e-12));
    assertThat(two.output().p50()).isEqualTo(2);
  }

  @Test
  void percentilesOfManyElementsAreThoseOfAllFeatures() {
    Tensor x = range(0, 511, 1).reshape(1, 1, 512).expand(64, 64, 512);
    double[] expected = {25.55, 76.65, 255.5, 434.35, 485.45};
    double[] actual = ofOutputs(Activation.IDENTITY, x).output().toArray();
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(2.));
    }
  }

  @Test
  void saturationIsTheShareAtTheEndsOfTheRange() {
    Tensor x = range(-9.95, 9.95, 0.1);
    // |tanh x| > 0.98 beyond 2.298, sigmoid x outside of 0.01 to 0.99 beyond 4.595.
    assertThat(ofOutputs(Tensor::tanh, x).saturation()).isEqualTo(154 / 200.);
    assertThat(ofOutputs(Tensor::sigmoid, x).saturation()).isEqualTo(108 / 200.);
    assertThat(ofOutputs(Tensor::relu, x).saturation()).isEqualTo(0.5);
    assertThat(ofOutputs(Activation.IDENTITY, x).saturation()).isZero();
    assertThat(ofOutputs(Activation.GELU, x).saturation()).isZero();
  }

  @Test
  void saturationOfOneSideAndOfNoneIsSeenToo() {
    assertThat(ofOutputs(Tensor::sigmoid, range(5, 15, 0.1)).saturation()).isEqualTo(1);
    assertThat(ofOutputs(Tensor::sigmoid, range(-15, -5, 0.1)).saturation()).isEqualTo(1);
    assertThat(ofOutputs(Tensor::relu, range(-15, -5, 0.1)).saturation()).isEqualTo(1);
    assertThat(ofOutputs(Tensor::relu, range(1e-4, 1e-3, 1e-4)).saturation()).isEqualTo(1);
    assertThat(ofOutputs(Tensor::tanh, range(-0.5, 0.5, 0.1)).saturation()).isZero();
  }

  private static LayerStatistics ofOutputs(Transform function, Tensor x) {
    Sequential model = new Sequential(function);
    ActivationStatistics statistics = ActivationStatistics.of(model);
    statistics.watch(() -> model.forward(x));
    return statistics.layer("0").getLast();
  }

  private static Tensor range(double from, double to, double step) {
    int n = (int) Math.round((to - from) / step) + 1;
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = from + i * step;
    }
    return Tensor.of(values, n, 1);
  }

  // ---- gradients and updates -------------------------------------------------------------------

  @Test
  void gradientsAndUpdatesByHand() {
    Linear linear = float64(new Linear(2, 1, generator).withoutBias());
    Parameter w = linear.weight("weight").parameter();
    w.assign(Tensor.of(new double[][] {{3, 4}}));
    ActivationStatistics statistics = ActivationStatistics.of(linear);

    Tensor x = Tensor.of(new double[][] {{1, 0}, {0, 1}});
    Tensor loss = statistics.watch(() -> linear.forward(x).square().sum().div(2));
    assertThat(statistics.layer("").getLast().gradientNorm()).isNaN();
    Gradients gradients = loss.backward(); // of y: y = (3, 4); of w: (3, 4)
    assertThat(statistics.layer("").getLast().gradientNorm()).isCloseTo(5, within(1e-14));
    assertThat(statistics.layer("").getLast().gradient().p50()).isCloseTo(3.5, within(1e-14));
    assertThat(statistics.layer("").getLast().gradient().p5()).isCloseTo(3.05, within(1e-14));

    statistics.step(gradients, () -> w.assign(w.value().minus(gradients.of(w).times(0.1))));
    ParameterStatistics moved = statistics.parameter("weight").getLast();
    assertThat(moved.norm()).isCloseTo(5, within(1e-14));
    assertThat(moved.gradientNorm()).isCloseTo(5, within(1e-14));
    assertThat(moved.updateRatio()).isCloseTo(0.1, within(1e-14));
  }

  @Test
  void stepsAddUp() {
    Sequential model = model();
    ActivationStatistics statistics = ActivationStatistics.of(model);
    Tensor x = normal(generator, 8, 3);
    for (int step = 0; step < 3; step++) {
      Gradients g = statistics.watch(() -> model.forward(x).square().sum()).backward();
      statistics.step(g, () -> model.parameters().forEach(p -> p.assign(p.value().times(0.9))));
    }
    assertThat(statistics.layer("1")).extracting(LayerStatistics::step).containsExactly(0, 1, 2);
    assertThat(statistics.layers())
        .extracting(LayerStatistics::layer)
        .containsExactly("0", "1", "2", "3", "", "0", "1", "2", "3", "", "0", "1", "2", "3", "");
    assertThat(statistics.parameter("0.weight"))
        .extracting(ParameterStatistics::updateRatio)
        .allSatisfy(ratio -> assertThat(ratio).isCloseTo(0.1, within(1e-14)));
    assertThat(statistics.parameters()).hasSize(3 * model.parameters().size());
  }

  @Test
  void batchNormStandardizesAndItsGradientPasses() {
    Sequential model = model();
    ActivationStatistics statistics = ActivationStatistics.of(model);
    Tensor x = normal(generator, 64, 3).times(100);
    statistics.watch(() -> model.forward(x).square().sum()).backward();
    assertThat(statistics.layer("0").getLast().deviation()).isGreaterThan(10);
    assertThat(statistics.layer("1").getLast().deviation()).isCloseTo(1, within(1e-4));
    assertThat(statistics.layers())
        .allSatisfy(layer -> assertThat(layer.gradientNorm()).isGreaterThan(0));
  }

  @Test
  void aLayerThatIsCalledTwiceIsSeenTwice() {
    LayerNorm norm = new LayerNorm(3);
    Sequential model = new Sequential(norm, Tensor::neg, norm);
    ActivationStatistics statistics = ActivationStatistics.of(model);
    statistics.watch(() -> model.forward(generator.normal(4, 3)));
    assertThat(statistics.layer("0")).extracting(LayerStatistics::call).containsExactly(0, 1);
  }

  // ---- what watching leaves alone --------------------------------------------------------------

  @Test
  void theModelComputesTheSameBitsAndGradients() {
    Sequential model = model();
    Tensor x = normal(generator, 8, 3);
    ActivationStatistics statistics = ActivationStatistics.of(model);
    Tensor plain = model.forward(x);
    Tensor watched = statistics.watch(() -> model.forward(x));
    assertThat(watched.toDoubleArray()).isEqualTo(plain.toDoubleArray());
    Gradients expected = plain.square().sum().backward();
    Gradients actual = watched.square().sum().backward();
    for (Parameter parameter : model.parameters()) {
      assertThat(actual.of(parameter).toDoubleArray())
          .isEqualTo(expected.of(parameter).toDoubleArray());
    }
  }

  @Test
  void withoutGradientsOnlyOutputsAreRecorded() {
    Sequential model = model();
    ActivationStatistics statistics = ActivationStatistics.of(model);
    Tensor x = normal(generator, 8, 3);
    Tensor y = statistics.watch(() -> Autodiff.noGrad(() -> model.forward(x)));
    assertThat(y.isTracked()).isFalse();
    assertThat(statistics.layers())
        .hasSize(5)
        .allSatisfy(layer -> assertThat(layer.gradientNorm()).isNaN());
  }

  @Test
  void otherModelsAreNotRecorded() {
    Sequential model = model();
    Sequential other = model();
    ActivationStatistics statistics = ActivationStatistics.of(model);
    Tensor x = normal(generator, 8, 3);
    statistics.watch(() -> other.forward(x));
    model.forward(x);
    assertThat(statistics.layers()).isEmpty();
  }

  @Test
  void aFrozenParameterHasNoGradientAndDoesNotMove() {
    Sequential model = model();
    model.children().get("0").freeze();
    ActivationStatistics statistics = ActivationStatistics.of(model);
    Tensor x = normal(generator, 8, 3);
    Gradients g = statistics.watch(() -> model.forward(x).square().sum()).backward();
    statistics.step(g, () -> {});
    ParameterStatistics frozen = statistics.parameter("0.weight").getLast();
    assertThat(frozen.gradientNorm()).isNaN();
    assertThat(frozen.updateRatio()).isZero();
    assertThat(statistics.parameter("3.weight").getLast().gradientNorm()).isGreaterThan(0);
  }

  @Test
  void aStepNeedsSomethingWatched() {
    Sequential model = model();
    Gradients g = model.forward(normal(generator, 8, 3)).sum().backward();
    assertThatIllegalStateException()
        .isThrownBy(() -> ActivationStatistics.of(model).step(g, () -> {}))
        .withMessage("step: nothing has been watched; expected watch before");
  }

  @Test
  void theTableIsOfTheLastStep() {
    Linear linear = float64(new Linear(2, 1, generator).withoutBias());
    linear.weight("weight").assign(Tensor.of(new double[][] {{3, 4}}));
    Sequential model = new Sequential(linear, Activation.RELU);
    ActivationStatistics statistics = ActivationStatistics.of(model);
    Tensor x = Tensor.of(new double[][] {{1, 0}, {0, -1}});
    for (int i = 0; i < 2; i++) {
      Gradients g = statistics.watch(() -> model.forward(x).sum()).backward();
      statistics.step(g, () -> linear.weight("weight").assign(Tensor.of(new double[][] {{3, 5}})));
    }
    assertThat(statistics.toString())
        .isEqualTo(
            """
            step 1
            layer                     mean  deviation    5 %   15 %   50 %  85 %  95 %  saturated  gradient
            0 Linear(2, 1, no bias)  -1.00       4.00  -4.60  -3.80  -1.00  1.80  2.60       0.00      1.00
            1 RELU                    1.50       1.50  0.150  0.450   1.50  2.55  2.85      0.500      1.41
            Sequential(2)             1.50       1.50  0.150  0.450   1.50  2.55  2.85      0.500      1.41
            parameter  norm  gradient  update / norm  angle
            0.weight   5.83      1.00           0.00   0.00
            """);
  }

  @Test
  void anAngleIsThatBetweenBeforeAndAfter() {
    Linear linear = float64(new Linear(2, 1, generator).withoutBias());
    Sequential model = new Sequential(linear);
    ActivationStatistics statistics = ActivationStatistics.of(model);
    double[][][] moves = {{{3, 0}}, {{3, 4}}, {{-6, -8}}, {{-6 - 8e-9, -8 + 6e-9}}};
    for (double[][] weight : moves) {
      Gradients g = statistics.watch(() -> model.forward(Tensor.of(moves[0])).sum()).backward();
      statistics.step(g, () -> linear.weight("weight").assign(Tensor.of(weight)));
    }
    List<ParameterStatistics> moved = statistics.parameter("0.weight");
    assertThat(moved.get(1).angle()).isCloseTo(Math.atan(4 / 3.0), within(1e-15));
    assertThat(moved.get(2).angle()).isCloseTo(Math.PI, within(1e-15));
    assertThat(moved.get(3).angle()).isCloseTo(1e-9, within(1e-15));
  }

  private Sequential model() {
    return float64(
        new Sequential(
            new Linear(3, 5, generator),
            new BatchNorm(5),
            Activation.TANH,
            new Linear(5, 2, generator)));
  }
}
