package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Pullbacks that are wrong in the ways that pullbacks are wrong. */
class WrongPullbackTest {

  private final Tensor x = normal(3, 4);
  private final Tensor w = normal(4);

  @Test
  void aFactorOfTwoIsFoundAndNamed() {
    GradientReport report =
        GradientCheck.of(t -> Autodiff.apply(square(g -> g.times(4)), t[0]).sum())
            .at(x)
            .named("x")
            .run();
    InputReport input = report.of("x", 1);
    assertThat(report.isOk()).isFalse();
    assertThat(input.failed()).isEqualTo(12);
    assertThat(input.factor()).isCloseTo(2, within(1e-6));
    assertThat(input.offenders()).hasSize(5).allMatch(c -> c.outcome() == Outcome.WRONG);
    assertThat(report.toString())
        .contains("Gradient check FAILED", "every one is 2.000 times the numeric slope");
    assertThatThrownBy(report::assertOk)
        .isInstanceOf(AssertionError.class)
        .hasMessage(report.toString());
  }

  @Test
  void aRightPullbackPasses() {
    GradientReport report =
        GradientCheck.of(t -> Autodiff.apply(square(g -> g.times(2)), t[0]).sum())
            .at(x)
            .order(2)
            .run();
    assertThat(report.isOk()).as("%s", report).isTrue();
    report.assertOk();
    assertThat(report.toString()).contains("Gradient check passed").doesNotContain("WRONG");
  }

