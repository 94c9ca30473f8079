package dev.adjoint.kernel;

import static dev.adjoint.kernel.AllocationTest.assertAllocatesLessThan;
import static dev.adjoint.kernel.Matrix.packed;
import static dev.adjoint.kernel.TestKernels.assertSameBits;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static dev.adjoint.kernel.TestKernels.isFloat32;
import static dev.adjoint.kernel.TestKernels.random;
import static dev.adjoint.kernel.TestKernels.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The matrix product against three loops: the same bits in any way that it is computed. */
class MatMulTest {

  private static final int[] SIZES = {0, 1, 2, 3, 4, 5, 8, 13, 16, 17, 31, 32, 33, 65, 100};

  /** Large enough for packed panels, several blocks of k, and edges everywhere. */
  private static final int[][] LARGE = {
    {130, 261, 300},
    {257, 70, 520},
    {9, 1100, 40},
    {1100, 40, 17},
    {40, 520, 60},
    {6, 300, 1030},
    {1, 129, 70},
    {1, 300, 1030}
  };

  /** A product, laid out in arrays with gaps: strides are not what sizes suggest. */
  private record Product(
      Kernels kernels, int m, int n, int k, boolean aTransposed, boolean bTransposed) {

    private static final int FROM = 3;

    int aRowStride() {
      return aTransposed ? 1 : k + 2;
    }

    int aColumnStride() {
      return aTransposed ? m + 1 : 1;
    }

    int bRowStride() {
      return bTransposed ? 1 : n + 3;
    }

    int bColumnStride() {
      return bTransposed ? k + 4 : 1;
    }

    int cRowStride() {
      return n + 2;
    }

    Object a() {
      return random(kernels, FROM + (m + 2) * (k + 2), 1);
    }

    Object b() {
      return random(kernels, FROM + (n + 4) * (k + 4), 2);
    }

    Object c() {
      return random(kernels, FROM + m * cRowStride(), 3);
    }

    Object multiply(boolean accumulate) {
      Object c = c();
      MatMul.multiply(
          kernels,
          new Matrix(a(), FROM, m, k, aRowStride(), aColumnStride()),
          new Matrix(b(), FROM, k, n, bRowStride(), bColumnStride()),
          new Matrix(c, FROM, m, n, cRowStride(), 1),
          accumulate);
      return c;
    }

    /** Returns what one chain of fused multiply-adds for each block of 512 products gives. */
    Object expected(boolean accumulate) {
      double[] rows = lines(a(), m, aRowStride(), aColumnStride());
      double[] columns = lines(b(), n, bColumnStride(), bRowStride());
      boolean single = isFloat32(kernels);
      Object c = c();
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          int at = FROM + i * cRowStride() + j;
          double start = accumulate ? get(c, at) : 0;
          set(
              c,
              at,
              single
                  ? blocksOfFloats(rows, i * k, columns, j * k, k, (float) start)
                  : blocks(rows, i * k, columns, j * k, k, start));
        }
      }
      return c;
    }

    /** Returns lines of k elements, one after another. */
    private double[] lines(Object x, int count, int stride, int step) {
      double[] lines = new double[count * k];
      for (int i = 0; i < lines.length; i++) {
        lines[i] = get(x, FROM + i / k * stride + i % k * step);
      }
      return lines;
    }

    private static double blocks(double[] x, int p, double[] y, int q, int k, double start) {
      double sum = start;
      for (int block = 0; block < k; block += 512) {
        double chain = 0;
        for (int l = block; l < Math.min(k, block + 512); l++) {
          chain = Math.fma(x[p + l], y[q + l], chain);
        }
        sum += chain;
      }
      return sum;
    }

    private static float blocksOfFloats(double[] x, int p, double[] y, int q, int k, float start) {
      float sum = start;
      for (int block = 0; block < k; block += 512) {
        float chain = 0;
        for (int l = block; l < Math.min(k, block + 512); l++) {
          chain = Math.fma((float) x[p + l], (float) y[q + l], chain);
        }
        sum += chain;
      }
      return sum;
    }

    void check(boolean accumulate) {
      String what = this + (accumulate ? " added" : "");
      assertSameBits(multiply(accumulate), expected(accumulate), what);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void everyElementOfASmallProductIsAChain(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 1500; i++) {
      int m = SIZES[random.nextInt(SIZES.length)];
      int n = SIZES[random.nextInt(SIZES.length)];
      int k = SIZES[random.nextInt(SIZES.length)];
      if (m * n * k < 40_000) {
        new Product(kernels, m, n, k, random.nextBoolean(), random.nextBoolean())
            .check(random.nextBoolean());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void everyElementOfALargeProductIsASumOfBlocksOnAnyNumberOfThreads(Kernels kernels) {
    for (int[] s : LARGE) {
      for (int layout = 0; layout < 4; layout++) {
        Product product =
            new Product(kernels, s[0], s[1], s[2], (layout & 1) != 0, (layout & 2) != 0);
        Object expected = product.expected(true);
        for (int threads : new int[] {1, 4}) {
          Parallel.withThreads(
              threads, () -> assertSameBits(product.multiply(true), expected, product.toString()));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aMatrixTimesAVectorIsSumsOfBlocksOnAnyNumberOfThreads(Kernels kernels) {
    for (int[] s :
        new int[][] {{1, 777, 300}, {777, 1, 300}, {1, 5, 600}, {5, 1, 600}, {1, 1, 4700}}) {
      for (int layout = 0; layout < 4; layout++) {
        Product product =
            new Product(kernels, s[0], s[1], s[2], (layout & 1) != 0, (layout & 2) != 0);
        Parallel.withThreads(1, () -> product.check(false));
        Parallel.withThreads(4, () -> product.check(true));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aProductIsCloseToTheSumsInDoublePrecision(Kernels kernels) {
    Product product = new Product(kernels, 37, 41, 300, false, true);
    Object c = product.multiply(false);
    Object a = product.a();
    Object b = product.b();
    double epsilon = isFloat32(kernels) ? Math.ulp(1f) : Math.ulp(1.0);
    for (int i = 0; i < product.m; i++) {
      for (int j = 0; j < product.n; j++) {
        double sum = 0;
        double magnitude = 0;
        for (int l = 0; l < product.k; l++) {
          double x = get(a, Product.FROM + i * product.aRowStride() + l);
          double y = get(b, Product.FROM + l + j * product.bColumnStride());
          sum += x * y;
          magnitude += Math.abs(x * y);
        }
        assertThat(get(c, Product.FROM + i * product.cRowStride() + j))
            .isCloseTo(sum, within(300 * epsilon * magnitude));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aDotProductIsCloseToTheSumAndTheSameInEachProvider(Kernels kernels) {
    for (int k : new int[] {1, 7, 8, 9, 100, 1003}) {
      for (int step : new int[] {1, 3}) {
        Object a = random(kernels, k * step, 1);
        Object b = random(kernels, k * step, 2);
        double sum = 5;
        for (int l = 0; l < k; l++) {
          sum += get(a, l * step) * get(b, l * step);
        }
        Object c = dot(kernels, k, step, a, b);
        double tolerance = (isFloat32(kernels) ? 1e-3 : 1e-11);
        assertThat(get(c, 0)).isCloseTo(sum, within(tolerance));
        assertSameBits(c, dot(TestKernels.portableTwin(kernels), k, step, a, b), "k = " + k);
      }
    }
  }

  private static Object dot(Kernels kernels, int k, int step, Object a, Object b) {
    Object c = filled(kernels, 1, 5);
    Matrix row = new Matrix(a, 0, 1, k, 9, step);
    Matrix column = new Matrix(b, 0, k, 1, step, 9);
    MatMul.multiply(kernels, row, column, new Matrix(c, 0, 1, 1, 1, 1), true);
    return c;
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aSumOfAMillionTermsLosesLittle(Kernels kernels) {
    int k = 1_000_000;
    double term = isFloat32(kernels) ? 0.1f : 0.1;
    for (int[] s : new int[][] {{1, 1}, {3, 1}, {1, 3}, {2, 2}}) {
      int m = s[0];
      int n = s[1];
      Object a = filled(kernels, m * k, term);
      Object b = filled(kernels, k * n, 1);
      Object c = filled(kernels, m * n, Double.NaN);
      MatMul.multiply(kernels, packed(a, 0, m, k), packed(b, 0, k, n), packed(c, 0, m, n), false);
      for (int i = 0; i < m * n; i++) {
        assertThat(get(c, i)).isCloseTo(k * term, withinPercentage(2e-3));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void aBatchIsItsProductsOneByOne(Kernels kernels) {
    int[][] cases = {{300, 2, 3, 4}, {3, 65, 40, 33}, {40, 1, 1, 3}, {7, 16, 16, 16}, {0, 2, 2, 2}};
    for (int[] s : cases) {
      int batch = s[0];
      int m = s[1];
      int n = s[2];
      int k = s[3];
      Object a = random(kernels, batch * m * k, 1);
      Object b = random(kernels, k * n, 2);
      Object expected = filled(kernels, batch * m * n, Double.NaN);
      int[] backwards = new int[batch];
      int[] places = new int[batch];
      for (int t = 0; t < batch; t++) {
        backwards[t] = (batch - 1 - t) * m * k;
        places[t] = t * m * n;
        Matrix one = packed(expected, places[t], m, n);
        MatMul.multiply(kernels, packed(a, backwards[t], m, k), packed(b, 0, k, n), one, false);
      }
      Matrices left = new Matrices(a, backwards, m, k, k, 1);
      Matrices right = new Matrices(b, new int[batch], k, n, n, 1); // the same for all
      for (int threads : new int[] {1, 4}) {
        Object c = filled(kernels, batch * m * n, Double.NaN);
        Matrices products = new Matrices(c, places, m, n, n, 1);
        Parallel.withThreads(
            threads, () -> MatMul.multiplyBatch(kernels, left, right, products, false));
        assertSameBits(c, expected, batch + " products");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void theFirstCallGivesTheSameBitsAsTheTwentyThousandth(Kernels kernels) {
    Product product = new Product(kernels, 13, 21, 18, false, true);
    Object expected = product.expected(true);
    for (int call = 0; call < 20_000; call++) {
      Object c = product.multiply(true);
      if (call == 0 || call > 19_990) {
        assertSameBits(c, expected, "call " + call);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void compiledProductsKeepTheirVectorsInRegisters(Kernels kernels) {
    for (int[] s : new int[][] {{32, 16, 2}, {13, 40, 16}, {64, 64, 64}, {1, 100, 9}}) {
      int m = s[0];
      int n = s[1];
      int k = s[2];
      Object a = filled(kernels, m * k, 1);
      Object b = filled(kernels, k * n, 1);
      Object c = filled(kernels, m * n, 1);
      Matrix x = packed(a, 0, m, k);
      Matrix y = packed(b, 0, k, n);
      Matrix columns = packed(a, 0, k, m).transpose();
      Matrix rows = packed(b, 0, n, k).transpose();
      Matrix out = packed(c, 0, m, n);
      assertAllocatesLessThan(
          600,
          m + " x " + n + " x " + k,
          () -> {
            MatMul.multiply(kernels, x, y, out, false);
            MatMul.multiply(kernels, columns, rows, out, true);
          });
    }
  }

  @Test
  void scratchBuffersAreReused() {
    Kernels kernels = KernelProvider.float32();
    Object a = random(kernels, 300 * 300, 1);
    Matrix x = packed(a, 0, 300, 300);
    Matrix out = packed(filled(kernels, 300 * 300, 0), 0, 300, 300);
    assertAllocatesLessThan(
        20_000, "300 x 300 x 300", () -> MatMul.multiply(kernels, x, x, out, false));
  }
}
