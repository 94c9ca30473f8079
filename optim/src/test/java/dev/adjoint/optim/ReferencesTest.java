package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares every optimizer, element by element, with the formula of its paper. */
class ReferencesTest {

  private static void compare(
      DType dtype, Function<List<Parameter>, Optimizer> optimizer, Supplier<Reference> reference) {
    boolean single = dtype == DType.FLOAT32;
    int steps = single ? 7 : 100;
    int n = single ? 16_411 : 1_003; // above and below one chunk; no multiple of a vector's length
    Generator generator = Generator.seeded(3);
    Parameter w = new Parameter("w", generator.normal(0, 1, Shape.of(n), dtype));
    double[] expected = w.value().toDoubleArray();
    List<Reference> references = Stream.generate(reference).limit(n).toList();
    Optimizer it = optimizer.apply(List.of(w));
    for (int step = 0; step < steps; step++) {
      Tensor slope = generator.normal(0.1, 1, Shape.of(n), dtype);
      it.step(w.value().times(slope).sum().backward());
      double[] g = slope.toDoubleArray();
      Arrays.setAll(expected, i -> references.get(i).step(expected[i], g[i]));
    }
    Tensor error = w.value().to(DType.FLOAT64).minus(Tensor.of(expected)).abs();
    assertThat(error.max().item()).isLessThan(single ? 1e-5 : 1e-12);
  }

  @ParameterizedTest
  @EnumSource
  void plainDescentIsTheReference(DType dtype) {
    compare(dtype, SGD::new, () -> Reference.sgd(1e-3, 0, 0, 0, false));
    compare(
        dtype,
        w -> new SGD(w).learningRate(0.1).weightDecay(0.2),
        () -> Reference.sgd(0.1, 0.2, 0, 0, false));
  }

  @ParameterizedTest
  @EnumSource
  void descentWithMomentumIsTheReference(DType dtype) {
    compare(
        dtype,
        w -> new SGD(w).learningRate(0.1).momentum(0.9),
        () -> Reference.sgd(0.1, 0, 0.9, 0, false));
    compare(
        dtype,
        w -> new SGD(w).learningRate(0.1).momentum(0.8).dampening(0.3).weightDecay(0.2),
        () -> Reference.sgd(0.1, 0.2, 0.8, 0.3, false));
    compare(
        dtype,
        w -> new SGD(w).learningRate(0.1).momentum(0.9).nesterov().weightDecay(0.2),
        () -> Reference.sgd(0.1, 0.2, 0.9, 0, true));
  }

  @ParameterizedTest
  @EnumSource
  void adamIsTheReference(DType dtype) {
    compare(dtype, Adam::new, () -> Reference.adam(1e-3, 0.9, 0.999, 1e-8, 0, 0, false));
    compare(
        dtype,
        w -> new Adam(w).learningRate(0.05).betas(0.8, 0.95).epsilon(1e-3).weightDecay(0.1),
        () -> Reference.adam(0.05, 0.8, 0.95, 1e-3, 0.1, 0, false));
    compare(
        dtype,
        w -> new Adam(w).learningRate(0.05).betas(0.9, 0.8).amsgrad(),
        () -> Reference.adam(0.05, 0.9, 0.8, 1e-8, 0, 0, true));
  }

  @ParameterizedTest
  @EnumSource
  void adamWIsTheReference(DType dtype) {
    compare(dtype, AdamW::new, () -> Reference.adam(1e-3, 0.9, 0.999, 1e-8, 0, 0.01, false));
    compare(
        dtype,
        w -> new AdamW(w).learningRate(0.05).weightDecay(0.3),
        () -> Reference.adam(0.05, 0.9, 0.999, 1e-8, 0, 0.3, false));
    compare(
        dtype,
        w -> new AdamW(w).learningRate(0.05).betas(0.9, 0.8).amsgrad(),
        () -> Reference.adam(0.05, 0.9, 0.8, 1e-8, 0, 0.01, true));
  }

