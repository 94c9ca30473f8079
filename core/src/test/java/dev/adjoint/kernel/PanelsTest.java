package dev.adjoint.kernel;

import static dev.adjoint.kernel.TestKernels.assertSameBits;
import static dev.adjoint.kernel.TestKernels.filled;
import static dev.adjoint.kernel.TestKernels.get;
import static dev.adjoint.kernel.TestKernels.random;
import static dev.adjoint.kernel.TestKernels.set;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Panels against placing the elements one by one. */
class PanelsTest {

  private static final int FROM = 3;
  private static final int[] SIZES = {1, 6, 8, 9, 15, 16, 37, 48};

  @ParameterizedTest
  @MethodSource("dev.adjoint.kernel.TestKernels#all")
  void panelsHoldColumnsOfRowsHoweverTheseLieAndNothingElseIsWritten(Kernels kernels) {
    for (int rows : SIZES) {
      for (int columns : SIZES) {
        for (int width : new int[] {4, 8, 12, 16, 32, 50}) {
          Object x = random(kernels, FROM + (rows + 2) * (columns + 2) * 2, 1);
          assertPacks(kernels, new Matrix(x, FROM, rows, columns, columns + 2, 1), width);
          int last = FROM + (rows - 1) * (columns + 2);
          assertPacks(kernels, new Matrix(x, last, rows, columns, -columns - 2, 1), width);
          assertPacks(kernels, new Matrix(x, FROM, rows, columns, 1, rows + 2), width);
          assertPacks(kernels, new Matrix(x, FROM, rows, columns, 2 * columns, 2), width);
        }
      }
    }
  }

  private static void assertPacks(Kernels kernels, Matrix x, int width) {
    int length = FROM + Math.ceilDiv(x.rows(), width) * width * x.columns() + FROM;
    Object actual = filled(kernels, length, -1);
    Object expected = filled(kernels, length, -1);
    for (int i = 0; i < x.rows(); i++) {
      int panel = i / width * width * x.columns();
      for (int j = 0; j < x.columns(); j++) {
        set(expected, FROM + panel + j * width + i % width, get(x.data(), x.at(i, j)));
      }
    }
    kernels.pack(x, actual, FROM, width);
    assertSameBits(actual, expected, x + " in panels of " + width);
  }
}
