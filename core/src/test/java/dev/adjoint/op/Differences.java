package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.Predicate;

/** Compares gradients with central differences along random directions, in float64. */
final class Differences {

  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-6;
  private static final int DIRECTIONS = 2;

  private Differences() {}

  /**
   * Checks a function's gradients up to an order.
   *
   * @param moves which inputs to differentiate by
   */
  static void check(
      Function<Tensor[], Tensor> function, Tensor[] at, Predicate<Integer> moves, int order) {
    Generator random = Generator.seeded(11);
    Tensor weights = direction(function.apply(at), random);
    Function<Tensor[], Tensor> scalar = x -> function.apply(x).times(weights).sum();
    check("first order", scalar, at, moves, random);
    Tensor[] fused = gradients(scalar, at, false);
    Tensor[] composed = gradients(scalar, at, true);
    for (int i = 0; i < at.length; i++) {
      double largest = fused[i].size() == 0 ? 0 : fused[i].minus(composed[i]).abs().max().item();
      assertThat(largest).as("recorded against unrecorded gradient %d", i).isLessThan(1e-11);
    }
    if (order > 1) {
      Tensor[] along = Arrays.stream(at).map(x -> direction(x, random)).toArray(Tensor[]::new);
      check("second order", x -> dot(gradients(scalar, x, true), along, moves), at, moves, random);
    }
  }

  private static void check(
      String what,
      Function<Tensor[], Tensor> scalar,
      Tensor[] at,
      Predicate<Integer> moves,
      Generator random) {
    Tensor[] gradients = gradients(scalar, at, false);
    for (int input = 0; input < at.length; input++) {
      for (int i = 0; i < DIRECTIONS && moves.test(input); i++) {
        Tensor direction = direction(at[input], random);
        double analytic = gradients[input].times(direction).sum().item();
        double numeric =
            (along(scalar, at, input, direction, STEP) - along(scalar, at, input, direction, -STEP))
                / (2 * STEP);
        double error = Math.abs(analytic - numeric);
        assertThat(error)
            .as(
                "%s, input %d of shape %s: analytic %s, numeric %s",
                what, input, at[input].shape(), analytic, numeric)
            .isLessThanOrEqualTo(TOLERANCE * Math.max(1, Math.abs(numeric)));
      }
    }
  }

  /** Returns the gradient of every input: zeros where none flows. */
  private static Tensor[] gradients(
      Function<Tensor[], Tensor> scalar, Tensor[] at, boolean createGraph) {
    Tensor[] x = Arrays.stream(at).map(t -> t.isTracked() ? t : t.tracked()).toArray(Tensor[]::new);
    Tensor y = scalar.apply(x);
    Tensor[] zeros =
        Arrays.stream(x).map(t -> Tensors.zeros(t.shape(), t.dtype())).toArray(Tensor[]::new);
    if (!y.isTracked()) {
      return zeros;
    }
    Backward backward = Backward.wrt(x);
    Gradients gradients = (createGraph ? backward.createGraph() : backward).of(y);
    for (int i = 0; i < x.length; i++) {
      zeros[i] = gradients.contains(x[i]) ? gradients.of(x[i]) : zeros[i];
    }
    return zeros;
  }

  private static Tensor dot(Tensor[] x, Tensor[] y, Predicate<Integer> moves) {
    Tensor sum = Tensor.scalar(0, DType.FLOAT64);
    for (int i = 0; i < x.length; i++) {
      if (moves.test(i)) {
        sum = sum.plus(x[i].times(y[i]).sum());
      }
    }
    return sum;
  }

  private static double along(
      Function<Tensor[], Tensor> scalar, Tensor[] at, int input, Tensor direction, double step) {
    Tensor[] moved = at.clone();
    moved[input] = at[input].plus(direction.times(step));
    return scalar.apply(moved).item();
  }

  private static Tensor direction(Tensor like, Generator random) {
    return random.uniform(-1, 1, like.shape(), DType.FLOAT64);
  }
}
