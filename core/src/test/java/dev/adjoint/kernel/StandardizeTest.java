package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static dev.adjoint.kernel.TestKernels.isFloat32;
import static dev.adjoint.kernel.TestKernels.random;
import static dev.adjoint.kernel.TestKernels.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StandardizeTest {

  /** Shapes (a, channels, b): layer norm, batch norm without and with positions, and odd ones. */
  private static final int[][] SHAPES = {
    {1, 5, 100}, {1, 3, 1}, {64, 7, 1}, {300, 2, 1}, {600, 33, 1}, {4, 3, 25}, {6, 5, 2}, {2, 2, 4100}
  };

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void every_layout_agrees_with_plain_loops_in_double(Kernels kernels) {
    double close = isFloat32(kernels) ? 1e-5 : 1e-11;
    for (int[] shape : SHAPES) {
      for (boolean centred : new boolean[] {true, false}) {
        Case c = new Case(kernels, shape, centred);
        c.run(0, shape[1]);
        for (int k = 0; k < shape[1]; k++) {
          double[] moments = c.moments(k);
          assertThat(get(c.mean, k)).isCloseTo(moments[0], within(close));
          assertThat(get(c.variance, k)).isCloseTo(moments[1], within(close * (1 + moments[1])));
          double inverse = 1 / Math.sqrt(moments[1] + Case.EPSILON);
          double meanQ = 0;
          double meanQy = 0;
          for (int i = 0; i < c.count(); i++) {
            meanQ += centred ? get(c.q, c.at(i, k)) / c.count() : 0;
            meanQy += get(c.q, c.at(i, k)) * get(c.y, c.at(i, k)) / c.count();
          }
          for (int i = 0; i < c.count(); i++) {
            int at = c.at(i, k);
            double y = (get(c.x, at) - moments[0]) * inverse;
            assertThat(get(c.y, at)).isCloseTo(y, within(close * (1 + Math.abs(y))));
            double dx = (get(c.q, at) - meanQ - y * meanQy) * inverse;
            double scale = inverse * (1 + Math.abs(y)) * (1 + Math.abs(get(c.q, at)) + Math.abs(meanQy));
            assertThat(get(c.dx, at)).isCloseTo(dx, within(close * scale));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void a_part_of_the_channels_gives_the_bits_of_all_and_leaves_the_others_alone(Kernels kernels) {
    for (int[] shape : SHAPES) {
      Case all = new Case(kernels, shape, true);
      Case parts = new Case(kernels, shape, true);
      all.run(0, shape[1]);
      parts.run(0, 1);
      assertThat(get(parts.y, parts.at(0, 0))).isEqualTo(get(all.y, all.at(0, 0)));
      if (shape[1] > 1) {
        assertThat(get(parts.y, parts.at(0, 1))).isNaN();
        assertThat(get(parts.mean, 1)).isNaN();
        parts.run(1, shape[1]);
      }
      TestKernels.assertSameBits(parts.y, all.y, "y");
      TestKernels.assertSameBits(parts.dx, all.dx, "dx");
      TestKernels.assertSameBits(parts.inverse, all.inverse, "inverse");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void variance_is_right_to_one_percent_next_to_a_million(Kernels kernels) {
    for (int[] shape : new int[][] {{1, 2, 1000}, {1000, 2, 1}, {100, 2, 10}}) {
      Case c = new Case(kernels, shape, true);
      SplittableRandom random = new SplittableRandom(3);
      for (int i = 0; i < 2000; i++) {
        set(c.x, i, 1e6 + random.nextGaussian());
      }
      c.run(0, 2);
      double[] moments = c.moments(0);
      assertThat(get(c.variance, 0) / moments[1]).isCloseTo(1, within(1e-2));
      double y = (get(c.x, c.at(5, 0)) - moments[0]) / Math.sqrt(moments[1] + Case.EPSILON);
      assertThat(get(c.y, c.at(5, 0))).isCloseTo(y, within(1e-4));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void a_constant_set_becomes_zeros_even_without_epsilon(Kernels kernels) {
    for (int[] shape : SHAPES) {
      Case c = new Case(kernels, shape, true);
      for (int i = 0; i < shape[0] * shape[1] * shape[2]; i++) {
        set(c.x, i, 1234567.1);
      }
      kernels.standardize(
          c.x, shape[0], shape[1], shape[2], 0, shape[1], true, 0, c.y, c.mean, c.variance, c.inverse);
      assertThat(get(c.variance, 0)).isZero();
      TestKernels.assertSameBits(c.y, filled(kernels, shape[0] * shape[1] * shape[2], 0), "y");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void a_nan_spoils_its_own_set_only(Kernels kernels) {
    for (int[] shape : new int[][] {{1, 2, 50}, {50, 2, 1}}) {
      Case c = new Case(kernels, shape, true);
      set(c.x, c.at(7, 1), Double.NaN);
      c.run(0, 2);
      assertThat(get(c.y, c.at(0, 1))).isNaN();
      assertThat(get(c.variance, 1)).isNaN();
      assertThat(get(c.y, c.at(0, 0))).isFinite();
    }
  }

  /** One array to standardize, with all that comes out. */
  private static final class Case {
    static final double EPSILON = 1e-5;

    final Kernels kernels;
    final int[] shape;
    final boolean centred;
    final Object x;
    final Object q;
    final Object y;
    final Object dx;
    final Object mean;
    final Object variance;
    final Object inverse;

    Case(Kernels kernels, int[] shape, boolean centred) {
      this.kernels = kernels;
      this.shape = shape;
      this.centred = centred;
      int size = shape[0] * shape[1] * shape[2];
      x = random(kernels, size, 8);
      q = random(kernels, size, 9);
      y = filled(kernels, size, Double.NaN);
      dx = filled(kernels, size, Double.NaN);
      mean = filled(kernels, shape[1], Double.NaN);
      variance = filled(kernels, shape[1], Double.NaN);
      inverse = filled(kernels, shape[1], Double.NaN);
    }

    void run(int from, int to) {
      kernels.standardize(
          x, shape[0], shape[1], shape[2], from, to, centred, EPSILON, y, mean, variance, inverse);
      kernels.standardizePullback(q, y, inverse, shape[0], shape[1], shape[2], from, to, centred, dx);
    }

    int count() {
      return shape[0] * shape[2];
    }

    /** Returns where the i-th value of a set is. */
    int at(int i, int channel) {
      return (i / shape[2] * shape[1] + channel) * shape[2] + i % shape[2];
    }

    /** Returns mean and variance; zero and the mean square if not centred. */
    double[] moments(int channel) {
      double mean = 0;
      for (int i = 0; centred && i < count(); i++) {
        mean += get(x, at(i, channel)) / count();
      }
      double variance = 0;
      for (int i = 0; i < count(); i++) {
        double d = get(x, at(i, channel)) - mean;
        variance += d * d / count();
      }
      return new double[] {mean, variance};
    }
  }
}
