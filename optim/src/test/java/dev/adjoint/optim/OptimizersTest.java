package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares the optimizers with references for one number, written from the papers. */
class OptimizersTest {

  private static final int STEPS = 7;

  /** Takes one step for one number: returns the new value. */
  private interface Reference {
    double step(double p, double g);
  }

  /** Descent with momentum as PyTorch documents it. */
  private static Reference sgd(
      double rate, double decay, double momentum, double dampening, boolean nesterov) {
    double[] v = {Double.NaN};
    return (p, g) -> {
      double slope = g + decay * p;
      v[0] = Double.isNaN(v[0]) ? slope : momentum * v[0] + (1 - dampening) * slope;
      double direction = momentum == 0 ? slope : nesterov ? slope + momentum * v[0] : v[0];
      return p - rate * direction;
    };
  }

  /** Adam as in Kingma and Ba, algorithm 1, and AdamW as in Loshchilov and Hutter, algorithm 2. */
  private static Reference adam(
      double rate, double beta1, double beta2, double epsilon, double penalty, double decay) {
    double[] s = new double[3];
    return (p, g) -> {
      double slope = g + penalty * p;
      double t = ++s[0];
      s[1] = beta1 * s[1] + (1 - beta1) * slope;
      s[2] = beta2 * s[2] + (1 - beta2) * slope * slope;
      double mean = s[1] / (1 - Math.pow(beta1, t));
      double square = s[2] / (1 - Math.pow(beta2, t));
      return p - rate * decay * p - rate * mean / (Math.sqrt(square) + epsilon);
    };
  }

  private static void compare(
      DType dtype, Function<List<Parameter>, Optimizer> optimizer, Supplier<Reference> reference) {
    // Above one chunk, so that work is split, and no multiple of a vector's length.
    int n = 40_003;
    Generator generator = Generator.seeded(3);
    Parameter w = new Parameter("w", generator.normal(0, 1, Shape.of(n), dtype));
    double[] expected = w.value().toDoubleArray();
    List<Reference> references = java.util.stream.Stream.generate(reference).limit(n).toList();
    Optimizer it = optimizer.apply(List.of(w));
    for (int step = 0; step < STEPS; step++) {
      Tensor slope = generator.normal(0.1, 1, Shape.of(n), dtype);
      it.step(w.value().times(slope).sum().backward());
      double[] g = slope.toDoubleArray();
      Arrays.setAll(expected, i -> references.get(i).step(expected[i], g[i]));
    }
    double tolerance = dtype == DType.FLOAT32 ? 1e-5 : 1e-12;
    assertThat(w.value().toDoubleArray()).containsExactly(expected, within(tolerance));
  }

  @ParameterizedTest
  @EnumSource
  void plainDescentIsTheReference(DType dtype) {
    compare(dtype, SGD::new, () -> sgd(1e-3, 0, 0, 0, false));
    compare(
        dtype,
        w -> new SGD(w).learningRate(0.1).weightDecay(0.2),
        () -> sgd(0.1, 0.2, 0, 0, false));
  }

  @ParameterizedTest
  @EnumSource
  void descentWithMomentumIsTheReference(DType dtype) {
    compare(
        dtype, w -> new SGD(w).learningRate(0.1).momentum(0.9), () -> sgd(0.1, 0, 0.9, 0, false));
    compare(
        dtype,
        w -> new SGD(w).learningRate(0.1).momentum(0.8).dampening(0.3).weightDecay(0.2),
        () -> sgd(0.1, 0.2, 0.8, 0.3, false));
    compare(
        dtype,
        w -> new SGD(w).learningRate(0.1).momentum(0.9).nesterov().weightDecay(0.2),
        () -> sgd(0.1, 0.2, 0.9, 0, true));
  }

  @ParameterizedTest
  @EnumSource
  void adamIsTheReference(DType dtype) {
    compare(dtype, Adam::new, () -> adam(1e-3, 0.9, 0.999, 1e-8, 0, 0));
    compare(
        dtype,
        w -> new Adam(w).learningRate(0.05).betas(0.8, 0.95).epsilon(1e-3).weightDecay(0.1),
        () -> adam(0.05, 0.8, 0.95, 1e-3, 0.1, 0));
  }

  @ParameterizedTest
  @EnumSource
  void adamWIsTheReference(DType dtype) {
    compare(dtype, AdamW::new, () -> adam(1e-3, 0.9, 0.999, 1e-8, 0, 0.01));
    compare(
        dtype,
        w -> new AdamW(w).learningRate(0.05).weightDecay(0.3),
        () -> adam(0.05, 0.9, 0.999, 1e-8, 0, 0.3));
  }

