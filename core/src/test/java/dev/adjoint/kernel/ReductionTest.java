package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.array;
import static dev.adjoint.kernel.TestKernels.assertSameBits;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static dev.adjoint.kernel.TestKernels.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ReductionTest {

  private static final int MANY = 10_000_000;

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void tenMillionOnesSumExactlyAlongARowAndDownColumns(Kernels kernels) {
    Object x = filled(kernels, MANY, 1);
    Object out = filled(kernels, 20, 0);
    kernels.reduction("sum").rows(x, 0, 1, MANY, out, 0);
    assertThat(get(out, 0)).isEqualTo(MANY);
    kernels.reduction("sum").columns(x, 0, MANY / 20, 20, 20, out, 0);
    assertThat(get(out, 19)).isEqualTo(MANY / 20);
    kernels.reduction("sum").columns(x, 0, MANY, 1, 1, out, 0);
    assertThat(get(out, 0)).isEqualTo(MANY);
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void tenMillionUniformNumbersSumToWithinAMillionth(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(1);
    Object x = filled(kernels, MANY, 0);
    double expected = 0;
    for (int i = 0; i < MANY; i++) {
      set(x, i, random.nextFloat());
      expected += get(x, i);
    }
    Object out = filled(kernels, 1, 0);
    kernels.reduction("sum").rows(x, 0, 1, MANY, out, 0);
    assertThat(get(out, 0) / expected).isCloseTo(1, within(1e-6));
    kernels.reduction("sum").columns(x, 0, MANY, 1, 1, out, 0);
    assertThat(get(out, 0) / expected).isCloseTo(1, within(1e-6));
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void rowsAndColumnsOfEverySizeReduceToWhatAPlainLoopGives(Kernels kernels) {
    for (int n : TestKernels.SIZES) {
      int rows = 7;
      Object x = TestKernels.random(kernels, rows * n + 2, n);
      for (String name : new String[] {"sum", "max", "min"}) {
        Object out = filled(kernels, rows, Double.NaN);
        kernels.reduction(name).rows(x, 2, rows, n, out, 0);
        for (int r = 0; r < rows; r++) {
          assertFolded(name, x, 2 + r * n, 1, n, get(out, r));
        }
        Object columns = filled(kernels, n, Double.NaN);
        kernels.reduction(name).columns(x, 2, rows, n, n, columns, 0);
        for (int j = 0; j < n; j++) {
          assertFolded(name, x, 2 + j, n, rows, get(columns, j));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void columnsOfAWiderMatrixLeaveTheOthersAlone(Kernels kernels) {
    Object x = array(kernels, 1, 2, 9, 3, 4, 9, 5, 6, 9);
    Object out = filled(kernels, 3, -1);
    kernels.reduction("sum").columns(x, 0, 3, 3, 2, out, 0);
    TestKernels.assertSameBits(out, array(kernels, 9, 12, -1), "columns");
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void oneNanAnywhereMakesEveryReductionNan(Kernels kernels) {
    for (int n : new int[] {1, 5, 32, 47, 5000}) {
      for (int at : new int[] {0, n / 2, n - 1}) {
        Object x = filled(kernels, n, 1);
        set(x, at, Double.NaN);
        for (String name : new String[] {"sum", "max", "min"}) {
          Object out = filled(kernels, 1, 0);
          kernels.reduction(name).rows(x, 0, 1, n, out, 0);
          assertThat(get(out, 0)).as("%s of %d, NaN at %d", name, n, at).isNaN();
          kernels.reduction(name).columns(x, 0, n, 1, 1, out, 0);
          assertThat(get(out, 0)).as("%s of %d, NaN at %d", name, n, at).isNaN();
        }
      }
    }
  }

  /** Whatever threads and strips a tensor's columns are dealt out to. */
  @ParameterizedTest
  @EnumSource(DType.class)
  void columnsOfATensorHaveTheBitsOfOneCall(DType dtype) {
    int rows = 600; // three chunks, of two strips
    int n = 1100;
    Tensor x = Generator.seeded(1).normal(0, 1, Shape.of(2, rows, n), dtype);
    Tensor one = Parallel.withThreads(1, () -> x.sum(1));
    Tensor three = Parallel.withThreads(3, () -> x.sum(1));
    boolean isFloat = dtype == DType.FLOAT32;
    Kernels kernels = isFloat ? KernelProvider.float32() : KernelProvider.float64();
    Object in = isFloat ? x.toFloatArray() : x.toDoubleArray();
    Object out = filled(kernels, 2 * n, Double.NaN);
    for (int block = 0; block < 2; block++) {
      kernels.reduction("sum").columns(in, block * rows * n, rows, n, n, out, block * n);
    }
    for (Tensor sum : List.of(one, three)) {
      assertSameBits(isFloat ? sum.toFloatArray() : sum.toDoubleArray(), out, "sum");
    }
  }

  private static void assertFolded(
      String name, Object x, int from, int stride, int n, double actual) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = get(x, from + i * stride);
    }
    double magnitude = Arrays.stream(values).map(Math::abs).sum();
    switch (name) {
      case "sum" ->
          assertThat(actual).isCloseTo(Arrays.stream(values).sum(), within(1e-6 * magnitude));
      case "max" ->
          assertThat(actual)
              .isEqualTo(Arrays.stream(values).max().orElse(Double.NEGATIVE_INFINITY));
      default ->
          assertThat(actual)
              .isEqualTo(Arrays.stream(values).min().orElse(Double.POSITIVE_INFINITY));
    }
  }
}
