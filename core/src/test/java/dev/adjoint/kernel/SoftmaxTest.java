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
  void rows_of_every_size_agree_with_plain_loops_in_double(Kernels kernels) {
    Offset<Double> close = within(TestKernels.isFloat32(kernels) ? 2e-5 : 1e-12);
    for (int n : new int[] {1, 2, 10, 27, 33, 100, 4098}) {
      int rows = 3;
      int size = rows * n;
      Object x = random(kernels, size, n);
      Object g = random(kernels, size, n + 1);
      Object[] out = new Object[5];
      for (int i = 0; i < out.length; i++) {
        out[i] = filled(kernels, size, Double.NaN);
      }
      kernels.softmax(x, 0, rows, n, out[0], 0);
      kernels.softmaxPullback(g, 0, out[0], 0, rows, n, out[1], 0);
      kernels.logSoftmax(x, 0, rows, n, out[2], 0);
      kernels.logSoftmaxPullback(g, 0, out[2], 0, rows, n, out[3], 0);
      kernels.logSumExp(x, 0, rows, n, out[4], 0);
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
        assertThat(get(out[4], r)).isCloseTo(Math.log(sum), close);
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
  void great_values_do_not_overflow(Kernels kernels) {
    Object out = filled(kernels, 2, 0);
    kernels.softmax(array(kernels, 1e30, 1e30), 0, 1, 2, out, 0);
    assertThat(get(out, 0)).isEqualTo(0.5);
    kernels.logSumExp(array(kernels, 1000, MINUS_INFINITY), 0, 1, 2, out, 0);
    assertThat(get(out, 0)).isEqualTo(1000);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void a_row_of_minus_infinities_has_no_softmax_but_a_log_sum_exp(Kernels kernels) {
    Object x = array(kernels, MINUS_INFINITY, MINUS_INFINITY, MINUS_INFINITY);
    Object out = filled(kernels, 3, 0);
    kernels.softmax(x, 0, 1, 3, out, 0);
    assertThat(get(out, 1)).isNaN();
    kernels.logSumExp(x, 0, 1, 3, out, 0);
    assertThat(get(out, 0)).isEqualTo(MINUS_INFINITY);
    kernels.logSumExp(array(kernels, 1, Double.POSITIVE_INFINITY, 2), 0, 1, 3, out, 0);
    assertThat(get(out, 0)).isEqualTo(Double.POSITIVE_INFINITY);
  }
}
