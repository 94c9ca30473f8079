package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * A matrix anywhere in an array: element (i, j) is {@code data[from + i * rowStride + j * step]}.
 */
record FloatMatrix(float[] data, int from, int rowStride, int step) {

  int at(int i, int j) {
    return from + i * rowStride + j * step;
  }

  FloatMatrix transpose() {
    return new FloatMatrix(data, from, step, rowStride);
  }

  /** Sets the first rows and columns to zero; columns are contiguous. */
  void clear(int rows, int columns) {
    if (rowStride == columns) {
      Arrays.fill(data, from, from + rows * columns, 0f);
      return;
    }
    for (int i = 0; i < rows; i++) {
      Arrays.fill(data, at(i, 0), at(i, columns), 0f);
    }
  }
}
