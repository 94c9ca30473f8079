package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GradientCheckTest {

  private final Tensor x = normal(5, 3);
  private final Tensor w = normal(3, 2);

  // ---- kinks and edges -----------------------------------------------------------------------

  @Test
  void reluAtZeroIsAKinkAndNotABug() {
    GradientReport report =
        GradientCheck.of(t -> t[0].relu()).at(Tensor.of(-1.0, 0.0, 2.0)).named("x").run();
    assertThat(report.isOk()).as("%s", report).isTrue();
    assertThat(report.kinks()).isEqualTo(1);
    Comparison worst = report.of("x", 1).worst();
    assertThat(worst.outcome()).isEqualTo(Outcome.KINK);
    assertThat(worst.index()).containsExactly(1);
    assertThat(Math.abs(worst.left() - worst.right())).isBetween(0.5, 1.5);
    assertThat(report.toString()).contains("1 at a kink");
  }

  @Test
  void aKinkNearbyIsPassedWithASmallerStep() {
    GradientReport report = GradientCheck.of(t -> t[0].relu()).at(Tensor.of(1e-4, -1e-4)).run();
    assertThat(report.isOk()).isTrue();
    assertThat(report.kinks()).isZero();
    assertThat(report.inputs().get(0).worst().step()).isLessThan(1e-4);
  }

  @Test
  void aSlopeOutsideOfBothSidesOfAKinkIsWrong() {
    GradientReport report =
        GradientCheck.of(
                t -> t[0].abs().plus(Autodiff.onGradient(t[0], g -> g.times(8)).times(0.5)).sum())
            .at(Tensor.of(0.0))
            .run();
    assertThat(report.isOk()).isFalse();
    assertThat(report.kinks()).isZero();
  }

  @Test
  void noiseIsNoKink() {
    // Rounding to float32 inside hides from the estimates, and sets both sides apart at small
    // steps.
    for (int seed = 0; seed < 20; seed++) {
      GradientReport report =
          GradientCheck.of(t ->
                  Autodiff.onGradient(t[0].to(DType.FLOAT32), g -> g.times(1.02))
                      .exp()
                      .to(DType.FLOAT64))
              .at(Generator.seeded(seed).normal(0, 1, Shape.of(10), DType.FLOAT64))
              .run();
      assertThat(report.of("input 0", 1).failed()).as("%s", report).isEqualTo(10);
    }
  }

  @Test
  void aJumpIsAKinkAndAStepNextToItPasses() {
    GradientReport report = GradientCheck.of(t -> t[0].floor()).at(Tensor.of(2.0, 2.5)).run();
    assertThat(report.isOk()).isTrue();
    assertThat(report.kinks()).isEqualTo(1);
  }

  @Test
  void theEdgeOfADomainNearbyIsPassedWithASmallerStep() {
    GradientCheck.of(t -> t[0].log()).at(Tensor.of(1e-3, 1e-2, 5.0)).run().assertOk();
  }

  @Test
  void notANumberNeverPasses() {
    for (GradientReport report :
        List.of(
            GradientCheck.of(t -> t[0].sqrt()).at(Tensor.of(1.0, 0.0)).run(),
            GradientCheck.of(t -> t[0].log()).at(Tensor.of(1.0, -1.0)).run(),
            GradientCheck.of(t -> t[0].times(Double.NaN)).at(Tensor.of(1.0, 2.0)).run(),
            GradientCheck.of(t -> t[0].times(2)).at(Tensor.of(1.0, Double.NaN)).run(),
            GradientCheck.of(t -> t[0].log()).at(Tensor.of(1.0, -1.0)).directional(2).run())) {
      assertThat(report.isOk()).as("%s", report).isFalse();
      assertThat(report.inputs().get(0).worst().outcome()).isEqualTo(Outcome.NOT_FINITE);
    }
  }

  // ---- what is held --------------------------------------------------------------------------

  @Test
  void plainDifferencesAreWrongWhereConstantsMoveAndTheCheckIsNot() {
    Tensor batch = normal(8, 1);
    TensorFunction renormalized = t -> batchRenormalized(t[0]);
    GradientCheck.of(renormalized).at(batch).run().assertOk();

    Tensor weights = Generator.seeded(9).normal(0, 1, Shape.of(8, 1), DType.FLOAT64);
    Tensor leaf = batch.tracked();
    double analytic = batchRenormalized(leaf).backward(weights).of(leaf).get(0, 0);
    double h = 1e-6;
    Tensor step = Tensors.eye(8, DType.FLOAT64).slice(1, 0, 1).times(h);
    double plain =
        (batchRenormalized(batch.plus(step)).times(weights).sum().item()
                - batchRenormalized(batch.minus(step)).times(weights).sum().item())
            / (2 * h);
    assertThat(Math.abs(plain - analytic)).isGreaterThan(0.01);
  }

  /** Normalizes by the batch, then corrects to running statistics by constants r and d. */
  private static Tensor batchRenormalized(Tensor batch) {
    Tensor mean = batch.mean(Keep.AXES, 0);
    Tensor deviation = batch.biasedVariance(Keep.AXES, 0).plus(1e-5).sqrt();
    Tensor r = Autodiff.stopGradient(deviation.div(1.5));
    Tensor d = Autodiff.stopGradient(mean.minus(0.3).div(1.5));
    return batch.minus(mean).div(deviation).times(r).plus(d);
  }

  @Test
  void randomDrawsAreReplayed() {
    Generator dropout = Generator.seeded(4);
    TensorFunction f =
        t -> t[0].times(dropout.bernoulli(0.5, t[0].shape(), DType.FLOAT64)).times(2).square();
    GradientCheck.of(f).at(x).order(2).run().assertOk();
    GradientCheck.of(t -> Autodiff.checkpoint(() -> f.apply(t))).at(x).order(2).run().assertOk();
  }

  @Test
  void effectsDoNotHappen() {
    AtomicInteger updates = new AtomicInteger();
    GradientCheck.of(
            t -> {
              Replay.effect(updates::incrementAndGet);
              return t[0].square();
            })
        .at(w)
        .run()
        .assertOk();
    assertThat(updates).hasValue(0);
  }

  @Test
  void aConstantThatIsReadFromAParameterIsHeld() {
    Parameter p = new Parameter("p", normal(3));
    GradientCheck.of(t -> Autodiff.stopGradient(p.value()).times(p.value()).times(t[0]))
        .at(normal(3))
        .wrt(p)
        .run()
        .assertOk();
  }

  // ---- modes, orders, parameters -------------------------------------------------------------

  @Test
  void everyModeAndOrderPassesWhatIsRight() {
    GradientCheck check =
        GradientCheck.of(t -> t[0].matmul(t[1]).tanh().softmax(-1)).at(x, w).named("x", "w");
    for (GradientCheck way : List.of(check, check.directional(2), check.sampled(3))) {
      GradientReport report = way.order(2).run();
      report.assertOk();
      assertThat(report.inputs()).hasSize(4);
    }
    assertThat(check.run().of("x", 1).checked()).isEqualTo(15);
    assertThat(check.directional(2).run().of("x", 1).checked()).isEqualTo(2);
    assertThat(check.sampled(3).run().of("x", 1).checked()).isEqualTo(3);
    assertThat(check.sampled(99).run().of("w", 1).checked()).isEqualTo(6);
  }

  @Test
  void parametersAreMovedAndPutBack() {
    Parameter weight = new Parameter("weight", w);
    GradientReport report =
        GradientCheck.of(t -> t[0].matmul(weight.value()).sigmoid())
            .at(x)
            .named("x")
            .wrt(weight)
            .order(2)
            .run();
    report.assertOk();
    assertThat(report.of("weight", 1).checked()).isEqualTo(6);
    assertThat(weight.value().toDoubleArray()).isEqualTo(w.toDoubleArray());
    GradientCheck.of(t -> weight.value().exp()).wrt(weight).run().assertOk();
    assertThat(
            GradientCheck.of(t -> weight.value().exp())
                .wrt(Map.of("hidden.weight", weight))
                .run()
                .of("hidden.weight", 1)
                .checked())
        .isEqualTo(6);
  }

  @Test
  void parametersArePutBackWhenTheFunctionThrows() {
    Parameter weight = new Parameter("weight", w);
    AtomicInteger calls = new AtomicInteger();
    assertThatThrownBy(() ->
            GradientCheck.of(
                    t -> {
                      if (calls.incrementAndGet() > 8) {
                        throw new IllegalStateException("no more");
                      }
                      return weight.value().exp();
                    })
                .wrt(weight)
                .run())
        .hasMessage("no more");
    assertThat(calls).hasValue(9);
    assertThat(weight.value().toDoubleArray()).isEqualTo(w.toDoubleArray());
  }

  @Test
  void anInputWithoutInfluenceHasZeroGradient() {
    GradientCheck.of(t -> t[0].square()).at(w, x).order(2).run().assertOk();
    GradientCheck.of(t -> t[0].times(3)).at(w).order(2).run().assertOk();
    GradientCheck.of(t -> t[0].greater(0)).at(w).order(2).run().assertOk();
  }

  @Test
  void aGradientThatIsCutOffWithoutBeingHeldIsFound() {
    GradientReport report = GradientCheck.of(t -> Autodiff.noGrad(() -> t[0].square())).at(w).run();
    assertThat(report.of("input 0", 1).failed()).isEqualTo(6);
    assertThat(report.toString())
        .contains("every one is 0: what was computed in noGrad, or from numbers read out");
  }

  @Test
  void layoutsAndOddShapesAreChecked() {
    GradientCheck.of(t -> t[0].times(t[1]).exp())
        .at(x.transpose(), normal(10).slice(0, 0, 10, 2).flip(0))
        .order(2)
        .run()
        .assertOk();
    GradientCheck.of(t -> t[0].exp()).at(Tensor.scalar(0.5, DType.FLOAT64)).run().assertOk();
    GradientReport empty = GradientCheck.of(t -> t[0].exp()).at(normal(0, 3)).directional(2).run();
    empty.assertOk();
    assertThat(empty.inputs().get(0).worst()).isNull();
    assertThat(empty.toString()).contains("(0, 3)");
  }

  @Test
  void runsAreTheSameEveryTimeAndDependOnTheSeed() {
    GradientCheck check = GradientCheck.of(t -> t[0].exp()).at(x).sampled(4);
    assertThat(check.run().toString()).isEqualTo(check.run().toString());
    assertThat(check.seed(1).run().toString()).isNotEqualTo(check.run().toString());
  }

  // ---- accuracy ------------------------------------------------------------------------------

  @Test
  void differencesAreFarMoreAccurateThanTheTolerance() {
    Tensor at = Tensor.of(-2.0, -0.7, -0.1, 0.3, 0.9, 2.5);
    List<TensorFunction> functions =
        List.of(
            t -> t[0].exp(),
            t -> t[0].sin(),
            t -> t[0].tanh(),
            t -> t[0].sigmoid(),
            t -> t[0].erf(),
            t -> t[0].softmax(0),
            t -> t[0].square().plus(0.1).log(),
            t -> t[0].pow(5),
            t -> t[0].square().plus(1).rsqrt());
    for (TensorFunction f : functions) {
      Comparison worst = GradientCheck.of(f).at(at).order(2).run().inputs().get(0).worst();
      assertThat(worst.absoluteError()).isLessThan(1e-10);
    }
  }

  @Test
  void theErrorEstimateTellsTruncationFromRounding() {
    Comparison sharp =
        GradientCheck.of(t -> t[0].times(300).sin())
            .at(Tensor.of(0.1))
            .tolerance(0, 0)
            .run()
            .inputs()
            .get(0)
            .worst();
    assertThat(sharp.step()).isLessThan(1e-4);
    FiniteDifference coarse =
        FiniteDifference.measure(
            t -> new double[] {Math.sin(300 * (0.1 + t))},
            new double[] {Math.sin(30)},
            new double[] {1},
            0x1p-8,
            0x1p-52);
    double error = Math.abs(coarse.value() - 300 * Math.cos(30));
    assertThat(error).isBetween(coarse.truncation() / 20, coarse.truncation() * 20);
    assertThat(coarse.roundOff()).isLessThan(1e-12);
    FiniteDifference fine =
        FiniteDifference.measure(
            t -> new double[] {1e6 + Math.sin(0.1 + t)},
            new double[] {1e6 + Math.sin(0.1)},
            new double[] {1},
            0x1p-16,
            0x1p-52);
    assertThat(Math.abs(fine.value() - Math.cos(0.1))).isLessThan(fine.roundOff());
    assertThat(fine.roundOff()).isLessThan(1e-4);
  }

  @Test
  void aSmallGradientOfALargeValuePassesByRounding() {
    GradientReport report =
        GradientCheck.of(t -> t[0].times(1e-3).plus(1e9)).at(Tensor.of(0.5)).run();
    report.assertOk();
    assertThat(report.inputs().get(0).worst().outcome()).isEqualTo(Outcome.ROUND_OFF);
  }

  @Test
  void theSmallestNumbersThereAreHaveAsManyStepsAsOthers() {
    GradientCheck.of(t -> t[0].times(3)).at(5e-324, 1e-310).run().assertOk();
    for (double h : new double[] {1e-300, 1e300}) {
      GradientCheck.of(t -> t[0].exp()).at(0.5, -1).step(h).run().assertOk();
    }
  }

  // ---- messages ------------------------------------------------------------------------------

  @Test
  void float32IsRefusedUnlessAskedFor() {
    Tensor small = Tensor.of(0.5f, 1f, -2f);
    assertThatThrownBy(() -> GradientCheck.of(t -> t[0].exp()).at(small).named("x").run())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("x is float32")
        .hasMessageContaining("expected float64");
    assertThatThrownBy(() -> GradientCheck.of(t -> t[0].to(DType.FLOAT32)).at(w).run())
        .hasMessageContaining("the output is float32");
    GradientCheck.of(t -> t[0].exp()).at(small).inFloat32().run().assertOk();
    assertThat(
            GradientCheck.of(t -> Autodiff.onGradient(t[0], g -> g.times(1.1)).exp())
                .at(small)
                .inFloat32()
                .run()
                .isOk())
        .isFalse();
  }

  @Test
  void misuseIsRefused() {
    GradientCheck check = GradientCheck.of(t -> t[0].exp());
    assertThatThrownBy(check::run).hasMessageContaining("there is nothing to move");
    assertThatThrownBy(() -> check.at(w).named("a", "b").run())
        .hasMessageContaining("2 names [a, b] for 1 inputs");
    assertThatThrownBy(() -> check.order(3)).hasMessageContaining("expected 1 or 2");
    assertThatThrownBy(() -> check.directional(0)).hasMessageContaining("expected at least 1");
    assertThatThrownBy(() -> check.tolerance(-1, 0)).hasMessageContaining("expected at least 0");
    assertThatThrownBy(() -> GradientCheck.of(t -> null).at(w).run())
        .hasMessage("gradient check: the function returned null; expected a tensor");
    Parameter frozen = new Parameter("scale", w);
    frozen.freeze();
    assertThatThrownBy(() -> check.at(w).wrt(frozen).run())
        .hasMessageContaining("'scale' is frozen");
    assertThatThrownBy(() -> check.at(w).run().of("y", 1)).hasMessageContaining("nothing on 'y'");
  }

  @Test
  void aReportIsATable() {
    GradientReport report =
        GradientCheck.of(t -> Autodiff.onGradient(t[0], g -> g.times(0.5)).times(t[1]).sum())
            .at(Tensor.of(1.0, 2.0), Tensor.of(3.0, 4.0))
            .named("x", "scale")
            .run();
    assertThat(report.toString())
        .isEqualTo(
            """
            Gradient check FAILED: x at [1]: analytic 2.00000000, numeric 4.00000000; suspect: the pullback of 'onGradient' with respect to its input 0
            every element, tolerance 1e-06 relative, resolution 1e-02
              input  shape  checked  failed  undecided  kinks  worst at    analytic     numeric  rel error  resolution  rule
              x        (2)        2       2          0      0       [1]  2.00000000  4.00000000    5.0e-01     3.7e-15  WRONG
              scale    (2)        2       0          0      0       [0]  1.00000000  1.00000000    0.0e+00     1.1e-11  relative
              checked exactly, by <u, Jv> = <J'u, v> to 3.3e-17: sum; by differences alone: onGradient, times

            2 failures in x:
              at     analytic     numeric  from below  from above     step  truncation  round-off
              [1]  2.00000000  4.00000000  4.00000000  4.00000000  2.0e+00     0.0e+00    1.3e-14  WRONG
              [0]  1.50000000  3.00000000  3.00000000  3.00000000  1.0e+00     0.0e+00    1.6e-14  WRONG
              every one is 0.5000 times the numeric slope\
            """);
  }

  private static Tensor normal(int... sizes) {
    return Generator.seeded(2).normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }
}
