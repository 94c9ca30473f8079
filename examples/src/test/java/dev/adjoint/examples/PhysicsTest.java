package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.examples.physics.Motion;
import dev.adjoint.examples.physics.Oscillator;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PhysicsTest {

  private final Program program = new Program("physics");

  private double largestError() {
    Matcher error = Pattern.compile("Largest error at 2,000 times: (\\S+)").matcher(program.out());
    assertThat(error.find()).isTrue();
    return Double.parseDouble(error.group(1));
  }

  @Test
  void theExactSolutionSolvesTheEquation() {
    Oscillator oscillator = new Oscillator(0.4, 4);
    Tensor t = Tensors.linspace(0, 6, 25, DType.FLOAT64).tracked();
    Tensor u = oscillator.solution(t);
    Tensor velocity = Backward.wrt(t).createGraph().of(u.sum()).of(t);
    Tensor acceleration = Backward.wrt(t).of(velocity.sum()).of(t);
    assertThat(oscillator.residual(u, velocity, acceleration).toDoubleArray())
        .containsExactly(new double[25], within(1e-12));
    assertThat(u.get(0)).isEqualTo(1);
    assertThat(velocity.get(0)).isEqualTo(0, within(1e-15));
  }

  @Test
  void everyMotionBeginsAtRestAtOne() {
    Motion motion = new Motion(6, Generator.seeded(1));
    Tensor t = Tensors.zeros(Tensor.of(new double[1], 1, 1).shape(), DType.FLOAT64).tracked();
    Tensor u = motion.forward(t);
    assertThat(u.item()).isEqualTo(1);
    assertThat(Backward.wrt(t).of(u.sum()).of(t).item()).isZero();
  }

  @Test
  void theGradientThroughSecondDerivativesIsRight() {
    Oscillator oscillator = new Oscillator(0.4, 4);
    Motion motion = new Motion(6, Generator.seeded(1));
    Tensor t = Tensors.linspace(0, 6, 5, DType.FLOAT64).unsqueeze(1);
    Gradients gradients = motion.loss(oscillator, t).backward();
    Generator generator = Generator.seeded(5);
    for (Parameter parameter : motion.parameters()) {
      Tensor at = parameter.value().copy();
      Tensor direction = generator.normal(0, 1, at.shape(), DType.FLOAT64);
      double slope = gradients.of(parameter).times(direction).sum().item();
      double h = 1e-5;
      parameter.assign(at.plus(direction.times(h)));
      double above = motion.loss(oscillator, t).item();
      parameter.assign(at.minus(direction.times(h)));
      double below = motion.loss(oscillator, t).item();
      parameter.assign(at);
      assertThat((above - below) / (2 * h)).isCloseTo(slope, within(1e-6 * Math.abs(slope) + 1e-6));
    }
  }

  @Test
  void theErrorShrinks() {
    assertThat(program.run("--adam", "0", "--lbfgs", "0")).isZero();
    assertThat(largestError()).isGreaterThan(0.5);
    assertThat(program.run("--adam", "100", "--lbfgs", "25", "--seed", "2")).isZero();
    assertThat(largestError()).isLessThan(0.2);
  }

  @Test
  void theSameSeedFindsTheSame() {
    assertThat(program.run("--adam", "20", "--lbfgs", "5", "--seed", "2")).isZero();
    String first = program.out();
    program.run("--adam", "20", "--lbfgs", "5", "--seed", "2");
    assertThat(program.out()).isEqualTo(first);
    assertThat(program.err()).isEmpty();
  }

  @Test
  void anArgumentOfNoUseGivesExitCode2() {
    assertThat(program.run("--adam", "-1")).isEqualTo(2);
    assertThat(program.err())
        .isEqualTo("physics: --adam -1 --lbfgs 100: expected at least 0%n".formatted());
  }
}
