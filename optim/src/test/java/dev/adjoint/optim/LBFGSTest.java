package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LBFGSTest {

  /** {@code sum (1 - x)^2 + 100 (y - x^2)^2}, whose minimum is 0 where all are 1. */
  private static Tensor rosenbrock(Tensor x, Tensor y) {
    return x.neg().plus(1).square().plus(y.minus(x.square()).square().times(100)).sum();
  }

  @Test
  void theValleyOfRosenbrockLeadsToItsEnd() {
    Parameter w = new Parameter("w", Tensor.of(-1.2, 1.0));
    LBFGS lbfgs = new LBFGS(List.of(w)).strongWolfe().maxIterations(100).changeTolerance(1e-15);
    int[] evaluations = {0};
    double before =
        lbfgs.step(() -> {
          evaluations[0]++;
          return rosenbrock(w.value().slice(0, 0, 1), w.value().slice(0, 1, 2));
        });
    assertThat(before).isCloseTo(24.2, within(1e-12));
    assertThat(w.value().toDoubleArray()).containsExactly(new double[] {1, 1}, within(1e-7));
    assertThat(evaluations[0]).isBetween(20, 80);
  }

  @Test
  void aLossThatIsNotDefinedEverywhereIsMinimizedWhereItIs() {
    Parameter w = new Parameter("w", Tensor.of(0.5));
    LBFGS lbfgs = new LBFGS(List.of(w)).strongWolfe();
    // -3x - log(1 - x), NaN beyond 1: the derivative -3 + 1 / (1 - x) is 0 at 2/3
    for (int i = 0; i < 5; i++) {
      lbfgs.step(() -> w.value().times(-3).minus(w.value().neg().plus(1).log()).sum());
    }
    assertThat(w.value().item()).isCloseTo(2.0 / 3, within(1e-6));
  }

  @Test
  void aLossThatThrowsLeavesEverythingAsItWas() {
    Parameter w = new Parameter("w", Tensor.of(-1.2, 1.0));
    Parameter same = new Parameter("w", Tensor.of(-1.2, 1.0));
    LBFGS lbfgs = new LBFGS(List.of(w)).strongWolfe().maxIterations(5);
    LBFGS other = new LBFGS(List.of(same)).strongWolfe().maxIterations(5);
    for (int i = 0; i < 2; i++) {
      int[] evaluations = {0};
      double[] before = w.value().toDoubleArray();
      assertThatIllegalStateException()
          .isThrownBy(() ->
              lbfgs.step(() -> {
                if (++evaluations[0] == 4) {
                  throw new IllegalStateException("enough");
                }
                return rosenbrock(w.value().slice(0, 0, 1), w.value().slice(0, 1, 2));
              }));
      assertThat(w.value().toDoubleArray()).isEqualTo(before);
      lbfgs.step(() -> rosenbrock(w.value().slice(0, 0, 1), w.value().slice(0, 1, 2)));
      other.step(() -> rosenbrock(same.value().slice(0, 0, 1), same.value().slice(0, 1, 2)));
      assertThat(w.value().toDoubleArray()).isEqualTo(same.value().toDoubleArray());
    }
  }

  @Test
  void aQuadraticIsSolvedInAboutAsManyIterationsAsItHasAxes() {
    Generator generator = Generator.seeded(1);
    Tensor root = generator.normal(0, 1, Shape.of(8, 8), DType.FLOAT64);
    Tensor a = root.matmul(root.transpose()).plus(Tensors.eye(8, DType.FLOAT64));
    Tensor solution = generator.normal(0, 1, Shape.of(8), DType.FLOAT64);
    Tensor b = a.matmul(solution);
    Parameter w = new Parameter("w", Tensors.zeros(Shape.of(8), DType.FLOAT64));
    LBFGS lbfgs = new LBFGS(List.of(w)).strongWolfe().maxIterations(25).changeTolerance(0);
    lbfgs.step(() -> w.value().matmul(a.matmul(w.value())).div(2).minus(b.matmul(w.value())));
    assertThat(w.value().toDoubleArray()).containsExactly(solution.toDoubleArray(), within(1e-6));
  }

  @Test
  void withoutASearchTheFirstStepIsTheGradientOverItsSum() {
    Parameter w = new Parameter("w", Tensor.of(3.0, -1.0));
    LBFGS lbfgs = new LBFGS(List.of(w)).maxIterations(1).learningRate(0.5);
    lbfgs.step(() -> w.value().square().sum().div(2));
    assertThat(w.value().toDoubleArray()).containsExactly(3 - 0.5 * 3 / 4, -1 + 0.5 / 4);
  }

  @Test
  void severalParametersAreOneVector() {
    Parameter both = new Parameter("both", Tensor.of(-1.2, 1.0));
    Parameter x = new Parameter("x", Tensor.of(-1.2));
    Parameter y = new Parameter("y", Tensor.scalar(1, DType.FLOAT64));
    LBFGS one = new LBFGS(List.of(both)).strongWolfe();
    LBFGS two = new LBFGS(List.of(x, y)).strongWolfe();
    one.step(() -> rosenbrock(both.value().slice(0, 0, 1), both.value().slice(0, 1, 2)));
    two.step(() -> rosenbrock(x.value(), y.value()));
    assertThat(both.value().toDoubleArray()).containsExactly(x.value().item(), y.value().item());
  }

  @Test
  void frozenParametersKeepTheirValues() {
    Parameter x = new Parameter("x", Tensor.of(0.5));
    Parameter y = new Parameter("y", Tensor.of(3.0));
    LBFGS lbfgs = new LBFGS(List.of(x, y)).strongWolfe();
    y.freeze();
    lbfgs.step(() -> rosenbrock(x.value(), y.value()));
    assertThat(y.value().item()).isEqualTo(3);
    double slope = rosenbrock(x.value(), y.value()).backward().of(x).item();
    assertThat(slope).isCloseTo(0, within(1e-5));
    x.freeze();
    y.unfreeze();
    double before = x.value().item();
    lbfgs.step(() -> rosenbrock(x.value(), y.value()));
    assertThat(x.value().item()).isEqualTo(before);
  }

  @Test
  void atTheMinimumNothingMoves() {
    Parameter w = new Parameter("w", Tensor.of(1.0, 1.0));
    LBFGS lbfgs = new LBFGS(List.of(w)).strongWolfe();
    double loss = lbfgs.step(() -> rosenbrock(w.value(), w.value()));
    assertThat(loss).isEqualTo(0);
    assertThat(w.value().toDoubleArray()).containsExactly(1, 1);
    assertThat(lbfgs.state().get("n_iter").item()).isEqualTo(0);
  }

  /** Returns parameters x and y of 5 valleys. */
  private static Map<String, Parameter> valleys() {
    Map<String, Parameter> valleys = new LinkedHashMap<>();
    Generator generator = Generator.seeded(3);
    valleys.put("x", new Parameter("start", generator.normal(5)));
    valleys.put("y", new Parameter("start", generator.normal(5, 1)));
    return valleys;
  }

  private static void steps(LBFGS lbfgs, Map<String, Parameter> p, int steps) {
    for (int step = 0; step < steps; step++) {
      lbfgs.step(() -> rosenbrock(p.get("x").value(), p.get("y").value().squeeze(1)));
    }
  }

  private static LBFGS lbfgs(Map<String, Parameter> parameters) {
    return new LBFGS(parameters).strongWolfe().maxIterations(3).maxEvaluations(20).historySize(4);
  }

  @Test
  void fiveStepsAndFiveMoreAreTen() {
    Map<String, Parameter> whole = valleys();
    Map<String, Parameter> resumed = valleys();
    LBFGS first = lbfgs(whole);
    steps(first, whole, 5);
    Map<String, Tensor> state = first.state();
    resumed.forEach((path, p) -> p.assign(whole.get(path).value()));
    steps(first, whole, 5);

    LBFGS second = lbfgs(resumed);
    second.load(state);
    steps(second, resumed, 5);
    whole.forEach((path, p) ->
        assertThat(resumed.get(path).value().toFloatArray()).isEqualTo(p.value().toFloatArray()));
    assertThat(state.get("n_iter").item()).isEqualTo(15);
    assertThat(state.get("y.old_dirs").shape()).isEqualTo(Shape.of(4, 5));
  }

  @Test
  void whatDoesNotFitIsNamedAndNothingIsLoaded() {
    Map<String, Parameter> parameters = valleys();
    LBFGS lbfgs = lbfgs(parameters);
    steps(lbfgs, parameters, 3);
    Map<String, Tensor> state = new HashMap<>(lbfgs.state());
    state.put("n_iter", Tensor.scalar(1, DType.FLOAT64));
    state.remove("x.d");
    state.put("y.old_stps", Tensors.zeros(2, 5));
    state.put("z.d", Tensors.zeros(5));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lbfgs.load(state))
        .withMessageStartingWith("load: this state does not fit LBFGS: ")
        .withMessageContaining("'x.d' of shape (5) is missing")
        .withMessageContaining("'y.old_stps' has shape (2, 5), expected (4, 5)")
        .withMessageContaining("'z.d' is unknown");
    assertThat(lbfgs.state().get("n_iter").item()).isEqualTo(9);
  }

  @Test
  void parametersMayChangeTheirType() {
    Map<String, Parameter> parameters = valleys();
    LBFGS lbfgs = lbfgs(parameters).changeTolerance(1e-15);
    steps(lbfgs, parameters, 2);
    parameters.values().forEach(p -> p.to(DType.FLOAT64));
    steps(lbfgs, parameters, 60);
    parameters
        .values()
        .forEach(p -> assertThat(p.value().minus(1).abs().max().item()).isLessThan(1e-3));
  }

  @Test
  void anyNumberOfThreadsGivesTheSameBits() {
    assertThat(Parallel.withThreads(1, LBFGSTest::largeSteps))
        .isEqualTo(Parallel.withThreads(4, LBFGSTest::largeSteps));
  }

  private static float[] largeSteps() {
    Generator generator = Generator.seeded(8);
    Parameter x = new Parameter("x", generator.normal(30_001));
    Parameter y = new Parameter("y", generator.normal(30_001));
    LBFGS lbfgs = new LBFGS(List.of(x, y)).strongWolfe().maxIterations(4);
    lbfgs.step(() -> rosenbrock(x.value(), y.value()).div(1000));
    return x.value().toFloatArray();
  }

  @Test
  void aLossOfOtherParametersIsRefused() {
    Parameter own = new Parameter("own", Tensor.of(1.0));
    Parameter other = new Parameter("other", Tensor.of(2.0));
    LBFGS lbfgs = new LBFGS(List.of(own));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lbfgs.step(() -> other.value().square().sum()))
        .withMessageStartingWith(
            "LBFGS: a step by gradients of ['other'], which are no parameters");
    own.freeze();
    assertThat(lbfgs.step(() -> other.value().square().sum())).isEqualTo(4);
    assertThat(own.value().item()).isEqualTo(1);
  }

  @Test
  void badSettingsAreNamed() {
    LBFGS lbfgs = new LBFGS(List.of(new Parameter("w", Tensor.of(1.0))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lbfgs.historySize(0))
        .withMessage("LBFGS: history size 0; expected at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lbfgs.gradientTolerance(-1))
        .withMessage("LBFGS: gradient tolerance -1.0; expected a number of at least 0");
    assertThatIllegalArgumentException().isThrownBy(() -> lbfgs.maxIterations(0));
    assertThatIllegalArgumentException().isThrownBy(() -> lbfgs.maxEvaluations(0));
    assertThatIllegalArgumentException().isThrownBy(() -> lbfgs.learningRate(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LBFGS(List.of()))
        .withMessageStartingWith("LBFGS: no parameters; expected at least one (a layer has");
  }
}
