package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.array;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static dev.adjoint.kernel.TestKernels.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SoftmaxTest {

  private static final double MINUS_INFINITY = Double.NEGATIVE_INFINITY;

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void rowsOfEverySizeAgreeWithPlainLoopsInDouble(Kernels kernels) {
    Offset<Double> close = within(TestKernels.isFloat32(kernels) ? 2e-5 : 1e-12);
    for (int n : new int[] {1, 2, 10, 27, 33, 100, 4098}) {
      int rows = 3;
      int size = rows * n;
      Object x = random(kernels, size, n);
      Object g = random(kernels, size, n + 1);
      Object[] out = new Object[6];
      for (int i = 0; i < out.length; i++) {
        out[i] = filled(kernels, size, Double.NaN);
      }
      kernels.rows().softmax(x, 0, rows, n, out[0], 0);
      kernels.rows().softmaxPullback(g, 0, out[0], 0, rows, n, out[1], 0);
      kernels.rows().logSoftmax(x, 0, rows, n, out[2], 0);
      kernels.rows().logSoftmaxPullback(g, 0, out[2], 0, rows, n, out[3], 0);
      kernels.rows().logSumExp(x, 0, rows, n, out[5], 0, out[4], 0);
      for (int r = 0; r < rows; r++) {
        int from = r * n;
        double sum = 0;
        for (int i = from; i < from + n; i++) {
          sum += Math.exp(get(x, i));
        }
        double dot = 0;
        double total = 0;
        for (int i = from; i < from + n; i++) {
          dot += get(g, i) * Math.exp(get(x, i)) / sum;
          total += get(g, i);
        }
        assertThat(get(out[5], r) + get(out[4], r)).isCloseTo(Math.log(sum), close);
        for (int i = from; i < from + n; i++) {
          double y = Math.exp(get(x, i)) / sum;
          assertThat(get(out[0], i)).isCloseTo(y, close);
          assertThat(get(out[1], i)).isCloseTo(y * (get(g, i) - dot), close);
          assertThat(get(out[2], i)).isCloseTo(get(x, i) - Math.log(sum), close);
          assertThat(get(out[3], i)).isCloseTo(get(g, i) - y * total, within(1e-4));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void greatValuesDoNotOverflow(Kernels kernels) {
    Object out = filled(kernels, 2, 0);
    kernels.rows().softmax(array(kernels, 1e30, 1e30), 0, 1, 2, out, 0);
    assertThat(get(out, 0)).isEqualTo(0.5);
    kernels.rows().logSumExp(array(kernels, 1000, MINUS_INFINITY), 0, 1, 2, out, 0, out, 1);
    assertThat(get(out, 0)).isEqualTo(1000);
    assertThat(get(out, 1)).isZero();
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aRowOfMinusInfinitiesHasNoSoftmaxButALogSumExp(Kernels kernels) {
    Object x = array(kernels, MINUS_INFINITY, MINUS_INFINITY, MINUS_INFINITY);
    Object out = filled(kernels, 3, 0);
    kernels.rows().softmax(x, 0, 1, 3, out, 0);
    assertThat(get(out, 1)).isNaN();
    kernels.rows().logSumExp(x, 0, 1, 3, out, 0, out, 1);
    assertThat(get(out, 0)).isZero();
    assertThat(get(out, 1)).isEqualTo(MINUS_INFINITY);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void anInfiniteValueTakesAllAndSharesWithItsLike(Kernels kernels) {
    double infinity = Double.POSITIVE_INFINITY;
    Object one = array(kernels, 1, infinity, MINUS_INFINITY);
    Object two = array(kernels, infinity, 2, infinity);
    Object out = filled(kernels, 3, Double.NaN);
    kernels.rows().softmax(one, 0, 1, 3, out, 0);
    TestKernels.assertSameBits(out, array(kernels, 0, 1, 0), "softmax");
    kernels.rows().softmax(two, 0, 1, 3, out, 0);
    TestKernels.assertSameBits(out, array(kernels, 0.5, 0, 0.5), "softmax of two");
    kernels.rows().logSoftmax(one, 0, 1, 3, out, 0);
    TestKernels.assertSameBits(
        out, array(kernels, MINUS_INFINITY, 0, MINUS_INFINITY), "log-softmax");
    kernels.rows().logSumExp(two, 0, 1, 3, out, 0, out, 1);
    assertThat(get(out, 0)).isEqualTo(infinity);
    assertThat(get(out, 1)).isCloseTo(Math.log(2), within(1e-7));
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void oneNanMakesItsWholeRowNan(Kernels kernels) {
    for (double other : new double[] {1, MINUS_INFINITY, Double.POSITIVE_INFINITY}) {
      for (int n : new int[] {1, 3, 40, 300}) {
        for (int at = 0; at < n; at++) {
          Object x = filled(kernels, n, other);
          TestKernels.set(x, at, Double.NaN);
          Object out = filled(kernels, n, 0);
          Object log = filled(kernels, n, 0);
          Object parts = filled(kernels, 2, 0);
          kernels.rows().softmax(x, 0, 1, n, out, 0);
          kernels.rows().logSoftmax(x, 0, 1, n, log, 0);
          kernels.rows().logSumExp(x, 0, 1, n, parts, 0, parts, 1);
          for (int i = 0; i < n; i++) {
            assertThat(get(out, i)).isNaN();
            assertThat(get(log, i)).isNaN();
          }
          assertThat(get(parts, 0) + get(parts, 1)).isNaN();
        }
      }
    }
  }

  /** One large value among others that are lost beside it. */
  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aSumOfLittleMoreThanOneHasItsLogarithm(Kernels kernels) {
    double close = TestKernels.isFloat32(kernels) ? 1e-6 : 1e-15;
    double gap = TestKernels.isFloat32(kernels) ? 17 : 37; // e^-gap is below the last place of 1
    for (int n : new int[] {2, 3, 40, 5000}) {
      Object x = filled(kernels, n, -gap);
      TestKernels.set(x, n / 2, 0);
      double right = Math.log1p((n - 1) * Math.exp(-gap));
      Object out = filled(kernels, n, Double.NaN);
      kernels.rows().logSoftmax(x, 0, 1, n, out, 0);
      assertThat(get(out, n / 2) / -right).isCloseTo(1, within(close));
      Object parts = filled(kernels, 2, Double.NaN);
      kernels.rows().logSumExp(x, 0, 1, n, parts, 0, parts, 1);
      assertThat(get(parts, 1) / right).isCloseTo(1, within(close));
    }
  }
}
