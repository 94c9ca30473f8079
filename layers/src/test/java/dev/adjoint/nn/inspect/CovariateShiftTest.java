package dev.adjoint.nn.inspect;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class CovariateShiftTest {

  private final Generator generator = Generator.seeded(21);

  private static Consumer<Gradients> descent(Layer model, double rate) {
    return gradients ->
        model
            .parameters()
            .forEach(p -> p.assign(p.value().minus(gradients.orZeros(p).times(rate))));
  }

  /** A linear network of two layers, y = v . (W x) with one case x = (1, 2), loss y^2 / 2. */
  private Sequential byHand() {
    Linear below = float64(new Linear(2, 2, generator).withoutBias());
    Linear above = float64(new Linear(2, 1, generator).withoutBias());
    below.weight("weight").assign(Tensor.of(new double[][] {{1, 0}, {0, 1}}));
    above.weight("weight").assign(Tensor.of(new double[][] {{1, -1}}));
    return new Sequential(below, above);
  }

  @Test
  void theShiftOfTwoLayersByHand() {
    Sequential model = byHand();
    Tensor x = Tensor.of(new double[][] {{1, 2}});
    CovariateShift shift =
        CovariateShift.of(model, () -> model.forward(x).square().sum().div(2), descent(model, 0.1));

    // h = W x = (1, 2), y = -1, so G = y h = (-1, -2) of v, and y v x' = (-1, -2; 1, 2) of W.
    // W becomes (1.1, 0.2; -0.1, 0.8): then h = (1.5, 1.5), y = 0, and G' = (0, 0).
    assertThat(shift.layers()).containsOnlyKeys("0", "1");
    assertThat(shift.layer("1").difference()).isCloseTo(Math.sqrt(5), within(1e-14));
    assertThat(shift.layer("1").relative()).isCloseTo(1, within(1e-14));
    assertThat(shift.layer("0")).isEqualTo(new CovariateShift.Shift(0, 0, 1));
  }

  @Test
  void theAngleOfTwoLayersByHand() {
    Sequential model = byHand();
    Tensor x = Tensor.of(new double[][] {{1, 2}});
    CovariateShift shift =
        CovariateShift.of(model, () -> model.forward(x).square().sum().div(2), descent(model, 0.2));

    // W becomes (1.2, 0.4; -0.2, 0.6): h = (2, 1), y = 1, and G' = (2, 1) instead of (-1, -2).
    CovariateShift.Shift above = shift.layer("1");
    assertThat(above.difference()).isCloseTo(Math.sqrt(18), within(1e-14));
    assertThat(above.relative()).isCloseTo(Math.sqrt(18. / 5), within(1e-14));
    assertThat(above.cosine()).isCloseTo(-4. / 5, within(1e-14));
  }

  @Test
  void onlyTheLayersBelowAreUpdated() {
    Linear first = float64(new Linear(3, 4, generator));
    Linear second = float64(new Linear(4, 4, generator));
    Linear third = float64(new Linear(4, 2, generator));
    Sequential model = new Sequential(first, Tensor::tanh, second, Tensor::tanh, third);
    Tensor x = normal(generator, 8, 3);
    Tensor seed = normal(generator, 8, 2);
    CovariateShift shift =
        CovariateShift.of(
            model,
            () -> model.forward(x).times(seed).sum(),
            gradients -> {
              descent(first, 0.1).accept(gradients);
              descent(third, 0.1).accept(gradients);
            });
    assertThat(shift.layer("0").difference()).isZero();
    assertThat(shift.layer("2").relative()).isGreaterThan(1e-3);
    CovariateShift onlyThird =
        CovariateShift.of(model, () -> model.forward(x).times(seed).sum(), descent(third, 0.1));
    assertThat(onlyThird.layer("2").difference()).isZero();
    assertThat(onlyThird.layer("4").difference()).isZero();
  }

  @Test
  void theModelIsLeftAsItWas() {
    Sequential model =
        new Sequential(new Linear(3, 4, generator), new BatchNorm(4), new Linear(4, 2, generator));
    Tensor x = generator.normal(8, 3);
    Map<String, Tensor> before = model.state();
    CovariateShift.of(model, () -> model.forward(x).square().sum(), descent(model, 0.1));
    assertThatIllegalStateException()
        .isThrownBy(() ->
            CovariateShift.of(
                model,
                () -> model.forward(x).square().sum(),
                gradients -> {
                  descent(model, 0.1).accept(gradients);
                  throw new IllegalStateException("tired");
                }));
    model
        .state()
        .forEach((path, value) ->
            assertThat(value.toFloatArray()).as(path).isEqualTo(before.get(path).toFloatArray()));
  }

  @Test
  void randomDrawsAreTheSameInAllRuns() {
    Linear below = float64(new Linear(3, 4, generator));
    Linear above = float64(new Linear(4, 2, generator));
    Sequential model =
        new Sequential(
            below, h -> h.times(generator.bernoulli(0.5, h.shape(), DType.FLOAT64)), above);
    Tensor x = normal(generator, 8, 3);
    CovariateShift shift =
        CovariateShift.of(model, () -> model.forward(x).square().sum(), gradients -> {});
    assertThat(shift.layers().values())
        .allSatisfy(layer -> assertThat(layer.difference()).isZero());
  }

  @Test
  void layersWithoutGradientsAreLeftOut() {
    Sequential model = byHand();
    model.children().get("0").freeze();
    Tensor x = Tensor.of(new double[][] {{1, 2}});
    CovariateShift shift =
        CovariateShift.of(model, () -> model.forward(x).sum(), descent(model, 0.1));
    assertThat(shift.layers()).containsOnlyKeys("1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> shift.layer("0"))
        .withMessage("no shift of a layer '0'; expected one of [1]");
    assertThat(shift.toString())
        .isEqualTo(
            """
            layer  difference  relative  cosine
            1            0.00      0.00    1.00
            """);
  }
}
