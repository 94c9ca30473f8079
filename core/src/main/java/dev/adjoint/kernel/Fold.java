package dev.adjoint.kernel;

/**
 * Folds {@code f(x, y)} over rows or columns of two matrices of one type; a stride of 0 uses one
 * row again and again.
 *
 * <p>What {@link Kernels.Reduction} is to the engine, a fold is to the row kernels.
 */
public interface Fold {

  /**
   * How many lanes a row is folded by; zeros that fill up the last lanes change no bit of a sum.
   */
  int LANES = 32;

  /** Folds each of {@code rows} rows of n elements to {@code out[outFrom + r]}. */
  void rows(
      Object x,
      int xFrom,
      int xStride,
      Object y,
      int yFrom,
      int yStride,
      int rows,
      int n,
      Object out,
      int outFrom);

  /** Folds each of n columns of {@code rows} elements to {@code out[outFrom + j]}. */
  void columns(
      Object x,
      int xFrom,
      int xStride,
      Object y,
      int yFrom,
      int yStride,
      int rows,
      int n,
      Object out,
      int outFrom);
}
