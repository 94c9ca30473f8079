package dev.adjoint.kernel;

/**
 * A matrix anywhere in an array: element (i, j) is {@code data[from + i * rowStride + j *
 * columnStride]}.
 *
 * @param data {@code float[]} or {@code double[]}
 */
public record Matrix(
    Object data, int from, int rows, int columns, int rowStride, int columnStride) {

  /** Returns a matrix whose elements lie one after another, row by row. */
  public static Matrix packed(Object data, int from, int rows, int columns) {
    return new Matrix(data, from, rows, columns, columns, 1);
  }

  /** Returns where an element lies in the array. */
  public int at(int i, int j) {
    return from + i * rowStride + j * columnStride;
  }

  /** Returns the matrix with rows and columns exchanged. */
  public Matrix transpose() {
    return new Matrix(data, from, columns, rows, columnStride, rowStride);
  }

  /** Returns some rows and columns from element (i, j) on. */
  public Matrix block(int i, int j, int rows, int columns) {
    return new Matrix(data, at(i, j), rows, columns, rowStride, columnStride);
  }
}
