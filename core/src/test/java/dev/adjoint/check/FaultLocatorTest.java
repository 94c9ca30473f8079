package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What a report says of who is to blame. */
class FaultLocatorTest {

  private final Tensor x = normal(3, 4);
  private final Tensor w = normal(4, 4);

  @Test
  void theStepWithTheWrongPullbackIsNamedWhereverItIs() {
    Tensor bias = normal(4);
    TensorFunction model =
        t -> {
          Tensor hidden = t[0].matmul(t[1]).plus(bias).tanh();
          Tensor squared = Autodiff.apply(square(3), hidden);
          return squared.softmax(-1).log().times(t[0]).plus(hidden);
        };
    GradientReport report = GradientCheck.of(model).at(x, w).named("x", "w").run();
    assertThat(report.suspects())
        .containsExactly("the pullback of 'square' with respect to its input 0");
    assertThat(report.toString().lines().findFirst())
        .hasValueSatisfying(line ->
            assertThat(line)
                .startsWith("Gradient check FAILED: x at [")
                .endsWith("; suspect: the pullback of 'square' with respect to its input 0"));
  }

  @Test
  void oneStepIsNamedOnceAndSeveralAreAllNamed() {
    GradientReport report =
        GradientCheck.of(t ->
                Autodiff.apply(square(3), Autodiff.apply(square(4), t[0]))
                    .plus(Autodiff.onGradient(t[0].exp(), g -> g.times(2))))
            .at(x)
            .run();
    assertThat(report.suspects())
        .containsExactly(
            "the pullback of 'square' with respect to its input 0",
            "the pullback of 'onGradient' with respect to its input 0");
    assertThat(report.toString())
        .contains(
            "; 2 suspects: the pullback of 'square' with respect to its input 0, ...\n",
            "\nsuspect: the pullback of 'onGradient' with respect to its input 0");
  }

  @Test
  void theInputWithTheWrongCotangentIsNamed() {
    CustomFunction scale =
        custom(
            "scale",
            in -> in.getFirst().times(in.getLast()),
            (g, in) -> List.of(g.times(in.getLast()), g.times(in.getFirst()).select(0, 0)));
    GradientReport report =
        GradientCheck.of(t -> Autodiff.apply(scale, t[0].sin(), t[1].cos())).at(x, normal(4)).run();
    assertThat(report.suspects())
        .containsExactly("the pullback of 'scale' with respect to its input 1");
    assertThat(
            GradientCheck.of(t -> Autodiff.apply(scale, t[0], t[0].select(0, 1)))
                .at(x)
                .run()
                .suspects())
        .containsExactly("the pullback of 'scale' with respect to its inputs 0 and 1");
  }

  @Test
  void aStepBehindAParameterIsNamedAndTheParameterPutBack() {
    Parameter weight = new Parameter("weight", w);
    GradientReport report =
        GradientCheck.of(t -> t[0].matmul(Autodiff.apply(square(1), weight.value().transpose())))
            .at(x)
            .wrt(weight)
            .directional(1)
            .run();
    assertThat(report.suspects())
        .containsExactly("the pullback of 'square' with respect to its input 0");
    assertThat(weight.value().toDoubleArray()).isEqualTo(w.toDoubleArray());
  }

  @Test
  void aConstantThatMovesIsNamedAndTheStepThatUsesItIsNot() {
    GradientReport report =
        GradientCheck.of(
                t -> {
                  Tensor scale = Autodiff.noGrad(() -> t[0].square().mean(Keep.AXES, 1).rsqrt());
                  return t[0].exp().times(scale).sin();
                })
            .at(x)
            .named("x")
            .run();
    assertThat(report.suspects())
        .containsExactly(
            "input 1 of 'times' moves with x, but was computed in noGrad or from numbers read out"
                + " of a tensor");
  }

  @Test
  void aConstantThatMovesToNoEffectIsNotNamed() {
    GradientReport report =
        GradientCheck.of(
                t -> {
                  Tensor y = Autodiff.apply(square(3), t[0]);
                  Tensor near = Autodiff.noGrad(() -> y.mean(Keep.AXES, 1));
                  Tensor shifted = y.minus(near);
                  return shifted.minus(shifted.mean(Keep.AXES, 1)).exp();
                })
            .at(x)
            .run();
    assertThat(report.suspects())
        .containsExactly("the pullback of 'square' with respect to its input 0");
  }

  @Test
  void aKinkAndACheckpointAreNotToBlame() {
    CustomFunction square = square(3);
    GradientReport report =
        GradientCheck.of(t ->
                Autodiff.apply(
                    square, Autodiff.checkpoint(() -> t[0].relu().plus(t[0].abs().tanh()))))
            .at(Tensor.of(-1.0, 0, 2))
            .run();
    assertThat(report.suspects())
        .containsExactly("the pullback of 'square' with respect to its input 0");
    assertThat(
            GradientCheck.of(t -> Autodiff.checkpoint(() -> Autodiff.apply(square, t[0])).exp())
                .at(x)
                .run()
                .suspects())
        .containsExactly("the pullback of 'checkpoint' with respect to its input 0");
  }

