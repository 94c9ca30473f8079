package dev.adjoint.nn.inspect;

import dev.adjoint.op.Indexing;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Percentiles of numbers, by linear interpolation; of more than 4,096 numbers, those of 4,096 that
 * are spread evenly over all.
 *
 * @param p5 the 5th percentile
 * @param p15 the 15th percentile
 * @param p50 the median
 * @param p85 the 85th percentile
 * @param p95 the 95th percentile
 */
public record Percentiles(double p5, double p15, double p50, double p85, double p95) {

  static final Percentiles NONE = ofSorted(new double[0]);

  /** Sorting more would take longer than computing them has taken. */
  private static final int ENOUGH = 1 << 12;

  /** Its multiples are spread evenly over the unit interval, in step with no axis (Weyl 1916). */
  private static final double GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

  /** Returns elements in ascending order; of very many, some that are spread evenly over all. */
  static double[] sorted(Tensor elements) {
    int all = elements.shape().size();
    Tensor some = elements;
    if (all > ENOUGH) {
      int[] places = new int[ENOUGH];
      Arrays.setAll(places, i -> (int) (i * GOLDEN_RATIO % 1 * all));
      some = Indexing.indexSelect(elements.reshape(-1), 0, IntTensor.of(places));
    }
    double[] sorted = some.toDoubleArray();
    Arrays.sort(sorted);
    return sorted;
  }

  static Percentiles ofSorted(double[] sorted) {
    return new Percentiles(
        at(sorted, 5), at(sorted, 15), at(sorted, 50), at(sorted, 85), at(sorted, 95));
  }

  /** Returns them in their order, from the lowest. */
  public double[] toArray() {
    return new double[] {p5, p15, p50, p85, p95};
  }

  private static double at(double[] sorted, int percent) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double position = percent / 100.0 * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }
}
