package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.SIZES;
import static dev.adjoint.kernel.TestKernels.assertSameBits;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.portableTwin;
import static dev.adjoint.kernel.TestKernels.random;
import static dev.adjoint.kernel.TestKernels.randomWithSpecials;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Vector kernels give the bits of portable ones, whatever the size, the offset and the state of the
 * JIT.
 */
class SameBitsTest {

  private static final int STEP = 4999; // as of FunctionAccuracyTest

  @ParameterizedTest
  @EnabledIf("dev.adjoint.kernel.KernelProvider#isVectorAvailable")
  @MethodSource("dev.adjoint.kernel.TestKernels#vector")
  void elementwiseLoopsAgreeAtEverySizeOffsetAndStep(Kernels kernels) {
    Kernels portable = portableTwin(kernels);
    Object x = randomWithSpecials(kernels, 4200, 1);
    Object y = randomWithSpecials(kernels, 4200, 2);
    Object z = randomWithSpecials(kernels, 4200, 3);
    for (int n : SIZES) {
      for (int from = 0; from <= 3; from += 3) {
        for (String function : TestKernels.UNARY) {
          Object[] outs = {filled(kernels, n + 9, 5), filled(kernels, n + 9, 5)};
          kernels.loop(function, 1).run(x, from, outs[0], 5, n);
          portable.loop(function, 1).run(x, from, outs[1], 5, n);
          assertSameBits(outs[0], outs[1], function + " of " + n);
        }
        for (int steps = 0; steps < 4; steps++) {
          for (String function : TestKernels.BINARY) {
            Object[] outs = {filled(kernels, n + 9, 5), filled(kernels, n + 9, 5)};
            kernels
                .loop(function, 2)
                .run(x, from, steps & 1, y, 2 * from, steps >> 1, outs[0], from, n);
            portable
                .loop(function, 2)
                .run(x, from, steps & 1, y, 2 * from, steps >> 1, outs[1], from, n);
            assertSameBits(outs[0], outs[1], function + " of " + n + ", steps " + steps);
          }
        }
        for (int steps = 0; steps < 8; steps++) {
          int xStep = steps & 1;
          int yStep = steps >> 1 & 1;
          int zStep = steps >> 2;
          for (String function : TestKernels.TERNARY) {
            Object[] outs = {filled(kernels, n + 9, 5), filled(kernels, n + 9, 5)};
            kernels
                .loop(function, 3)
                .run(x, from, xStep, y, 2, yStep, z, from, zStep, outs[0], from, n);
            portable
                .loop(function, 3)
                .run(x, from, xStep, y, 2, yStep, z, from, zStep, outs[1], from, n);
            assertSameBits(outs[0], outs[1], function + " of " + n + ", steps " + steps);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnabledIf("dev.adjoint.kernel.KernelProvider#isVectorAvailable")
  @MethodSource("dev.adjoint.kernel.TestKernels#vector")
  void elementwiseLoopsMayWriteWhereTheyRead(Kernels kernels) {
    Object x = random(kernels, 77, 4);
    Object expected = TestKernels.apply(kernels, "tanh", x);
    kernels.loop("tanh", 1).run(x, 0, x, 0, 77);
    assertSameBits(x, expected, "tanh in place");
  }

  @ParameterizedTest
  @EnabledIf("dev.adjoint.kernel.KernelProvider#isVectorAvailable")
  @MethodSource("dev.adjoint.kernel.TestKernels#vector")
  void functionsAgreeOverAllFloatsInSteps(Kernels kernels) {
    if (!TestKernels.isFloat32(kernels)) {
      return; // few double functions have a vector form of their own
    }
    Kernels portable = portableTwin(kernels);
    float[] x = new float[1 << 16];
    float[] fast = new float[x.length];
    float[] slow = new float[x.length];
    for (String function : TestKernels.UNARY) {
      if (function.equals("sin") || function.equals("cos")) {
        continue; // the same loop
      }
      long bits = Integer.MIN_VALUE;
      while (bits <= Integer.MAX_VALUE) {
        for (int i = 0; i < x.length; i++, bits += STEP) {
          x[i] = Float.intBitsToFloat((int) Math.min(bits, Integer.MAX_VALUE));
        }
        kernels.loop(function, 1).run(x, 0, fast, 0, x.length);
        portable.loop(function, 1).run(x, 0, slow, 0, x.length);
        assertThat(Arrays.equals(fast, slow)).as(function).isTrue();
      }
    }
    float[] y = (float[]) random(kernels, x.length, 9);
    for (int i = 0; i < y.length; i++) {
      y[i] = i % 64 < 32 ? i % 4 : y[i]; // squares and cubes among others
    }
    kernels.loop("pow", 2).run(x, 0, 1, y, 0, 1, fast, 0, x.length);
    portable.loop("pow", 2).run(x, 0, 1, y, 0, 1, slow, 0, x.length);
    assertThat(Arrays.equals(fast, slow)).as("pow").isTrue();
  }

  @ParameterizedTest
  @EnabledIf("dev.adjoint.kernel.KernelProvider#isVectorAvailable")
  @MethodSource("dev.adjoint.kernel.TestKernels#vector")
  void reductionsAgreeAtEverySize(Kernels kernels) {
    Kernels portable = portableTwin(kernels);
    Object x = random(kernels, 20_000, 5);
    for (String name : new String[] {"sum", "max", "min"}) {
      for (int n : SIZES) {
        int rows = Math.max(1, Math.min(300, 19_000 / Math.max(1, n)));
        Object[] outs = {filled(kernels, rows, 5), filled(kernels, rows, 5)};
        kernels.reduction(name).rows(x, 3, rows, n, outs[0], 0);
        portable.reduction(name).rows(x, 3, rows, n, outs[1], 0);
        assertSameBits(outs[0], outs[1], name + " of rows of " + n);
        for (int height : new int[] {0, 1, 3, 4, 7, 255, 256, 257, 299}) {
          if (height <= rows) {
            Object[] columns = {filled(kernels, n, 5), filled(kernels, n, 5)};
            kernels.reduction(name).columns(x, 3, height, n, n, columns[0], 0);
            portable.reduction(name).columns(x, 3, height, n, n, columns[1], 0);
            assertSameBits(columns[0], columns[1], name + " of " + height + " rows of columns");
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnabledIf("dev.adjoint.kernel.KernelProvider#isVectorAvailable")
  @MethodSource("dev.adjoint.kernel.TestKernels#vector")
  void rowKernelsAgreeAtEverySize(Kernels kernels) {
    for (int n : SIZES) {
      Object portable = new RowKernels(portableTwin(kernels), n).run();
      assertSameBits(new RowKernels(kernels, n).run(), portable, "rows of " + n);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void theFirstCallGivesTheBitsOfTheTwentyThousandth(Kernels kernels) {
    KernelProvider.Pair fresh =
        kernels.name().startsWith("vector")
            ? KernelProvider.patientKernels()
            : KernelProvider.portableKernels();
    Kernels cold = TestKernels.isFloat32(kernels) ? fresh.float32() : fresh.float64();
    Object first = new RowKernels(cold, 45).run();
    RowKernels again = new RowKernels(cold, 45);
    for (int i = 0; i < 20_000; i++) {
      again.run();
    }
    assertSameBits(again.run(), first, "20,000 calls later");
  }

  /** All row kernels, and what they are made of, on arrays that are made once. */
  private static final class RowKernels {
    private static final int ROWS = 3;

    private final Kernels kernels;
    private final int n;
    private final int size;
    private final Object x;
    private final Object g;
    private final Object columnAffine;
    private final Object rowAffine;
    private final Object out;
    private final Object y;
    private final Object dx;
    private final Object statistics;

    RowKernels(Kernels kernels, int n) {
      this.kernels = kernels;
      this.n = n;
      size = ROWS * n;
      x = random(kernels, size, 6);
      if (n > 0) {
        TestKernels.set(x, 0, 20); // a row with one certain value
      }
      g = random(kernels, size, 7);
      columnAffine = random(kernels, 2 * n, 8);
      rowAffine = random(kernels, 2 * ROWS, 9);
      out = filled(kernels, 9 * size + 40, 0);
      y = filled(kernels, size, 0);
      dx = filled(kernels, size, 0);
      statistics = filled(kernels, Kernels.Normalizer.STATISTICS * Math.max(n, ROWS), 0);
    }

    /** Returns all results, one after another. */
    Object run() {
      kernels.rows().softmax(x, 0, ROWS, n, out, 0);
      kernels.rows().softmaxPullback(g, 0, out, 0, ROWS, n, out, size);
      kernels.rows().logSoftmax(x, 0, ROWS, n, out, 2 * size);
      kernels.rows().logSoftmaxPullback(g, 0, out, 2 * size, ROWS, n, out, 3 * size);
      kernels.rows().logSumExp(x, 0, ROWS, n, out, 9 * size, out, 9 * size + ROWS);
      kernels.loop("gelu", 1).run(x, 0, out, 4 * size, size);
      normalize(new Norm(ROWS, n, 1, false, 1, n, true, 1e-5, false), 5);
      normalize(new Norm(1, ROWS, n, false, 1, n, true, 1e-5, false), 6);
      if (n > 0) {
        normalize(new Norm(1, ROWS, n, true, n, ROWS, true, 1e-5, false), 7);
        normalize(new Norm(1, ROWS, n, false, n, ROWS, true, 1e-5, false), 8);
      }
      return out;
    }

    private void normalize(Norm norm, int slot) {
      int features = norm.features();
      double[] sums = new double[2 * features];
      Object affine = features == n ? columnAffine : rowAffine;
      kernels.normalizer().forward(norm, x, affine, y, statistics);
      kernels.normalizer().pullback(norm, g, x, affine, statistics, dx, sums);
      for (int i = 0; i < size && n > 0; i++) {
        TestKernels.set(dx, i, TestKernels.get(dx, i) + sums[i % (2 * features)]);
      }
      kernels.loop("plus", 2).run(y, 0, 1, dx, 0, 1, out, slot * size, size);
      int sets = norm.sets();
      int at = 9 * size + 2 * slot;
      kernels.reduction("sum").rows(statistics, 5 * sets, 1, sets, out, at);
      kernels.reduction("max").rows(statistics, 6 * sets, 1, sets, out, at + 1);
    }
  }
}