  @Test
  void whereTheNumbersEndIsNamed() {
    GradientReport report =
        GradientCheck.of(t -> t[0].square().sqrt().exp()).at(Tensor.of(1.0, 0)).run();
    assertThat(report.suspects())
        .containsExactly("the pullback of 'sqrt' with respect to its input 0");
    assertThat(
            GradientCheck.of(t -> t[0].log().exp().sin()).at(Tensor.of(1.0, -1)).run().suspects())
        .containsExactly("'log', which is not finite for its inputs");
  }

  @Test
  void whatIsWithinTheToleranceIsNotSuspected() {
    TensorFunction f =
        t -> Autodiff.apply(square(3), Autodiff.onGradient(t[0].exp(), g -> g.times(1.001)));
    assertThat(GradientCheck.of(f).at(x).tolerance(0, 0.01).run().suspects())
        .containsExactly("the pullback of 'square' with respect to its input 0");
    assertThat(GradientCheck.of(f).at(x).run().suspects()).hasSize(2);
  }

  @Test
  void aPullbackThatIsNotLinearIsNamed() {
    CustomFunction twice =
        custom("twice", in -> in.getFirst().times(2), (g, in) -> List.of(g.abs().times(2)));
    assertThat(GradientCheck.of(t -> Autodiff.apply(twice, t[0]).sum()).at(x).run().suspects())
        .containsExactly("the pullback of 'twice' with respect to its input 0");
  }

  @Test
  void aPullbackThatHidesAConstantIsNamedByOrderTwo() {
    CustomFunction hidden =
        custom(
            "hidden",
            in -> in.getFirst().pow(3),
            (g, in) -> List.of(g.times(Autodiff.noGrad(() -> in.getFirst().square().times(3)))));
    for (TensorFunction f :
        List.<TensorFunction>of(
            t -> Autodiff.apply(hidden, t[0]).sum(),
            t -> Autodiff.apply(hidden, t[0].matmul(w).sigmoid()).exp())) {
      assertThat(GradientCheck.of(f).at(x).order(2).run().suspects())
          .containsExactly(
              "the derivative of the pullback of 'hidden' with respect to its input 0");
    }
  }

  @Test
  void aWrongPullbackInsideAPullbackIsNamedByOrderTwo() {
    CustomFunction cosine =
        custom("cosine", in -> in.getFirst().cos(), (g, in) -> List.of(g.times(in.getFirst())));
    CustomFunction sine =
        custom(
            "sine",
            in -> in.getFirst().sin(),
            (g, in) -> List.of(g.times(Autodiff.apply(cosine, in.getFirst()))));
    GradientReport report =
        GradientCheck.of(t -> Autodiff.apply(sine, t[0].exp())).at(x).named("x").order(2).run();
    assertThat(report.suspects())
        .containsExactly("the pullback of 'cosine' with respect to its input 0");
    assertThat(report.toString()).startsWith("Gradient check FAILED: x, order 2 at [");
  }

  @Test
  void aFunctionThatCannotBeFollowedGetsItsReport() {
    AtomicInteger runs = new AtomicInteger();
    GradientReport report =
        GradientCheck.of(
                t -> {
                  Tensor y = Autodiff.apply(square(3), t[0]);
                  return runs.incrementAndGet() % 2 == 0 ? y : y.neg().neg();
                })
            .at(x)
            .run();
    assertThat(report.isOk()).isFalse();
    assertThat(report.suspects()).isEmpty();
    assertThat(report.toString().lines().findFirst())
        .hasValueSatisfying(line ->
            assertThat(line).startsWith("Gradient check FAILED: ").doesNotContain("suspect"));
  }

  @Test
  void whatPassesHasNoSuspects() {
    assertThat(GradientCheck.of(t -> t[0].exp()).at(x).order(2).run().suspects()).isEmpty();
  }

  /** Returns the square, with a pullback that is right for a factor of 2. */
  private static CustomFunction square(double factor) {
    return custom(
        "square",
        in -> in.getFirst().square(),
        (g, in) -> List.of(g.times(in.getFirst()).times(factor)));
  }

  private interface Pullback {
    List<Tensor> apply(Tensor g, List<Tensor> in);
  }

  private static CustomFunction custom(
      String name, Function<List<Tensor>, Tensor> forward, Pullback pullback) {
    return new CustomFunction() {
      @Override
      public String name() {
        return name;
      }

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
