package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** How well a check can see, and what it says where it cannot. */
class ResolutionTest {

  private static Tensor wrong(Tensor x, double factor) {
    return Autodiff.onGradient(x, g -> g.times(factor));
  }

  private static void assertWrong(GradientCheck check) {
    GradientReport report = check.run();
    assertThat(report.of("input 0", 1).failed()).as("%s", report).isPositive();
    assertThat(report.toString()).startsWith("Gradient check FAILED");
  }

  @Test
  void aWrongGradientOfALargeValueIsFound() {
    assertWrong(
        GradientCheck.of(t -> wrong(t[0], 2).sin().plus(1e9)).at(Tensor.of(0.7, 1.3, -2.0)));
    assertWrong(GradientCheck.of(t -> wrong(t[0], 1.1).square().plus(1e12)).at(Tensor.of(1.0)));
    GradientCheck.of(t -> t[0].sin().plus(1e9)).at(Tensor.of(0.7, 1.3, -2.0)).run().assertOk();
    GradientCheck.of(t -> t[0].square().plus(1e12)).at(Tensor.of(1.0)).run().assertOk();
  }

  @Test
  void outputsThatDoNotMoveDoNotCount() {
    Tensor constants = Tensors.full(Shape.of(8), 1e6, DType.FLOAT64);
    TensorFunction apart = t -> Joining.concat(0, constants, wrong(t[0], 0).times(1e-3));
    assertWrong(GradientCheck.of(apart).at(Tensor.of(1.0)));
    assertWrong(GradientCheck.of(t -> apart.apply(t).sum()).at(Tensor.of(1.0)));
    GradientReport right =
        GradientCheck.of(t -> Joining.concat(0, constants.times(1e12), t[0].times(1e-3)))
            .at(Tensor.of(1.0))
            .run();
    right.assertOk();
    assertThat(right.resolution()).isLessThan(1e-8);
  }

  @Test
  void aSumOfSquaresInFloat32IsChecked() {
    Tensor x = Generator.seeded(1).normal(0, 1, Shape.of(1024), DType.FLOAT32);
    GradientCheck check = GradientCheck.of(t -> t[0].square().sum()).at(x).inFloat32();
    check.sampled(30).run().assertOk();
    assertWrong(
        GradientCheck.of(t -> wrong(t[0], 1.1).square().sum()).at(x).inFloat32().sampled(30));
  }

  @Test
  void aSmallFunctionIsCheckedAsStrictlyAsALargeOne() {
    assertWrong(GradientCheck.of(t -> wrong(t[0], 2).sin().times(1e-12)).at(Tensor.of(0.7)));
    GradientCheck.of(t -> t[0].sin().times(1e-12)).at(Tensor.of(0.7)).order(2).run().assertOk();
  }

  @Test
  void stepsFollowTheSizeOfTheInput() {
    for (Tensor x :
        new Tensor[] {
          Tensor.of(1e-6), Tensor.of(1e-6, 1.0), Tensor.of(1e-12, 1.0, 1e12), Tensor.of(1e-300)
        }) {
      GradientReport report = GradientCheck.of(t -> t[0].log()).at(x).run();
      report.assertOk();
      assertThat(report.resolution()).isLessThan(1e-6);
    }
    Tensor data = Generator.seeded(2).normal(0, 1, Shape.of(6), DType.FLOAT64);
    GradientCheck.of(
            t -> data.minus(t[0]).square().div(t[1].times(2)).plus(t[1].log().times(0.5)).sum())
        .at(Tensor.of(0.1), Tensor.of(1e-5))
        .named("mean", "variance")
        .order(2)
        .run()
        .assertOk();
    GradientCheck.of(t -> t[0].sin()).at(Tensor.of(1e12)).run().assertOk();
    assertWrong(GradientCheck.of(t -> wrong(t[0], 2).sin().plus(1)).at(Tensor.of(1e-12)));
  }

