package dev.adjoint.kernel;

/**
 * Folds {@code f(x, y)} over rows of two arrays of one type. As a reduction it folds {@code f(x,
 * x)} over rows, and columns as they are.
 */
public interface Fold extends Kernels.Reduction {

  /** By how many lanes a row is folded; zeros that fill up the last change no bit of a sum. */
  int LANES = 32;

  /** Folds each of {@code rows} rows of n elements to {@code out[outFrom + r]}. */
  void rows(Object x, int xFrom, Object y, int yFrom, int rows, int n, Object out, int outFrom);

  @Override
  default void rows(Object x, int from, int rows, int n, Object out, int outFrom) {
    rows(x, from, x, from, rows, n, out, outFrom);
  }
}
