package dev.adjoint.op;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Finds values between the elements of an axis: each is a sum of the elements around its position,
 * weighed by how far away they are. {@link Interpolation} says where positions are.
 *
 * @param weight of an element, by its distance; even, and 0 from the radius on
 * @param radius how far elements count
 * @param stretch by which distances are divided, at least 1: above it, so many more elements count,
 *     and a signal that becomes shorter is smoothed first
 * @param inside whether places outside of the axis do not count, and weights are divided by their
 *     sum; otherwise the first and last elements go on there
 */
public record Resampling(DoubleUnaryOperator weight, int radius, double stretch, boolean inside) {

  /** Between two elements: the nearer it is, the more an element counts. */
  public static final Resampling LINEAR =
      new Resampling(distance -> Math.max(0, 1 - Math.abs(distance)), 1, 1, false);

  /**
   * Between four elements by cubic polynomials (Keys, 1981).
   *
   * @param a the slope at the second element: -0.5 is exact for parabolas, -0.75 is sharper and
   *     what PyTorch and ONNX take
   */
  public static Resampling cubic(double a) {
    return new Resampling(
        distance -> {
          double d = Math.abs(distance);
          return d >= 2
              ? 0
              : d > 1
                  ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
                  : ((a + 2) * d - (a + 3)) * d * d + 1;
        },
        2,
        1,
        false);
  }

  /** Returns this for an axis that becomes shorter by a factor; longer ones stay as they are. */
  public Resampling stretchedBy(double factor) {
    return new Resampling(weight, radius, Math.max(1, factor), inside);
  }

  /** Returns this with weights for elements of the axis only. */
  public Resampling onlyInside() {
    return new Resampling(weight, radius, stretch, true);
  }

  /**
   * Returns values at positions of an axis.
   *
   * @param positions in elements, from 0; those outside are not further away than they say
   * @return of the shape of x, with the number of positions in place of the axis
   * @throws IllegalArgumentException if the axis has no elements, or a position is not finite
   */
  public Tensor along(Tensor x, int axis, double... positions) {
    int resolved = x.shape().axis("along", axis);
    int n = x.size(resolved);
    if (n == 0 || Arrays.stream(positions).anyMatch(place -> !Double.isFinite(place))) {
      throw new IllegalArgumentException(
          "along: %d positions on axis %d of shape %s; expected finite ones, and an element at least"
              .formatted(positions.length, resolved, x.shape()));
    }
    int taps = (int) Math.ceil(2 * radius * stretch) + 1;
    int[] from = new int[positions.length * taps];
    int[] to = new int[from.length];
    double[] weights = Buffers.zeroedDoubles(from.length);
    int count = 0;
    for (int i = 0; i < positions.length; i++) {
      long first = (long) Math.ceil(positions[i] - radius * stretch);
      int start = count;
      double sum = 0;
      for (long place = first; place < first + taps; place++) {
        double w = weight.applyAsDouble((place - positions[i]) / stretch);
        if (w != 0 && (!inside || place >= 0 && place < n)) { // what does not count is not met
          from[count] = Math.clamp(place, 0, n - 1);
          to[count] = i;
          weights[count++] = w;
          sum += w;
        }
      }
      for (int k = start; k < count && (inside || stretch > 1); k++) {
        weights[k] /= sum;
      }
    }
    double[] used = Buffers.uninitializedDoubles(count);
    System.arraycopy(weights, 0, used, 0, count);
    return new AxisMap(
            IntTensor.of(Arrays.copyOf(from, count)),
            IntTensor.of(Arrays.copyOf(to, count)),
            used,
            positions.length)
        .apply(x, resolved);
  }
}