  @Test
  void aMissingTermIsFound() {
    // y = x / |x| without the derivative of the length.
    CustomFunction unit =
        new CustomFunction() {
          @Override
          public Tensor forward(List<Tensor> in) {
            return in.get(0).div(in.get(0).square().sum().sqrt());
          }

          @Override
          public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor y) {
            return List.of(g.div(in.get(0).square().sum().sqrt()));
          }
        };
    GradientReport report = GradientCheck.of(t -> Autodiff.apply(unit, t[0])).at(w).run();
    assertThat(report.of("input 0", 1).failed()).isEqualTo(4);
    assertThat(report.of("input 0", 1).factor()).isNaN();
  }

  @Test
  void aForgottenBroadcastIsFound() {
    // The gradient of a bias is the sum over rows, not the first of them.
    CustomFunction affine =
        custom(in -> in.get(0).plus(in.get(1)), (g, in) -> List.of(g, g.select(0, 0)));
    GradientReport report =
        GradientCheck.of(t -> Autodiff.apply(affine, t[0], t[1])).at(x, w).named("x", "b").run();
    assertThat(report.of("x", 1).isOk()).isTrue();
    assertThat(report.of("b", 1).failed()).isEqualTo(4);
    CustomFunction wrongShape = custom(in -> in.get(0).plus(in.get(1)), (g, in) -> List.of(g, g));
    assertThatThrownBy(
            () -> GradientCheck.of(t -> Autodiff.apply(wrongShape, t[0], t[1])).at(x, w).run())
        .hasMessageContaining("shape (3, 4) for input 1 of shape (4)");
  }

  @Test
  void statisticsThatWereHeldAreRecognized() {
    assertThat(patternOfNorm((g, _) -> g))
        .isEqualTo(
            "along axis 0 the error is a straight line over the elements: a norm whose statistics"
                + " were held?");
    assertThat(patternOfNorm((g, h) -> g.minus(h.times(g.times(h).mean(Keep.AXES, 0)))))
        .isEqualTo("along axis 0 the error is constant: a mean over it that was held?");
    assertThat(patternOfNorm((g, _) -> g.times(w))).isEmpty();
  }

  /**
   * Returns the pattern of a norm along axis 0, with a pullback that is divided by the deviation.
   */
  private String patternOfNorm(BinaryOperator<Tensor> pullback) {
    UnaryOperator<Tensor> deviation = a -> a.biasedStd(Keep.AXES, 0);
    UnaryOperator<Tensor> norm = a -> a.minus(a.mean(Keep.AXES, 0)).div(deviation.apply(a));
    CustomFunction f =
        custom(
            in -> norm.apply(in.get(0)),
            (g, in) ->
                List.of(pullback.apply(g, norm.apply(in.get(0))).div(deviation.apply(in.get(0)))));
    return GradientCheck.of(t -> Autodiff.apply(f, t[0])).at(x).run().of("input 0", 1).pattern();
  }

  @Test
  void oneWrongElementIsNamedByItsIndex() {
    Tensor spoiled = Tensors.oneHot(IntTensor.of(7), 12, DType.FLOAT64);
    CustomFunction f =
        custom(
            in -> in.get(0).sin(),
            (g, in) -> List.of(g.times(in.get(0).cos()).plus(spoiled.reshape(3, 4).times(g))));
    GradientCheck check = GradientCheck.of(t -> Autodiff.apply(f, t[0])).at(x).named("x");
    for (GradientCheck way : List.of(check.full(), check.directional(3), check.sampled(12))) {
      InputReport input = way.run().of("x", 1);
      assertThat(input.isOk()).isFalse();
      assertThat(input.offenders()).anyMatch(c -> c.index().equals(List.of(1, 3)));
      assertThat(input.offenders())
          .filteredOn(c -> c.direction() < 0)
          .hasSize(1)
          .allSatisfy(c ->
              assertThat(c.absoluteError())
                  .isCloseTo(Math.abs(c.analytic() - c.numeric()), within(0.0)));
    }
  }

  @Test
  void aSecondDerivativeThatIsWrongIsFoundByOrderTwoOnly() {
    // The pullback gives the right values, but as constants.
    CustomFunction hidden =
        custom(
            in -> in.get(0).pow(3),
            (g, in) -> List.of(g.times(Autodiff.noGrad(() -> in.get(0).square().times(3)))));
    GradientReport second =
        GradientCheck.of(t -> Autodiff.apply(hidden, t[0]).sum()).at(x).named("x").order(2).run();
    assertThat(second.of("x", 1).isOk()).isTrue();
    assertThat(second.of("x", 2).failed()).isEqualTo(12);
    assertThat(second.toString()).contains("x, order 2");
  }

  @Test
  void aPullbackThatIsNotLinearIsFound() {
    CustomFunction f = custom(in -> in.get(0).times(2), (g, in) -> List.of(g.abs().times(2)));
    GradientReport report = GradientCheck.of(t -> Autodiff.apply(f, t[0]).sum()).at(x).run();
    assertThat(report.inputs()).allMatch(InputReport::isOk);
    assertThat(report.findings()).singleElement().asString().contains("is not linear");
    assertThat(report.isOk()).isFalse();
  }

  @Test
  void aPullbackThatGivesSomethingForNothingIsFound() {
    CustomFunction f = custom(in -> in.get(0).times(2), (g, in) -> List.of(g.times(2).plus(1e-9)));
    GradientReport report = GradientCheck.of(t -> Autodiff.apply(f, t[0]).sum()).at(x).run();
    assertThat(report.findings()).singleElement().asString().contains("for a seed of zeros");
  }

  @Test
  void aMeanOverAnAxisWhosePullbackIsThatOfASumIsRecognized() {
    CustomFunction f =
        custom(in -> in.get(0).mean(1), (g, in) -> List.of(g.unsqueeze(1).expand(3, 4)));
    InputReport report =
        GradientCheck.of(t -> Autodiff.apply(f, t[0])).at(x).named("x").run().of("x", 1);
    assertThat(report.pattern())
        .isEqualTo(
            "every one is 4.000 times the numeric slope: a sum where the function has a mean?");
  }

  @Test
  void aPullbackThatDiffersEveryTimeIsFound() {
    AtomicInteger calls = new AtomicInteger();
    CustomFunction f =
        custom(
            in -> in.get(0).times(2),
            (g, in) -> List.of(g.times(2 + 1e-12 * calls.incrementAndGet())));
    GradientReport report = GradientCheck.of(t -> Autodiff.apply(f, t[0]).sum()).at(x).run();
    assertThat(report.findings())
        .isNotEmpty()
        .first()
        .asString()
        .contains("a second backward pass", "another gradient of input 0 at element 0");
  }

  @Test
  void aFunctionThatDependsOnTheNumberOfThreadsIsFound() {
    GradientReport report =
        GradientCheck.of(t -> t[0].times(Parallel.threads() == 4 ? 3 : 2)).at(w).run();
    assertThat(report.findings())
        .anySatisfy(f -> assertThat(f).contains("4 threads gave another value"));
  }

  @Test
  void aFunctionThatChangesItsInputsIsFound() {
    GradientReport report =
        GradientCheck.of(
                t -> {
                  ((double[]) t[0].storage().array())[0] += 1e-6;
                  return t[0].times(2);
                })
            .at(w.copy())
            .run();
    assertThat(report.findings())
        .anySatisfy(f -> assertThat(f).contains("changed the elements of input 0"));
  }

  private static CustomFunction square(Function<Tensor, Tensor> scale) {
    return custom(in -> in.get(0).square(), (g, in) -> List.of(scale.apply(g).times(in.get(0))));
  }

  private interface Pullback {
    List<Tensor> apply(Tensor g, List<Tensor> in);
  }

  private static CustomFunction custom(Function<List<Tensor>, Tensor> forward, Pullback pullback) {
    return new CustomFunction() {
      @Override
      public Tensor forward(List<Tensor> inputs) {
        return forward.apply(inputs);
      }

      @Override
      public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
        return pullback.apply(cotangent, inputs);
      }
    };
  }

  private static Tensor normal(int... sizes) {
    return Generator.seeded(1).normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }
}
