package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random functions with offsets from 0 to 1e12 and scales from 1e-12 to 1e12, with gradients that
 * are right or wrong by a factor: no wrong one passes as resolved, no right one fails, and what
 * rounding leaves to be seen is seen. {@code -Dgradientchecks=20000} tries more of them.
 */
class GradientCheckPropertyTest {

  private static final int CHECKS = Integer.getInteger("gradientchecks", 100);

  private static final List<UnaryOperator<Tensor>> FUNCTIONS =
      List.of(
          Tensor::sin,
          Tensor::exp,
          Tensor::tanh,
          Tensor::sigmoid,
          Tensor::square,
          Tensor::reciprocal,
          z -> z.times(3),
          z -> z.pow(3).minus(z),
          z -> z.abs().log(),
          z -> z.abs().sqrt(),
          z -> z.times(7).cos().times(z),
          z -> z.square().neg().exp(),
          z -> z.exp().plus(1).log(),
          z -> z.square().plus(1).rsqrt(),
          z -> z.abs().log().plus(z.square().reciprocal()));

  /**
   * Holds a function offset + scale * f(x / unit), and by what its gradient is wrong.
   *
   * @param constants how many outputs besides are constant, as large as the offset
   * @param error the gradient is 1 + error times the right one
   */
  private record Case(
      DType dtype,
      int function,
      double[] z,
      double unit,
      double scale,
      double offset,
      int constants,
      boolean summed,
      double error) {

    static Case draw(Random random, DType dtype) {
      double[] z =
          DoubleStream.generate(() -> Math.pow(10, 3.5 * random.nextDouble() - 3))
              .map(size -> random.nextBoolean() ? size : -size)
              .limit(1 + random.nextInt(3))
              .toArray();
      double error = Math.pow(10, -3 * random.nextDouble()) * (random.nextBoolean() ? 1 : -1);
      return new Case(
          dtype,
          random.nextInt(FUNCTIONS.size()),
          z,
          power(random),
          power(random),
          random.nextInt(3) == 0 ? 0 : power(random),
          random.nextInt(3) == 0 ? 3 : 0,
          random.nextBoolean(),
          random.nextInt(3) == 0 ? 0 : error);
    }

    private static double power(Random random) {
      return Math.pow(10, 24 * random.nextDouble() - 12);
    }

    Tensor x() {
      return Tensor.of(z, z.length).to(dtype).times(unit);
    }

    Tensor apply(Tensor... x) {
      Tensor wrong = Autodiff.onGradient(x[0], g -> g.times(1 + error));
      Tensor y = FUNCTIONS.get(function).apply(wrong.div(unit)).times(scale).plus(offset);
      if (constants > 0) {
        y = Joining.concat(0, y, Tensors.full(Shape.of(constants), offset, dtype));
      }
      return summed ? y.sum() : y;
    }

    /** Returns the error that a comparison shows. */
    double shown() {
      return Math.abs(error) / Math.max(1, Math.abs(1 + error));
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void noWrongGradientPassesAsResolvedAndNoRightOneFails(DType dtype) {
    Random random = new Random(7);
    int undecided = 0;
    for (int i = 0; i < CHECKS; i++) {
      Case c = Case.draw(random, dtype);
      GradientCheck check = GradientCheck.of(c::apply).at(c.x());
      GradientReport report = (dtype == DType.FLOAT32 ? check.inFloat32() : check).run();
      InputReport input = report.inputs().getFirst();
      if (c.error == 0) {
        assertThat(input.failed()).as("right: %s\n%s", c, report).isZero();
      } else if (report.isOk() && input.worst().outcome() != Outcome.ZERO) {
        double tolerance = dtype == DType.FLOAT32 ? 1e-3 : 1e-6;
        assertThat(2 * report.resolution() + 1.01 * tolerance)
            .as("wrong: %s\n%s", c, report)
            .isGreaterThan(c.shown());
      }
      undecided += input.failed() == 0 && !report.isOk() ? 1 : 0;
    }
    // An answer is expected of most, so that to decide nothing is no way to pass.
    assertThat(undecided).isLessThan(CHECKS * (dtype == DType.FLOAT32 ? 3 : 2) / 10);
  }
}