  @ParameterizedTest
  @EnumSource
  void nadamIsTheReference(DType dtype) {
    compare(dtype, NAdam::new, () -> Reference.nadam(2e-3, 0, 0, 4e-3));
    compare(
        dtype,
        w -> new NAdam(w).learningRate(0.01).weightDecay(0.1).momentumDecay(0.1),
        () -> Reference.nadam(0.01, 0.1, 0, 0.1));
    compare(
        dtype,
        w -> new NAdam(w).learningRate(0.05).weightDecay(0.1).decoupledWeightDecay(),
        () -> Reference.nadam(0.05, 0, 0.1, 4e-3));
  }

  @ParameterizedTest
  @EnumSource
  void radamIsTheReference(DType dtype) {
    compare(dtype, RAdam::new, () -> Reference.radam(1e-3, 0.999, 0, 0));
    compare(
        dtype,
        w -> new RAdam(w).learningRate(0.01).betas(0.9, 0.9).weightDecay(0.1),
        () -> Reference.radam(0.01, 0.9, 0.1, 0));
    compare(
        dtype,
        w -> new RAdam(w).learningRate(0.01).weightDecay(0.1).decoupledWeightDecay(),
        () -> Reference.radam(0.01, 0.999, 0, 0.1));
  }

  @ParameterizedTest
  @EnumSource
  void adaMaxIsTheReference(DType dtype) {
    compare(dtype, AdaMax::new, () -> Reference.adaMax(2e-3, 0.9, 0.999, 0));
    compare(
        dtype,
        w -> new AdaMax(w).learningRate(0.005).betas(0.8, 0.9).weightDecay(0.1),
        () -> Reference.adaMax(0.005, 0.8, 0.9, 0.1));
  }

  @ParameterizedTest
  @EnumSource
  void scheduleFreeAdamWIsTheReference(DType dtype) {
    compare(dtype, ScheduleFreeAdamW::new, () -> Reference.scheduleFree(2.5e-3, 0.9, 0));
    compare(
        dtype,
        w -> new ScheduleFreeAdamW(w).learningRate(0.01).betas(0.5, 0.999).weightDecay(0.1),
        () -> Reference.scheduleFree(0.01, 0.5, 0.1));
  }

  @ParameterizedTest
  @EnumSource
  void rmsPropIsTheReference(DType dtype) {
    compare(dtype, RMSProp::new, () -> Reference.rmsProp(1e-2, 0, 0.99, 0, false));
    compare(
        dtype,
        w -> new RMSProp(w).learningRate(1e-3).alpha(0.9).centered().weightDecay(0.1),
        () -> Reference.rmsProp(1e-3, 0.1, 0.9, 0, true));
    compare(
        dtype,
        w -> new RMSProp(w).learningRate(1e-3).momentum(0.8),
        () -> Reference.rmsProp(1e-3, 0, 0.99, 0.8, false));
    compare(
        dtype,
        w -> new RMSProp(w).learningRate(1e-3).momentum(0.8).centered(),
        () -> Reference.rmsProp(1e-3, 0, 0.99, 0.8, true));
  }

  @ParameterizedTest
  @EnumSource
  void adagradIsTheReference(DType dtype) {
    compare(dtype, Adagrad::new, () -> Reference.adagrad(1e-2, 0, 0, 0));
    compare(
        dtype,
        w -> new Adagrad(w).learningRate(0.1).weightDecay(0.1).learningRateDecay(0.2).initialSum(2),
        () -> Reference.adagrad(0.1, 0.1, 0.2, 2));
  }

  @ParameterizedTest
  @EnumSource
  void lionIsTheReference(DType dtype) {
    compare(dtype, Lion::new, () -> Reference.lion(1e-4, 0, 0.9, 0.99));
    compare(
        dtype,
        w -> new Lion(w).learningRate(0.01).weightDecay(0.3).betas(0.95, 0.98),
        () -> Reference.lion(0.01, 0.3, 0.95, 0.98));
  }

  @ParameterizedTest
  @EnumSource
  void lookaheadIsTheReference(DType dtype) {
    compare(
        dtype,
        w -> new Lookahead(new Adam(w).learningRate(0.05)),
        () -> Reference.lookahead(Reference.adam(0.05, 0.9, 0.999, 1e-8, 0, 0, false), 5, 0.5));
    compare(
        dtype,
        w -> new Lookahead(new SGD(w).momentum(0.9)).learningRate(0.1).steps(3).alpha(0.8),
        () -> Reference.lookahead(Reference.sgd(0.1, 0, 0.9, 0, false), 3, 0.8));
  }
}
