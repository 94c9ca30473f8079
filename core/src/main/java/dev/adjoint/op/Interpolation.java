package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Makes signals, images and volumes larger or smaller, as {@code torch.nn.functional.interpolate}:
 *
 * <pre>{@code
 * Interpolation.LINEAR.resize(x, 32, 48);
 * Interpolation.NEAREST.rescale(x, 2);
 * }</pre>
 *
 * <p>An axis of n elements becomes one of m, by one linear map an axis. Element i of the result
 * lies at the position {@code i n / m} of the input, or {@code i / factor} where a factor is given,
 * which is not the same unless {@code n factor} is whole. Positions are computed in double
 * precision, where PyTorch has them in the type of the tensor.
 */
public enum Interpolation {
  /** The element below the position: {@code floor(i n / m)}, PyTorch's {@code nearest}. */
  NEAREST,

  /**
   * Between the two elements around the position, of elements that are seen as intervals with their
   * middles at {@code i + 1/2}: PyTorch's linear, bilinear and trilinear mode.
   */
  LINEAR,

  /**
   * Between the two elements around {@code i (n - 1) / (m - 1)}, so that first and last elements
   * stay what they are: PyTorch's {@code align_corners=True}.
   */
  LINEAR_ALIGNED,

  /**
   * By cubic polynomials between four elements, at the positions of {@link #LINEAR}: PyTorch's
   * {@code bicubic}. Values may be a little beyond those of the elements.
   */
  CUBIC,

  /** By cubic polynomials, at the positions of {@link #LINEAR_ALIGNED}. */
  CUBIC_ALIGNED,

  /**
   * As {@link #LINEAR}, and of an axis that becomes shorter all elements count: PyTorch's {@code
   * antialias=True}. So details become gray rather than patterns.
   */
  LINEAR_SMOOTH,

  /**
   * As {@link #CUBIC}, and of an axis that becomes shorter all elements count; the polynomials are
   * those of PyTorch and Pillow for this, with slope -0.5.
   */
  CUBIC_SMOOTH;

  /**
   * Returns x with axes of other sizes.
   *
   * @param x of shape (N, C, ...)
   * @param sizes of the axes after the first two: one for all, or one an axis
   * @return of shape (N, C, sizes...)
   * @throws IllegalArgumentException if an axis has or would have no elements
   */
  public Tensor resize(Tensor x, int... sizes) {
    int[] m = ConvOptions.spread("resize", "sizes", Ints.asList(sizes), axes("resize", x));
    for (int i = 0; i < m.length; i++) {
      check("resize", x, x.size(i + 2) > 0 && m[i] > 0, "sizes " + Arrays.toString(sizes));
    }
    Shape _ = x.shape().withLast("resize", m); // which refuses what is too large
    Tensor y = x;
    for (int i = m.length - 1; i >= 0; i--) { // what comes last lies in the order of the result
      int n = x.size(i + 2);
      int to = m[i];
      y = along(y, i + 2, to, place -> place * n / to);
    }
    return y;
  }

  /**
   * Returns x with axes that are by a factor longer, rounded down.
   *
   * @param x of shape (N, C, ...)
   * @param factors of the axes after the first two: one for all, or one an axis
   * @throws IllegalArgumentException if an axis has or would have no elements
   */
  public Tensor rescale(Tensor x, double... factors) {
    int axes = axes("rescale", x);
    List<Integer> which = IntStream.range(0, factors.length).boxed().toList();
    int[] spread = ConvOptions.spread("rescale", "factors numbered", which, axes);
    int[] m = new int[axes];
    for (int i = 0; i < axes; i++) {
      double to = Math.floor(x.size(i + 2) * factors[spread[i]]);
      boolean fits = to >= 1 && to <= Integer.MAX_VALUE;
      check("rescale", x, fits, "factors " + Arrays.toString(factors));
      m[i] = (int) to;
    }
    Shape _ = x.shape().withLast("rescale", m); // which refuses what is too large
    Tensor y = x;
    for (int i = axes - 1; i >= 0; i--) {
      double factor = factors[spread[i]];
      y = along(y, i + 2, m[i], place -> place / factor);
    }
    return y;
  }

  private static int axes(String operation, Tensor x) {
    check(operation, x, x.rank() >= 3, x.rank() + " axes");
    return x.rank() - 2;
  }

  private static void check(String operation, Tensor x, boolean fits, String got) {
    if (!fits) {
      throw new IllegalArgumentException(
          "%s: shape %s, %s; expected (N, C, ...) with at least one element along each axis after these, before and after"
              .formatted(operation, x.shape(), got));
    }
  }

  /** Maps an axis of n elements to m. */
  private Tensor along(Tensor x, int axis, int m, DoubleUnaryOperator position) {
    int n = x.size(axis);
    double[] places =
        IntStream.range(0, m)
            .mapToDouble(i ->
                switch (this) {
                  case NEAREST -> Math.min(Math.floor(position.applyAsDouble(i)), n - 1);
                  case LINEAR -> Math.clamp(position.applyAsDouble(i + 0.5) - 0.5, 0, n - 1);
                  case LINEAR_ALIGNED, CUBIC_ALIGNED -> m == 1 ? 0 : i * (n - 1.0) / (m - 1);
                  case CUBIC, LINEAR_SMOOTH, CUBIC_SMOOTH -> position.applyAsDouble(i + 0.5) - 0.5;
                })
            .toArray();
    double step = position.applyAsDouble(1) - position.applyAsDouble(0);
    return switch (this) {
      case NEAREST -> {
        int[] below = DoubleStream.of(places).mapToInt(place -> (int) place).toArray();
        yield new AxisMap(IntTensor.of(below), null, null, m).apply(x, axis);
      }
      case LINEAR, LINEAR_ALIGNED -> Resampling.LINEAR.along(x, axis, places);
      case CUBIC, CUBIC_ALIGNED -> Resampling.cubic(-0.75).along(x, axis, places);
      case LINEAR_SMOOTH -> Resampling.LINEAR.stretchedBy(step).onlyInside().along(x, axis, places);
      case CUBIC_SMOOTH ->
          Resampling.cubic(-0.5).stretchedBy(step).onlyInside().along(x, axis, places);
    };
  }
}
