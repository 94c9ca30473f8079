package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * What g and b are for, behind a standardization that has just taken scale and mean away (Ioffe and
 * Szegedy 2015, section 3).
 */
class RescaleAndReshiftTest {

  private static final double RATE = 0.1;

  private final Generator generator = Generator.seeded(14);

  // ---- g and b give back what standardizing takes ----------------------------------------------

  @Test
  void withoutThemASigmoidIsAlmostAStraightLine() {
    BatchNorm norm = float64(new BatchNorm(1));
    Tensor x = generator.normal(3, 5, Shape.of(10_000, 1), DType.FLOAT64);

    Tensor y = norm.forward(x);
    assertThat(linearity(y, y.sigmoid())).isGreaterThan(0.98);
    assertThat(y.abs().less(2).mean().item()).isGreaterThan(0.95);

    norm.weight("weight").assign(Tensor.of(8.0));
    Tensor rescaled = norm.forward(x);
    assertThat(linearity(rescaled, rescaled.sigmoid())).isLessThan(0.8);
    assertThat(rescaled.abs().less(2).mean().item()).isLessThan(0.25);
  }

  /** Returns the share of the variance of y that a straight line in x explains. */
  private static double linearity(Tensor x, Tensor y) {
    Tensor dx = x.minus(x.mean());
    Tensor dy = y.minus(y.mean());
    double covariance = dx.times(dy).mean().item();
    return covariance * covariance / (dx.square().mean().item() * dy.square().mean().item());
  }

  @Test
  void theDeviationAndTheMeanGiveTheIdentity() {
    BatchNorm norm = float64(new BatchNorm(3));
    Tensor x = generator.normal(3, 5, Shape.of(20, 3), DType.FLOAT64);
    norm.weight("weight").assign(x.biasedVariance(0).plus(1e-5).sqrt());
    norm.weight("bias").assign(x.mean(0));
    assertThat(norm.forward(x).toDoubleArray()).containsExactly(x.toDoubleArray(), within(1e-13));
  }

  // ---- but they are learned otherwise ----------------------------------------------------------

  @Test
  void withANormTheMeanIsUpToBAlone() {
    BatchNorm norm = new BatchNorm(2);
    Sequential model = network(norm);
    Tensor x = generator.normal(1, 2, Shape.of(32, 3), DType.FLOAT64);

    Gradients gradients = meanLoss(model, x).backward();
    Parameter b = norm.weight("bias").parameter();
    for (Parameter parameter : model.parameters()) {
      if (parameter != b) {
        assertThat(gradients.of(parameter).norm(2).item()).as("%s", parameter).isLessThan(1e-15);
      }
    }
    assertThat(gradients.of(b).norm(2).item()).isGreaterThan(0.1);

    // d/db (b - 1)^2 = 2 (b - 1), from b = 0: one step goes where gradient descent on b alone goes.
    step(model, gradients);
    assertThat(model.forward(x).mean(0).toDoubleArray())
        .containsExactly(new double[] {2 * RATE, 2 * RATE}, within(1e-14));
  }

  @Test
  void withoutANormTheMeanIsUpToEveryLayerBelow() {
    Sequential model = network(Activation.IDENTITY);
    Tensor x = generator.normal(1, 2, Shape.of(32, 3), DType.FLOAT64);

    Gradients gradients = meanLoss(model, x).backward();
    for (Parameter parameter : model.parameters()) {
      assertThat(gradients.of(parameter).norm(2).item()).as("%s", parameter).isGreaterThan(0.01);
    }
  }

  @Test
  void whatIsLearnedBelowDoesNotMoveTheMeanBehindANorm() {
    BatchNorm norm = new BatchNorm(2);
    Sequential normalized = network(norm);
    Sequential plain = network(Activation.IDENTITY);
    Tensor x = generator.normal(1, 2, Shape.of(32, 3), DType.FLOAT64);
    for (Sequential model : new Sequential[] {normalized, plain}) {
      Tensor before = model.forward(x).mean(0);
      Parameter below = model.namedParameters().get("0.weight");
      below.assign(below.value().plus(0.5));
      double moved = model.forward(x).mean(0).minus(before).norm(2).item();
      if (model == normalized) {
        assertThat(moved).isLessThan(1e-15);
      } else {
        assertThat(moved).isGreaterThan(0.1);
      }
    }
  }

  @Test
  void theDeviationIsUpToGAlone() {
    BatchNorm norm = new BatchNorm(2).epsilon(0);
    Sequential model = network(norm);
    norm.weight("weight").assign(Tensor.of(3.0, 0.5));
    for (int i = 0; i < 3; i++) {
      Tensor x = generator.normal(i, 1 + i, Shape.of(32, 3), DType.FLOAT64);
      assertThat(model.forward(x).biasedVariance(0).sqrt().toDoubleArray())
          .containsExactly(new double[] {3, 0.5}, within(1e-13));
    }
  }

  @Test
  void theSameFunctionMovesOtherwise() {
    Tensor x = generator.normal(1, 2, Shape.of(32, 3), DType.FLOAT64);
    Tensor target = generator.normal(0, 1, Shape.of(32, 2), DType.FLOAT64);
    Sequential plain = network(Activation.IDENTITY);
    BatchNorm norm = float64(new BatchNorm(2));
    Tensor h = plain.forward(x);
    norm.weight("weight").assign(h.biasedVariance(0).plus(1e-5).sqrt());
    norm.weight("bias").assign(h.mean(0));
    Sequential normalized = new Sequential(Layer.copyOf(plain), norm);
    assertThat(normalized.forward(x).minus(plain.forward(x)).abs().max().item()).isLessThan(1e-14);

    for (Sequential model : new Sequential[] {plain, normalized}) {
      step(model, model.forward(x).minus(target).square().mean().backward());
    }
    Tensor difference = normalized.forward(x).minus(plain.forward(x));
    assertThat(difference.norm(2).item()).isGreaterThan(0.01 * plain.forward(x).norm(2).item());
  }

  private Sequential network(Transform norm) {
    return float64(new Sequential(new Linear(3, 4, generator), new Linear(4, 2, generator), norm));
  }

  private static Tensor meanLoss(Sequential model, Tensor x) {
    return model.forward(x).mean(0).minus(1).square().sum();
  }

  private static void step(Layer model, Gradients gradients) {
    for (Parameter parameter : model.parameters()) {
      parameter.assign(parameter.value().minus(gradients.of(parameter).times(RATE)));
    }
  }
}
