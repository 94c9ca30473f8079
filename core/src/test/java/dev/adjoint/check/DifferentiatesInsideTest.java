package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
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
  void oneAndThreeStepsOfMamlFromParameters() {
    Parameter first = new Parameter("first", w);
    Parameter second = new Parameter("second", v);
    Tensor y = normal(4, 1);
    for (int steps : new int[] {1, 3}) {
      GradientCheck.of(
              t -> {
                Tensor[] p = {first.value(), second.value()};
                for (int step = 0; step < steps; step++) {
                  Tensor loss = net(x, p[0], p[1]).minus(y).square().mean();
                  List<Tensor> g = Backward.wrt(p).createGraph().gradients(loss);
                  p[0] = p[0].minus(g.get(0).times(0.1));
                  p[1] = p[1].minus(g.get(1).times(0.1));
                }
                return net(x.times(0.5), p[0], p[1]).minus(y).square().mean();
              })
          .wrt(first, second)
          .order(2)
          .run()
          .assertOk();
    }
  }

  @Test
  void aHessianAndAJacobianTimesAVector() {
    GradientCheck.of(t -> Derivatives.hessian(q -> q.pow(4).sum().plus(q.prod()), t[0]))
        .at(normal(4))
        .order(2)
        .run()
        .assertOk();
    GradientCheck.of(t -> Derivatives.jvp(q -> net(q, w, v), t[0], t[1]))
        .at(x, x.times(2))
        .order(2)
        .run()
        .assertOk();
  }

  @Test
  void aPenaltyInACheckpoint() {
    Parameter weight = new Parameter("weight", w);
    GradientCheck.of(t ->
            Autodiff.checkpoint(() ->
                Derivatives.valueAndGradient(
                        q -> net(q, weight.value(), v).softmax(0).norm(2), t[0])
                    .gradient()
                    .square()
                    .sum()))
        .at(x)
        .wrt(weight)
        .order(2)
        .run()
        .assertOk();
  }

  /** At the solution of z = tanh(w z + b), by the implicit function theorem. */
  @Test
  void aFixedPointThatIsDifferentiatedImplicitly() {
    CustomFunction fixedPoint =
        new CustomFunction() {
          @Override
          public String name() {
            return "fixedPoint";
          }

          @Override
          public Tensor forward(List<Tensor> in) {
            Tensor z = in.get(1);
            for (int i = 0; i < 60; i++) {
              z = in.get(0).matmul(z).plus(in.get(1)).tanh();
            }
            return z;
          }

          @Override
          public List<Tensor> pullback(Tensor g, List<Tensor> in, Tensor z) {
            Tensor slope = z.square().neg().plus(1);
            Tensor u = g;
            for (int i = 0; i < 60; i++) {
              u = g.plus(in.get(0).transpose().matmul(u.times(slope)));
            }
            Tensor pulled = u.times(slope);
            return List.of(pulled.unsqueeze(1).times(z.unsqueeze(0)), pulled);
          }
        };
    GradientCheck.of(t -> Autodiff.apply(fixedPoint, t[0], t[1]))
        .at(normal(3, 3).times(0.2), normal(3))
        .order(2)
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
    assertThat(
            GradientCheck.of(
                    t -> {
                      Tensor point = t[0].tracked();
                      return Backward.wrt(point).createGraph().of(point.pow(3).sum()).of(point);
                    })
                .at(x)
                .run()
                .toString())
        .contains("or behind tracked() or untracked()");
  }

  private static Tensor normal(int... sizes) {
    return Generator.seeded(5).normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }
}
