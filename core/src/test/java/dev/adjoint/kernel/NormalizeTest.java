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

class NormalizeTest {

  /** Shapes (a, channels, b): layer norm, batch norm without and with positions, and odd ones. */
  private static final int[][] SHAPES = {
    {1, 5, 100},
    {1, 3, 1},
    {64, 7, 1},
    {300, 2, 1},
    {600, 33, 1},
    {4, 3, 25},
    {6, 5, 2},
    {2, 2, 4100},
    {1, 40, 1000},
    {3, 5000, 1}
  };

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void everyLayoutAgreesWithPlainLoopsInDouble(Kernels kernels) {
    double close = isFloat32(kernels) ? 1e-5 : 1e-11;
    for (int[] shape : SHAPES) {
      int b = shape[2];
      for (int features : new int[] {1, shape[1], shape[1] * b, b, Math.ceilDiv(b, 2)}) {
        for (boolean centered : new boolean[] {true, false}) {
          Case c = new Case(kernels, shape, features, centered);
          c.run();
          double[] sums = new double[2 * features];
          for (int k = 0; k < shape[1]; k++) {
            c.check(k, close, sums);
          }
          for (int f = 0; f < 2 * features; f++) {
            assertThat(c.sums[f])
                .isCloseTo(sums[f], within(5 * close * shape[0] * shape[1] * shape[2] / features));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void anyNumberOfThreadsGivesTheSameBits(Kernels kernels) {
    for (int[] shape : SHAPES) {
      Case one = new Case(kernels, shape, shape[1], true);
      Case three = new Case(kernels, shape, shape[1], true);
      Parallel.withThreads(1, one::run);
      Parallel.withThreads(3, three::run);
      TestKernels.assertSameBits(three.y, one.y, "y");
      TestKernels.assertSameBits(three.dx, one.dx, "dx");
      TestKernels.assertSameBits(three.statistics, one.statistics, "statistics");
      assertThat(three.sums).isEqualTo(one.sums);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void sumsAloneAreThoseMadeWithDx(Kernels kernels) {
    for (int[] shape : SHAPES) {
      for (int features : new int[] {shape[1], shape[1] * shape[2], shape[2]}) {
        Case c = new Case(kernels, shape, features, true);
        c.run();
        double[] sums = new double[2 * features];
        kernels.normalizer().pullback(c.norm, c.dh, c.x, c.affine, c.statistics, null, sums);
        assertThat(sums).isEqualTo(c.sums);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void varianceIsRightToOnePercentNextToAMillion(Kernels kernels) {
    for (int[] shape : new int[][] {{1, 2, 1000}, {1000, 2, 1}, {100, 2, 10}}) {
      Case c = new Case(kernels, shape, shape[1], true);
      SplittableRandom random = new SplittableRandom(3);
      for (int i = 0; i < 2000; i++) {
        set(c.x, i, 1e6 + random.nextGaussian());
      }
      for (int f = 0; f < 4; f++) {
        set(c.affine, f, f < 2 ? 1 : 0);
      }
      c.run();
      double[] moments = c.moments(0);
      assertThat(c.variance(0) / moments[1]).isCloseTo(1, within(1e-2));
      double y = (get(c.x, c.at(5, 0)) - moments[0]) / Math.sqrt(moments[1] + Case.EPSILON);
      assertThat(get(c.y, c.at(5, 0))).isCloseTo(y, within(1e-4));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aConstantSetBecomesZerosEvenWithoutEpsilon(Kernels kernels) {
    for (int[] shape : SHAPES) {
      Case c = new Case(kernels, shape, shape[1], true);
      for (int i = 0; i < shape[0] * shape[1] * shape[2]; i++) {
        set(c.x, i, 1234567.1);
      }
      Norm plain = new Norm(shape[0], shape[1], shape[2], 1 << 20, 1, true, 0, false);
      Object none = filled(kernels, 2, 0);
      set(none, 0, 1);
      kernels.normalizer().forward(plain, c.x, none, c.y, c.statistics);
      assertThat(c.variance(0)).isZero();
      TestKernels.assertSameBits(c.y, filled(kernels, shape[0] * shape[1] * shape[2], 0), "y");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aNanSpoilsItsOwnSetOnly(Kernels kernels) {
    for (int[] shape : new int[][] {{1, 2, 50}, {50, 2, 1}}) {
      Case c = new Case(kernels, shape, shape[1], true);
      set(c.x, c.at(7, 1), Double.NaN);
      c.run();
      assertThat(get(c.y, c.at(0, 1))).isNaN();
      assertThat(c.variance(1)).isNaN();
      assertThat(get(c.y, c.at(0, 0))).isFinite();
    }
  }

  /** One array to normalize, with all that comes out. */
  private static final class Case {
    static final double EPSILON = 1e-5;

    final Kernels kernels;
    final int[] shape;
    final int features;
    final Norm norm;
    final Object x;
    final Object dh;
    final Object affine;
    final Object y;
    final Object dx;
    final Object statistics;
    final double[] sums;

    Case(Kernels kernels, int[] shape, int features, boolean centered) {
      this.kernels = kernels;
      this.shape = shape;
      this.features = features;
      int size = shape[0] * shape[1] * shape[2];
      boolean within = features != shape[1] && shape[2] % features == 0; // as of a layer norm
      int inner = features == 1 ? size : within ? 1 : shape[1] * shape[2] / features;
      norm = new Norm(shape[0], shape[1], shape[2], inner, features, centered, EPSILON, false);
      x = random(kernels, size, 8);
      dh = random(kernels, size, 9);
      affine = random(kernels, 2 * features, 10);
      y = filled(kernels, size, Double.NaN);
      dx = filled(kernels, size, Double.NaN);
      statistics = filled(kernels, Kernels.Normalizer.STATISTICS * shape[1], Double.NaN);
      sums = new double[2 * features];
    }

    void run() {
      kernels.normalizer().forward(norm, x, affine, y, statistics);
      kernels.normalizer().pullback(norm, dh, x, affine, statistics, dx, sums);
    }

    /** Compares one set, and adds what its elements give to the sums of the features. */
    void check(int k, double close, double[] expected) {
      double[] moments = moments(k);
      assertThat(get(statistics, 5 * shape[1] + k)).isCloseTo(moments[0], within(close));
      assertThat(variance(k)).isCloseTo(moments[1], within(close * (1 + moments[1])));
      double inverse = 1 / Math.sqrt(moments[1] + EPSILON);
      double[] y = new double[count()];
      double[] q = new double[count()];
      double meanQ = 0;
      double meanQy = 0;
      for (int i = 0; i < count(); i++) {
        int feature = norm.feature(at(i, k));
        double g = get(dh, at(i, k));
        y[i] = (get(x, at(i, k)) - moments[0]) * inverse;
        q[i] = get(affine, feature) * g;
        meanQ += norm.centered() ? q[i] / count() : 0;
        meanQy += q[i] * y[i] / count();
        expected[feature] += g * y[i];
        expected[features + feature] += g;
        double h = get(affine, feature) * y[i] + get(affine, features + feature);
        assertThat(get(this.y, at(i, k))).isCloseTo(h, within(close * (1 + Math.abs(y[i]))));
      }
      for (int i = 0; i < count(); i++) {
        double value = (q[i] - meanQ - y[i] * meanQy) * inverse;
        double scale = inverse * (1 + Math.abs(y[i])) * (1 + Math.abs(q[i]) + Math.abs(meanQy));
        assertThat(get(dx, at(i, k))).isCloseTo(value, within(close * scale));
      }
    }

    double variance(int k) {
      return get(statistics, 6 * shape[1] + k);
    }

    int count() {
      return shape[0] * shape[2];
    }

    /** Returns where the i-th value of a set is. */
    int at(int i, int channel) {
      return norm.at(i / shape[2], channel) + i % shape[2];
    }

    /** Returns mean and variance; zero and the mean square if not centered. */
    double[] moments(int channel) {
      double mean = 0;
      for (int i = 0; norm.centered() && i < count(); i++) {
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