  @Test
  void aScheduleChangesTheRateOfTheNextStep() {
    Parameter w = new Parameter("w", Tensor.of(1.0, 2.0));
    Optimizer sgd = new SGD(List.of(w)).learningRate(0.5);
    sgd.step(w.value().sum().backward());
    sgd.learningRate(0.25);
    sgd.step(w.value().sum().backward());
    assertThat(sgd.learningRate()).isEqualTo(0.25);
    assertThat(w.value().toDoubleArray()).containsExactly(0.25, 1.25);
  }

  @Test
  void frozenAndAbsentParametersArePassedBy() {
    Parameter used = new Parameter("used", Tensor.of(1.0));
    Parameter frozen = new Parameter("frozen", Tensor.of(1.0));
    Parameter absent = new Parameter("absent", Tensor.of(1.0));
    Gradients gradients = used.value().times(frozen.value()).sum().backward();
    frozen.freeze();
    new AdamW(List.of(used, frozen, absent)).learningRate(0.1).step(gradients);
    assertThat(used.value().item()).isLessThan(1);
    assertThat(frozen.value().item()).isEqualTo(1);
    assertThat(absent.value().item()).isEqualTo(1);
  }

  @Test
  void biasCorrectionCountsTheStepsOfEachParameter() {
    Parameter a = new Parameter("a", Tensor.of(1.0));
    Parameter b = new Parameter("b", Tensor.of(1.0));
    Optimizer adam = new Adam(List.of(a, b));
    adam.step(a.value().sum().backward());
    adam.step(a.value().plus(b.value()).sum().backward());
    // The first step of Adam is the learning rate, whenever it is taken.
    assertThat(b.value().item()).isCloseTo(1 - 1e-3, within(1e-9));
  }

  @Test
  void gradientsOfAnyLayoutAreReadInOrder() {
    Parameter w = new Parameter("w", Tensors.zeros(Shape.of(2, 3), DType.FLOAT64));
    Tensor slope = Tensor.of(new double[][] {{9, 9}, {1, 4}, {2, 5}, {3, 6}});
    Tensor transposed = slope.slice(0, 1, 4).transpose();
    new SGD(List.of(w)).learningRate(1).step(w.value().times(1).backward(transposed));
    assertThat(w.value().toDoubleArray()).containsExactly(-1, -2, -3, -4, -5, -6);
    new SGD(List.of(w)).learningRate(1).step(w.value().sum().backward());
    assertThat(w.value().toDoubleArray()).containsExactly(-2, -3, -4, -5, -6, -7);
  }

  @Test
  void anyNumberOfThreadsGivesTheSameBits() {
    assertThat(Parallel.withThreads(1, OptimizersTest::someSteps))
        .isEqualTo(Parallel.withThreads(4, OptimizersTest::someSteps));
  }

  private static float[] someSteps() {
    Generator generator = Generator.seeded(5);
    Parameter w = new Parameter("w", generator.normal(100_003));
    Optimizer adam = new AdamW(List.of(w)).learningRate(0.01);
    for (int step = 0; step < 20; step++) {
      adam.step(w.value().times(generator.normal(100_003)).sum().backward());
    }
    return w.value().toFloatArray();
  }

  @Test
  void anEarlierValueRefusesToBeReadAfterAStep() {
    Parameter w = new Parameter("w", Tensor.of(1.0));
    Tensor before = w.value();
    new SGD(List.of(w)).step(before.sum().backward());
    assertThatIllegalStateException().isThrownBy(before::item).withMessageContaining("'w'");
  }

  @Test
  void badSettingsAreNamed() {
    Parameter w = new Parameter("w", Tensor.of(1.0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Adam(List.of()))
        .withMessage("Adam: no parameters; expected at least one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SGD(List.of(w, w)))
        .withMessageContaining("SGD: parameter 'w' is listed twice");
    Adam adam = new Adam(List.of(w));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adam.learningRate(-1))
        .withMessage("Adam: learning rate -1.0; expected a number of at least 0");
    assertThatIllegalArgumentException().isThrownBy(() -> adam.learningRate(Double.NaN));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adam.betas(0.9, 1))
        .withMessage("Adam: beta2 1.0; expected 0 <= beta2 < 1");
    assertThatIllegalArgumentException().isThrownBy(() -> adam.epsilon(-1e-8));
    assertThatIllegalArgumentException().isThrownBy(() -> new AdamW(List.of(w)).weightDecay(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SGD(List.of(w)).nesterov())
        .withMessageContaining("SGD: Nesterov's rule with momentum 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SGD(List.of(w)).momentum(0.9).nesterov().dampening(0.1));
  }
}
