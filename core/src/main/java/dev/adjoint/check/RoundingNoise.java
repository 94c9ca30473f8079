package dev.adjoint.check;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How far rounding carries derivatives by backward: how they change when every input moves to a
 * number next to it, and the seed is multiplied, which the result is divided by again. A derivative
 * that is 0 because terms cancel is not 0 but what their rounding leaves.
 *
 * @param typical the rounding of each derivative, one array for each variable
 * @param largest the largest change of any derivative of a variable
 */
record RoundingNoise(List<double[]> typical, double[] largest) {

  private static final int TRIALS = 6;

  /**
   * Measures the rounding of derivatives. Of twelve trials, six move the other way, so that the
   * sixth smallest change is not about which side of a kink the inputs are on. Where all
   * derivatives are what rounding leaves, such as those of a bias before a batch norm, each may be
   * as large as any: that one comes out the same in half of the trials is chance.
   *
   * @param analytic the derivatives, one array for each variable
   */
  static RoundingNoise measure(CheckedFunction function, Tensor seed, List<double[]> analytic) {
    List<List<double[]>> trials =
        IntStream.range(0, 2 * TRIALS)
            .mapToObj(trial -> changes(function, seed, analytic, trial))
            .toList();
    List<double[]> typical = new ArrayList<>();
    double[] largest = Buffers.zeroedDoubles(analytic.size());
    for (int i = 0; i < largest.length; i++) {
      int variable = i;
      List<double[]> changes = trials.stream().map(trial -> trial.get(variable)).toList();
      double[] noises = Buffers.zeroedDoubles(analytic.get(i).length);
      Arrays.setAll(
          noises, e -> changes.stream().mapToDouble(c -> c[e]).sorted().toArray()[TRIALS - 1]);
      double most = Direction.largest(noises);
      if (Direction.largest(analytic.get(i)) <= 4 * most) {
        Arrays.fill(noises, most);
      }
      typical.add(noises);
      largest[i] = changes.stream().mapToDouble(Direction::largest).max().orElse(0);
    }
    return new RoundingNoise(typical, largest);
  }

  /** Returns how derivatives change; every second trial moves the inputs to the other side. */
  private static List<double[]> changes(
      CheckedFunction function, Tensor seed, List<double[]> analytic, int trial) {
    Generator random = Generator.seeded(trial / 2);
    int side = trial % 2 == 0 ? 1 : -1;
    double factor = 1 + (trial / 2 + 1) / 13.0;
    List<double[]> moved = new ArrayList<>();
    for (CheckedFunction.Variable variable : function.variables()) {
      Tensor base = variable.base();
      double[] signs = RandomCotangent.signs(base.shape(), DType.FLOAT64, random).toDoubleArray();
      double[] x = base.toDoubleArray();
      for (int e = 0; e < x.length; e++) {
        double next = base.dtype().epsilon() * Direction.power(Math.abs(x[e]));
        x[e] += x[e] == 0 ? 0 : side * signs[e] * next;
      }
      moved.add(x);
    }
    List<double[]> changes = function.gradientsAt(moved, seed.times(factor));
    for (int variable = 0; variable < changes.size(); variable++) {
      double[] change = changes.get(variable);
      double[] right = analytic.get(variable);
      Arrays.setAll(change, e -> Math.abs(change[e] / factor - right[e]));
    }
    return changes;
  }
}
