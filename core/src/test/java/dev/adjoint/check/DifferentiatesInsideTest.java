package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks of functions that compute gradients on their way. */
class DifferentiatesInsideTest {

  private final Tensor x = normal(4, 3);
  private final Tensor w = normal(3, 5);
  private final Tensor v = normal(5, 1);

  private static Tensor net(Tensor x, Tensor w, Tensor v) {
    return x.matmul(w).tanh().matmul(v);
  }

  @Test
  void theGradientPenaltyOfACritic() {
    Parameter weight = new Parameter("weight", w);
    GradientCheck.of(
            t -> {
              Tensor slope =
                  Backward.wrt(t[0])
                      .createGraph()
                      .of(net(t[0], weight.value(), t[1]).sum())
                      .of(t[0]);
              return slope.square().sum(1).sqrt().minus(1).square().mean();
            })
        .at(x, v)
        .wrt(weight)
        .order(2)
        .run()
        .assertOk();
  }

  @Test
  void aStepOfMaml() {
    Tensor y = normal(4, 1);
    GradientCheck.of(
            t -> {
              Tensor inner = net(x, t[0], t[1]).minus(y).square().mean();
              Tensor adapted =
                  t[0].minus(Backward.wrt(t[0]).createGraph().of(inner).of(t[0]).times(0.1));
              return net(x.times(0.5), adapted, t[1]).minus(y).square().mean();
            })
        .at(w, v)
        .named("w", "v")
        .run()
        .assertOk();
  }

  @Test
  void theResidualOfADifferentialEquation() {
    // u'' + u = 0 at points that are no inputs of the check
    Tensor points = normal(6, 1);
    GradientCheck.of(
            t -> {
              Tensor p = points.tracked();
              Tensor u = net(p, t[0], t[1]);
              Tensor first = Backward.wrt(p).createGraph().of(u.sum()).of(p);
              Tensor second = Backward.wrt(p).createGraph().of(first.sum()).of(p);
              return second.plus(u).square().mean();
            })
        .at(normal(1, 5), v)
        .run()
        .assertOk();
  }

  @Test
  void derivativesOfAnInputAndModesOfTheCheck() {
    TensorFunction f =
        t -> Derivatives.valueAndGradient(q -> net(q, w, v).square().sum(), t[0]).gradient();
    GradientCheck check = GradientCheck.of(f).at(x);
    check.run().assertOk();
    check.directional(2).run().assertOk();
  }

  @Test
  void aGraphThatIsNotRecordedInsideIsFound() {
    GradientReport report =
        GradientCheck.of(t -> Backward.wrt(t[0]).of(t[0].pow(3).sum()).of(t[0]).sum())
            .at(x)
            .named("x")
            .run();
    assertThat(report.of("x", 1).failed()).isEqualTo(12);
    assertThat(report.toString()).contains("by a backward() without createGraph()");
  }

  private static Tensor normal(int... sizes) {
    return Generator.seeded(5).normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }
}
