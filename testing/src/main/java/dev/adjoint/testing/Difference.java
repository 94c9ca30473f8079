package dev.adjoint.testing;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** How a tensor differs from another, in one line; null where it does not. */
final class Difference {

  private Difference() {}

  /**
   * Compares by the tolerances of PyTorch's {@code assert_close}: 1e-5 absolute and 1.3e-6 relative
   * if one is float32, else 1e-7 for both.
   */
  static @Nullable String of(Tensor actual, Tensor expected) {
    boolean exact = actual.dtype() == DType.FLOAT64 && expected.dtype() == DType.FLOAT64;
    return exact ? of(actual, expected, 1e-7, 1e-7) : of(actual, expected, 1e-5, 1.3e-6);
  }

  /** Finds the element that is farthest off, in proportion to what is allowed. */
  static @Nullable String of(Tensor actual, Tensor expected, double absolute, double relative) {
    if (!(absolute >= 0 && relative >= 0)) {
      throw new IllegalArgumentException(
          "tolerance: %s absolute, %s relative; expected at least 0".formatted(absolute, relative));
    }
    if (!actual.shape().equals(expected.shape())) {
      return "shape %s; expected %s".formatted(actual.shape(), expected.shape());
    }
    double[] a = values(actual);
    double[] e = values(expected);
    int worst = 0;
    int count = 0;
    double most = -1;
    for (int i = 0; i < a.length; i++) {
      double error = Math.abs(a[i] - e[i]);
      double allowed = absolute + relative * Math.abs(e[i]);
      if (a[i] == e[i] || (error <= allowed && Double.isFinite(e[i]))) {
        continue;
      }
      count++;
      double excess = error < Double.POSITIVE_INFINITY ? error / allowed : Double.POSITIVE_INFINITY;
      if (excess > most) {
        most = excess;
        worst = i;
      }
    }
    return count == 0
        ? null
        : "element %s is %s; expected %s within %s%s"
            .formatted(
                Arrays.toString(actual.shape().unravel(worst)),
                number(a[worst], actual.dtype()),
                number(e[worst], expected.dtype()),
                String.format(Locale.ROOT, "%.1e", absolute + relative * Math.abs(e[worst])),
                others(count, a.length, "off"));
  }

  /** Finds the first element with other bits; all NaN are alike. */
  static @Nullable String ofBits(Tensor actual, Tensor expected) {
    if (!actual.shape().equals(expected.shape())) {
      return "shape %s; expected %s".formatted(actual.shape(), expected.shape());
    }
    if (actual.dtype() != expected.dtype()) {
      return "type %s; expected %s".formatted(actual.dtype(), expected.dtype());
    }
    double[] a = values(actual);
    double[] e = values(expected);
    int first = Arrays.mismatch(a, e);
    return first < 0
        ? null
        : "element %s is %s; expected the bits of %s"
            .formatted(
                Arrays.toString(actual.shape().unravel(first)),
                number(a[first], actual.dtype()),
                number(e[first], expected.dtype()));
  }

  /** Finds the first element that is NaN or infinite. */
  static @Nullable String ofFinite(Tensor actual) {
    double[] a = values(actual);
    int[] bad = IntStream.range(0, a.length).filter(i -> !Double.isFinite(a[i])).toArray();
    return bad.length == 0
        ? null
        : "element %s is %s; expected finite numbers%s"
            .formatted(
                Arrays.toString(actual.shape().unravel(bad[0])),
                a[bad[0]],
                others(bad.length, a.length, "not"));
  }

  private static double[] values(Tensor tensor) {
    return tensor.untracked().toDoubleArray();
  }

  private static String others(int count, int size, String what) {
    return count == 1 ? "" : "; %d of %d elements are %s".formatted(count, size, what);
  }

  private static String number(double value, DType dtype) {
    return dtype == DType.FLOAT32 ? Float.toString((float) value) : Double.toString(value);
  }
}
