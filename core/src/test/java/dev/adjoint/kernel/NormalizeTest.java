package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.assertClose;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static dev.adjoint.kernel.TestKernels.isFloat32;
import static dev.adjoint.kernel.TestKernels.random;
import static dev.adjoint.kernel.TestKernels.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
    {1, 17_000, 2},
    {3, 5000, 1}
  };

  /**
   * Shapes (a, channels, b) whose sets lie across channels, with several strips in the last two.
   */
  private static final int[][] ACROSS = {
    {1, 5, 1}, {2, 3, 32}, {3, 6, 49}, {1, 70, 1000}, {2, 260, 300}
  };

  /** Returns a norm of each shape, with a gain and bias a channel. */
  private static List<Norm> norms() {
    Stream<Norm> within = Arrays.stream(SHAPES).map(s -> norm(s, false, s[1], true));
    return Stream.concat(within, Arrays.stream(ACROSS).map(s -> norm(s, true, s[1], true)))
        .toList();
  }

  private static Norm norm(int[] shape, boolean across, int features, boolean centered) {
    int size = shape[0] * shape[1] * shape[2];
    boolean within = !across && features != shape[1] && shape[2] % features == 0; // as layer norm
    int inner = shape[1] * shape[2] / features;
    if (across) {
      inner = features % shape[1] == 0 ? shape[2] : shape[1] * shape[2];
    }
    return new Norm(
        shape[0],
        shape[1],
        shape[2],
        across,
        features == 1 ? size : within ? 1 : inner,
        features,
        centered,
        Case.EPSILON,
        false);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void everyLayoutAgreesWithPlainLoopsInDouble(Kernels kernels) {
    double close = isFloat32(kernels) ? 1e-5 : 1e-11;
    for (boolean centered : new boolean[] {true, false}) {
      for (int[] shape : SHAPES) {
        int b = shape[2];
        for (int features : new int[] {1, shape[1], shape[1] * b, b, Math.ceilDiv(b, 2)}) {
          new Case(kernels, norm(shape, false, features, centered)).check(close);
        }
      }
      for (int[] shape : ACROSS) {
        for (int features : new int[] {1, shape[0], shape[1], shape[0] * shape[1]}) {
          new Case(kernels, norm(shape, true, features, centered)).check(close);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void anyNumberOfThreadsGivesTheSameBits(Kernels kernels) {
    for (Norm norm : norms()) {
      Case one = new Case(kernels, norm);
      Case three = new Case(kernels, norm);
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
    List<Norm> norms = new ArrayList<>(norms());
    for (int[] shape : SHAPES) {
      norms.add(norm(shape, false, shape[1] * shape[2], true));
      norms.add(norm(shape, false, shape[2], true));
    }
    for (Norm norm : norms) {
      Case c = new Case(kernels, norm);
      c.run();
      double[] sums = new double[2 * norm.features()];
      kernels.normalizer().pullback(norm, c.dh, c.x, c.affine, c.statistics, null, sums);
      assertThat(sums).isEqualTo(c.sums);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void varianceIsRightToOnePercentNextToAMillion(Kernels kernels) {
    List<Norm> norms =
        List.of(
            norm(new int[] {1, 2, 1000}, false, 2, true),
            norm(new int[] {1000, 2, 1}, false, 2, true),
            norm(new int[] {100, 2, 10}, false, 2, true),
            norm(new int[] {1, 50, 40}, true, 1, true));
    for (Norm norm : norms) {
      Case c = new Case(kernels, norm);
      SplittableRandom random = new SplittableRandom(3);
      for (int i = 0; i < 2000; i++) {
        set(c.x, i, 1e6 + random.nextGaussian());
      }
      for (int f = 0; f < 2 * norm.features(); f++) {
        set(c.affine, f, f < norm.features() ? 1 : 0);
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
    for (Norm norm : norms()) {
      Case c = new Case(kernels, norm);
      for (int i = 0; i < c.size; i++) {
        set(c.x, i, 1234567.1);
      }
      Norm plain =
          new Norm(norm.a(), norm.channels(), norm.b(), norm.across(), 1 << 20, 1, true, 0, false);
      Object none = filled(kernels, 2, 0);
      set(none, 0, 1);
      kernels.normalizer().forward(plain, c.x, none, c.y, c.statistics);
      assertThat(c.variance(0)).isZero();
      TestKernels.assertSameBits(c.y, filled(kernels, c.size, 0), "y");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aNanSpoilsItsOwnSetOnly(Kernels kernels) {
    List<Norm> norms =
        List.of(
            norm(new int[] {1, 5, 50}, false, 5, true),
            norm(new int[] {1, 5, 50}, false, 10, true),
            norm(new int[] {1, 5, 50}, false, 50, true),
            norm(new int[] {1, 5, 50}, false, 250, true),
            norm(new int[] {50, 4, 1}, false, 4, true),
            norm(new int[] {2, 50, 40}, true, 50, true));
    for (Norm norm : norms) {
      for (int spoiled = 1; spoiled < 4; spoiled++) {
        Case c = new Case(kernels, norm);
        set(c.x, c.at(0, spoiled), Double.NaN); // mostly just behind the set before
        set(c.dh, c.at(0, spoiled), Double.POSITIVE_INFINITY);
        c.run();
        assertThat(get(c.y, c.at(1, spoiled))).isNaN();
        assertThat(c.variance(spoiled)).isNaN();
        for (int i = 0; i < norm.size(); i++) {
          assertThat(get(c.y, c.at(i, spoiled - 1))).isFinite();
          assertThat(get(c.dx, c.at(i, spoiled - 1))).isFinite();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aPowerOfTwoChangesNothingEvenIfSquaresOverflow(Kernels kernels) {
    int exponent = isFloat32(kernels) ? 100 : 600;
    for (Norm norm : norms()) {
      Norm plain =
          new Norm(
              norm.a(),
              norm.channels(),
              norm.b(),
              norm.across(),
              norm.inner(),
              norm.features(),
              true,
              0,
              false);
      Case small = new Case(kernels, plain);
      Case large = new Case(kernels, plain);
      for (int i = 0; i < small.size; i++) {
        set(large.x, i, Math.scalb(get(small.x, i), exponent));
      }
      small.run();
      large.run();
      for (int i = 0; i < small.size; i++) {
        double y = get(small.y, i);
        double dx = get(small.dx, i);
        assertClose(get(large.y, i), y, 1e-3 * (1 + Math.abs(y)));
        assertClose(Math.scalb(get(large.dx, i), exponent), dx, 1e-3 * (1 + Math.abs(dx)));
      }
    }
  }

  @Test
  void noStepGoesBeyondTheLargestArray() {
    int length = Integer.MAX_VALUE - 2;
    Norm.Run run = new Norm.Run(length - 17, 17, 0, 0);
    assertThat(run.fits(run.at(), 16, length)).isFalse();
    assertThat(run.fits(run.at() - 15, 16, length)).isTrue();
  }

  /** What comes from memory goes another way than what is in a cache. */
  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aSetHasTheSameBitsAmongManyAndFew(Kernels kernels) {
    for (int[] shape : new int[][] {{129, 129}, {513, 513}, {129, 1}}) {
      int b = shape[0];
      int many = Math.ceilDiv(1 << 20, b);
      Case large = new Case(kernels, norm(new int[] {1, many, b}, false, shape[1], true));
      large.run();
      for (int first : new int[] {0, many - 4}) {
        Case small = new Case(kernels, norm(new int[] {1, 4, b}, false, shape[1], true));
        copy(large.x, first * b, small.x);
        copy(large.dh, first * b, small.dh);
        small.run();
        Object y = filled(kernels, 4 * b, Double.NaN);
        Object dx = filled(kernels, 4 * b, Double.NaN);
        copy(large.y, first * b, y);
        copy(large.dx, first * b, dx);
        TestKernels.assertSameBits(small.y, y, "y");
        TestKernels.assertSameBits(small.dx, dx, "dx");
      }
    }
  }

  private static void copy(Object from, int at, Object to) {
    System.arraycopy(from, at, to, 0, Array.getLength(to));
  }

  /** One array to normalize, with all that comes out. */
  private static final class Case {
    static final double EPSILON = 1e-5;

    final Kernels kernels;
    final Norm norm;
    final int size;
    final Object x;
    final Object dh;
    final Object affine;
    final Object y;
    final Object dx;
    final Object statistics;
    final double[] sums;

    Case(Kernels kernels, Norm norm) {
      this.kernels = kernels;
      this.norm = norm;
      size = norm.a() * norm.channels() * norm.b();
      int features = norm.features();
      x = random(kernels, size, 8);
      dh = random(kernels, size, 9);
      affine = random(kernels, 2 * features, 10);
      y = filled(kernels, size, Double.NaN);
      dx = filled(kernels, size, Double.NaN);
      statistics = filled(kernels, Kernels.Normalizer.STATISTICS * norm.sets(), Double.NaN);
      sums = new double[2 * features];
    }

    void run() {
      kernels.normalizer().forward(norm, x, affine, y, statistics);
      kernels.normalizer().pullback(norm, dh, x, affine, statistics, dx, sums);
    }

    void check(double close) {
      run();
      double[] expected = new double[sums.length];
      for (int k = 0; k < norm.sets(); k++) {
        check(k, close, expected);
      }
      for (int f = 0; f < sums.length; f++) {
        double most = 5 * close * size / norm.features();
        assertThat(sums[f]).isCloseTo(expected[f], within(most));
      }
    }

    /** Compares one set, and adds what its elements give to the sums of the features. */
    void check(int k, double close, double[] expected) {
      double[] moments = moments(k);
      assertThat(get(statistics, 5 * norm.sets() + k)).isCloseTo(moments[0], within(close));
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
        expected[norm.features() + feature] += g;
        double gain = get(affine, feature);
        double h = gain * y[i] + get(affine, norm.features() + feature);
        double scale = (1 + Math.abs(y[i])) * Math.max(1, Math.abs(gain));
        assertClose(get(this.y, at(i, k)), h, close * scale);
      }
      for (int i = 0; i < count(); i++) {
        double value = (q[i] - meanQ - y[i] * meanQy) * inverse;
        double scale = inverse * (1 + Math.abs(y[i])) * (1 + Math.abs(q[i]) + Math.abs(meanQy));
        assertClose(get(dx, at(i, k)), value, close * scale);
      }
    }

    double variance(int k) {
      return get(statistics, 6 * norm.sets() + k);
    }

    int count() {
      return (int) norm.size();
    }

    /** Returns where the i-th value of a set is. */
    int at(int i, int set) {
      return norm.at(i / norm.length(), set) + i % norm.length();
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
