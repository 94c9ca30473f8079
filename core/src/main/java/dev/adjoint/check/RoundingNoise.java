package dev.adjoint.check;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How far rounding carries derivatives by backward: how they change when every input moves to a
 * number next to it, and the seed is multiplied, which the result is divided by again. A derivative
 * that is 0 because terms cancel is not 0 but what their rounding leaves. Measured when it is first
 * asked for.
 */
final class RoundingNoise {

  private static final int TRIALS = 6;

  private final CheckedFunction function;
  private final Tensor seed;
  private final List<double[]> analytic;
  private final Supplier<List<List<double[]>>> trials = Suppliers.memoize(this::measure);

  /**
   * Creates the noise of some derivatives.
   *
   * @param analytic the derivatives, one array for each variable
   */
  RoundingNoise(CheckedFunction function, Tensor seed, List<double[]> analytic) {
    this.function = function;
    this.seed = seed;
    this.analytic = analytic;
  }

  /**
   * Returns the rounding of each derivative of a variable. Of twelve trials, six move the other
   * way, so that the sixth smallest change is not about which side of a kink the inputs are on.
   * Where all derivatives are what rounding leaves, such as those of a bias before a batch norm,
   * each may be as large as any: that one comes out the same in half of the trials is chance.
   */
  double[] of(int variable) {
    double[] noises = analytic.get(variable).clone();
    Arrays.setAll(
        noises,
        e ->
            trials.get().stream()
                .mapToDouble(t -> t.get(variable)[e])
                .sorted()
                .toArray()[TRIALS - 1]);
    double most = Direction.largest(noises);
    if (Direction.largest(analytic.get(variable)) <= 4 * most) {
      Arrays.fill(noises, most);
    }
    return noises;
  }

  /** Returns the largest change of any derivative of a variable. */
  double largest(int variable) {
    return trials.get().stream()
        .mapToDouble(t -> Direction.largest(t.get(variable)))
        .max()
        .orElse(0);
  }

  private List<List<double[]>> measure() {
    Generator random = Generator.seeded(1);
    List<List<double[]>> all = new ArrayList<>();
    for (int i = 0; i < TRIALS; i++) {
      List<double[]> signs = new ArrayList<>();
      for (double[] part : analytic) {
        signs.add(
            RandomCotangent.signs(Shape.of(part.length), DType.FLOAT64, random).toDoubleArray());
      }
      double factor = 1 + (i + 1) / 13.0;
      all.add(changes(signs, 1, factor));
      all.add(changes(signs, -1, factor));
    }
    return all;
  }

  private List<double[]> changes(List<double[]> signs, int side, double factor) {
    List<double[]> moved = new ArrayList<>();
    for (int variable = 0; variable < signs.size(); variable++) {
      Tensor base = function.variables().get(variable).base();
      double[] x = base.toDoubleArray();
      for (int e = 0; e < x.length; e++) {
        double next = base.dtype().epsilon() * Direction.power(Math.abs(x[e]));
        x[e] += x[e] == 0 ? 0 : side * signs.get(variable)[e] * next;
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
