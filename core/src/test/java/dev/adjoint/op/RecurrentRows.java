package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Rows for {@link LongShortTermMemory}, in both directions. */
final class RecurrentRows {

  private RecurrentRows() {}

  static List<OpCase> rows() {
    return List.of(
        states(false),
        states(true),
        op(
                "step of an lstm",
                x -> Joining.concat(0, LongShortTermMemory.step(x[0], x[1]).toArray(Tensor[]::new)),
                x -> {
                  int hidden = x[1].size(1);
                  int n = x[1].size(0);
                  double[] state = new double[2 * n * hidden];
                  step(x[0]::at, x[1]::at, n, hidden, state);
                  return new Dense(state, 2 * n, hidden);
                },
                in(REAL, "b 12"),
                in(REAL, "b 3"))
            .covers("LongShortTermMemory.step(Tensor, Tensor)")
            .tolerance(2));
  }

  private static OpCase states(boolean backwards) {
    return op(
            backwards ? "lstm backwards" : "lstm",
            x -> LongShortTermMemory.states(x[0], x[1], x[2], x[3], backwards),
            x -> read(x, backwards),
            in(REAL, "m b 12"),
            in(REAL, "b 3"),
            in(REAL, "b 3"),
            in(REAL, "12 3"))
        .covers("LongShortTermMemory.states(Tensor, Tensor, Tensor, Tensor, boolean)")
        .uses("LongShortTermMemory.Fused")
        .tolerance(16);
  }

  private static Dense read(Dense[] x, boolean backwards) {
    int steps = x[0].size(0);
    int n = x[0].size(1);
    int hidden = x[3].size(1);
    double[] result = new double[2 * steps * n * hidden];
    Dense h = x[1];
    Dense c = x[2];
    for (int s = 0; s < steps; s++) {
      int t = backwards ? steps - 1 - s : s;
      Dense before = h;
      Dense gates =
          Dense.of(
              new int[] {n, 4 * hidden},
              i -> {
                double sum = x[0].at(t, i[0], i[1]);
                for (int k = 0; k < hidden; k++) {
                  sum += before.at(i[0], k) * x[3].at(i[1], k);
                }
                return sum;
              });
      double[] state = new double[2 * n * hidden];
      step(gates::at, c::at, n, hidden, state);
      int half = n * hidden;
      System.arraycopy(state, 0, result, t * half, half);
      System.arraycopy(state, half, result, (steps + t) * half, half);
      h = new Dense(Arrays.copyOf(state, half), n, hidden);
      c = new Dense(Arrays.copyOfRange(state, half, 2 * half), n, hidden);
    }
    return new Dense(result, 2, steps, n, hidden);
  }

  private static void step(
      Dense.Element gates, Dense.Element c, int n, int hidden, double[] state) {
    for (int row = 0; row < n; row++) {
      for (int j = 0; j < hidden; j++) {
        double i = UnaryRow.sigmoid(gates.at(new int[] {row, j}));
        double f = UnaryRow.sigmoid(gates.at(new int[] {row, hidden + j}));
        double g = Math.tanh(gates.at(new int[] {row, 2 * hidden + j}));
        double o = UnaryRow.sigmoid(gates.at(new int[] {row, 3 * hidden + j}));
        double next = f * c.at(new int[] {row, j}) + i * g;
        state[row * hidden + j] = o * Math.tanh(next);
        state[(n + row) * hidden + j] = next;
      }
    }
  }
}
