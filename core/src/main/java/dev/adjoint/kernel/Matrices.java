package dev.adjoint.kernel;

/**
 * Matrices of one layout in an array: a batch of them.
 *
 * @param starts where the first element of each lies
 */
public record Matrices(
    Object data, int[] starts, int rows, int columns, int rowStride, int columnStride) {

  /** Returns one of the matrices. */
  public Matrix get(int index) {
    return new Matrix(data, starts[index], rows, columns, rowStride, columnStride);
  }

  /** Returns the matrices with rows and columns exchanged. */
  public Matrices transpose() {
    return new Matrices(data, starts, columns, rows, columnStride, rowStride);
  }
}