  @Test
  void whatCannotBeToldIsUndecidedAndAccusesNobody() {
    GradientCheck check =
        GradientCheck.of(t -> t[0].times(1e-3).plus(1e12)).at(Tensor.of(1.0)).named("x");
    GradientReport report = check.run();
    assertThat(report.isOk()).isFalse();
    assertThat(report.of("x", 1).failed()).isZero();
    assertThat(report.of("x", 1).undecided()).isEqualTo(1);
    assertThat(report.suspects()).isEmpty();
    assertThat(report.toString())
        .startsWith("Gradient check UNDECIDED: x at [0] could be checked only to within 90 %; ")
        .contains("expected 1 %", "leave out what is constant in them");
    assertThatThrownBy(report::assertOk).isInstanceOf(AssertionError.class);
    check.resolution(1).run().assertOk();
    check.tolerance(0.01, 0).run().assertOk();
  }

  @Test
  void theHeadlineSaysHowWellADerivativeWasChecked() {
    GradientReport report =
        GradientCheck.of(t -> t[0].times(0.01).plus(1e12))
            .at(Tensor.of(1.0))
            .named("x")
            .elements("x", "mass")
            .resolution(0.2)
            .run();
    report.assertOk();
    assertThat(report.toString())
        .startsWith(
            "Gradient check passed, but x at mass could be checked only to within 9 %: every"
                + " element");
    assertThat(report.resolution()).isBetween(0.08, 0.09);
  }

  @Test
  void aDerivativeThatIsZeroByCancellationPasses() {
    Tensor x = Generator.seeded(3).normal(0, 1, Shape.of(2, 5), DType.FLOAT64);
    GradientReport report = GradientCheck.of(t -> t[0].softmax(-1).sum()).at(x).order(2).run();
    report.assertOk();
    assertThat(report.inputs()).allMatch(input -> input.worst().outcome() == Outcome.ZERO);
  }

  @Test
  void whatRoundsInsideIsCheckedAsFarAsItGoes() {
    GradientCheck.of(t -> t[0].sin().plus(1e9).minus(1e9)).at(Tensor.of(0.7)).run().assertOk();
    assertWrong(
        GradientCheck.of(t -> wrong(t[0], 1.1).sin().plus(1e9).minus(1e9)).at(Tensor.of(0.7)));
    GradientCheck.of(t -> t[0].exp()).at(Tensor.of(709.5, 700, -700)).run().assertOk();
  }

  @Test
  void theOperationOfAKinkIsNamedForDirections() {
    GradientReport report =
        GradientCheck.of(t -> t[0].relu().exp()).at(Tensor.of(0.0, 1)).directional(1).run();
    assertThat(report.inputs().getFirst().kinkOf()).isEqualTo("relu");
  }

  @Test
  void aKinkIsNamedOnce() {
    GradientReport report =
        GradientCheck.of(t -> t[0].minus(1).relu().plus(100))
            .at(Tensor.of(1.0, 1 + 1e-9, 1 - 1e-9))
            .named("x")
            .order(2)
            .run();
    report.assertOk();
    assertThat(report.of("x", 1).kinks()).isEqualTo(1);
    assertThat(report.toString()).containsOnlyOnce("x is exactly at the kink of relu");
    GradientReport sign = GradientCheck.of(t -> t[0].sign()).at(Tensor.of(0.0, 1)).run();
    sign.assertOk();
    assertThat(sign.kinks()).isEqualTo(1);
  }

  @Test
  void adviceFitsTheCase() {
    assertThat(
            GradientCheck.of(t -> Autodiff.noGrad(() -> t[0].square()))
                .at(Tensor.of(2.0))
                .run()
                .toString())
        .contains("1 failure in input 0", "it is 0: what was computed in noGrad")
        .doesNotContain("every one");
    assertThat(GradientCheck.of(t -> t[0].pow(1.5)).at(Tensor.of(0.0)).run().toString())
        .contains("move the input into the domain");
  }

  @Test
  void misuseOfTheSettingsIsRefused() {
    GradientCheck check = GradientCheck.of(t -> t[0].exp()).at(Tensor.of(1.0, 2.0));
    assertThatThrownBy(() -> check.resolution(0)).hasMessageContaining("expected more than 0");
    assertThatThrownBy(() -> check.step(-1)).hasMessageContaining("expected more than 0");
    assertThatThrownBy(() -> check.elements("input 0", "a").run())
        .hasMessageContaining("1 names for 'input 0'");
    assertThatThrownBy(() -> check.elements("y", "a", "b").run())
        .hasMessageContaining("2 names for 'y'");
    check.step(1e-3).run().assertOk();
  }
}
