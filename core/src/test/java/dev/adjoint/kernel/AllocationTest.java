package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.random;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.AllocatedBytes;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Guards against vectors on the heap, where they make a loop a hundred times slower: no clock
 * needed.
 */
class AllocationTest {

  private static final int N = 1029; // with a tail

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void compiledLoopsAllocateNothing(Kernels kernels) {
    Object x = random(kernels, N, 1);
    Object y = random(kernels, N, 2);
    Object out = filled(kernels, N, 0);
    for (String function :
        new String[] {"exp", "log1p", "tanh", "gelu", "geluSlope", "erf", "softplus", "floor"}) {
      Loop loop = kernels.loop(function, 1);
      assertAllocatesLessThan(16, function, () -> loop.run(x, 0, out, 0, N));
    }
    for (String function : new String[] {"plus", "elu", "tanhPullback"}) {
      Loop loop = kernels.loop(function, 2);
      assertAllocatesLessThan(16, function, () -> loop.run(x, 0, 1, y, 0, 1, out, 0, N));
      assertAllocatesLessThan(16, function, () -> loop.run(x, 0, 1, y, 0, 0, out, 0, 13));
    }
    Loop where = kernels.loop("where", 3);
    assertAllocatesLessThan(16, "where", () -> where.run(x, 0, 1, y, 0, 0, x, 0, 1, out, 0, N));
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void compiledRowKernelsAllocateNoMoreThanScratch(Kernels kernels) {
    int n = 147;
    int rows = 7;
    Object x = random(kernels, N, 1);
    Object y = random(kernels, N, 2);
    Object out = filled(kernels, N, 0);
    Object statistics = filled(kernels, N, 0);
    for (String name : new String[] {"sum", "max"}) {
      Kernels.Reduction reduction = kernels.reduction(name);
      assertAllocatesLessThan(200, name + " of rows", () -> reduction.rows(x, 0, rows, n, out, 0));
      assertAllocatesLessThan(
          16, name + " of columns", () -> reduction.columns(x, 0, rows, n, n, out, 0));
    }
    assertAllocatesLessThan(2000, "softmax", () -> kernels.rows().softmax(x, 0, rows, n, out, 0));
    assertAllocatesLessThan(
        2000, "logSoftmax", () -> kernels.rows().logSoftmax(x, 0, rows, n, out, 0));
    assertAllocatesLessThan(
        2000, "softmaxPullback", () -> kernels.rows().softmaxPullback(x, 0, y, 0, rows, n, out, 0));
    Norm norm = new Norm(1, rows, n, false, 1, n, true, 1, false);
    double[] sums = new double[2 * n];
    assertAllocatesLessThan(
        7 * 1000, "normalize", () -> kernels.normalizer().forward(norm, x, y, out, statistics));
    assertAllocatesLessThan(
        7 * 1000,
        "normalizePullback",
        () -> kernels.normalizer().pullback(norm, x, y, y, statistics, out, sums));
  }

  static void assertAllocatesLessThan(long bytes, String what, Runnable kernel) {
    int calls = 500;
    Runnable repeated =
        () -> {
          for (int i = 0; i < calls; i++) {
            kernel.run();
          }
        };
    assertThat(AllocatedBytes.ofCompiled(repeated, calls * bytes) / calls)
        .as("bytes for each call of " + what)
        .isLessThan(bytes);
  }
}
