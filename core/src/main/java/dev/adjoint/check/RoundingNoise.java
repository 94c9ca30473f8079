package dev.adjoint.check;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Measures how far rounding carries derivatives by backward: how they change when every input moves
 * to a number next to it, and the seed is multiplied, which the result is divided by again. A
 * derivative that is 0 because terms cancel is not 0 but what their rounding leaves.
 */
final class RoundingNoise {

  private static final int TRIALS = 6;

  private final CheckedFunction subject;
  private final Tensor seed;
  private final List<double[]> analytic;
  private @Nullable List<List<double[]>> trials;

  /**
   * Creates a measurement that is made when it is first asked for.
   *
   * @param analytic the derivatives, one array a slot
   */
  RoundingNoise(CheckedFunction subject, Tensor seed, List<double[]> analytic) {
    this.subject = subject;
    this.seed = seed;
    this.analytic = analytic;
  }

  /**
   * Returns the rounding of each derivative of a slot. Of twelve trials, six move the other way, so
   * that the sixth smallest change is not about which side of a kink the inputs are on. Where all
   * derivatives are what rounding leaves, such as those of a bias before a batch norm, each may be
   * as large as any: that one comes out the same in half of the trials is chance.
   */
  double[] of(int slot) {
    double[] noises =
        IntStream.range(0, analytic.get(slot).length)
            .mapToDouble(e ->
                trials().stream().mapToDouble(t -> t.get(slot)[e]).sorted().toArray()[TRIALS - 1])
            .toArray();
    double most = Direction.largest(noises);
    if (Direction.largest(analytic.get(slot)) <= 4 * most) {
      Arrays.fill(noises, most);
    }
    return noises;
  }

  /** Returns the largest change of any derivative of a slot. */
  double largest(int slot) {
    return trials().stream().mapToDouble(t -> Direction.largest(t.get(slot))).max().orElse(0);
  }

  private List<List<double[]>> trials() {
    if (trials == null) {
      trials = measure();
    }
    return trials;
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
    for (int slot = 0; slot < signs.size(); slot++) {
      Tensor base = subject.variables().get(slot).base();
      double[] x = base.toDoubleArray();
      for (int e = 0; e < x.length; e++) {
        double next = base.dtype().epsilon() * Direction.power(Math.abs(x[e]));
        x[e] += x[e] == 0 ? 0 : side * signs.get(slot)[e] * next;
      }
      moved.add(x);
    }
    List<double[]> changes = subject.gradientsAt(moved, seed.times(factor));
    for (int slot = 0; slot < changes.size(); slot++) {
      double[] those = changes.get(slot);
      for (int e = 0; e < those.length; e++) {
        those[e] = Math.abs(those[e] / factor - analytic.get(slot)[e]);
      }
    }
    return changes;
  }
}
