package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Newton's method, by {@link Derivatives#hessian} and {@link Linalg#solve}. */
class NewtonTest {

  /** A smooth convex function of three variables: log(sum of exp(a x)) + |x - c|^2 / 2. */
  private static Tensor f(Tensor x) {
    Tensor a = Tensor.of(new double[][] {{1, 2, 0}, {-1, 0, 3}, {2, -2, 1}, {0, 1, -1}});
    Tensor c = Tensor.of(1.0, -2, 0.5);
    return a.matmul(x).logsumexp(0).plus(x.minus(c).square().sum().times(0.5));
  }

  private static Tensor gradient(Tensor x) {
    return Derivatives.valueAndGradient(NewtonTest::f, x).gradient();
  }

  private static Tensor newtonStep(Tensor x) {
    return x.minus(Linalg.solve(Derivatives.hessian(NewtonTest::f, x), gradient(x)));
  }

  @Test
  void eachStepDoublesTheNumberOfRightDigits() {
    Tensor minimum = Tensor.of(0.0, 0, 0);
    for (int step = 0; step < 12; step++) {
      minimum = newtonStep(minimum);
    }
    assertThat(gradient(minimum).abs().max().item()).isLessThan(1e-15);

    Tensor x = minimum.plus(Tensor.of(0.3, -0.2, 0.1));
    double error = x.minus(minimum).norm(2).item();
    for (int step = 0; step < 4; step++) { // errors of 0.1, 0.007, 3e-5 and 1e-9
      x = newtonStep(x);
      double next = x.minus(minimum).norm(2).item();
      assertThat(next).isBetween(0.2 * error * error, error * error);
      error = next;
    }
    assertThat(newtonStep(x).minus(minimum).norm(2).item()).isLessThan(1e-15);
  }
}
