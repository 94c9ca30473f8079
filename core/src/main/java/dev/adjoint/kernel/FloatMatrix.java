package dev.adjoint.kernel;

import java.lang.ref.Reference;
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

  /**
   * Reads a block row by row, one element of each cache line: who then reads it in narrow strips
   * finds it in the cache, where reading it so at first would wait for memory line by line.
   */
  void fetch(int row, int rows, int column, int columns) {
    int any = 0;
    try {
      for (int i = row; i < row + rows; i++) {
        int end = at(i, column + columns);
        for (int p = at(i, column); p < end; p += 16) {
          any |= data[p] == 0f ? 1 : 2;
        }
      }
    } finally {
      Reference.reachabilityFence(any); // or the compiler leaves the reading out
    }
  }
}
