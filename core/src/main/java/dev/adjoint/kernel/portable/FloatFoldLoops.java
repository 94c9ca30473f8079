package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Fold;

/** The loops over vectors that a {@link FloatFold} may use. */
public interface FloatFoldLoops {

  /** How many lanes a row is folded by. */
  int LANES = Fold.LANES;

  /** Folds a multiple of 32 elements by lanes, and these by twos to 16 lanes. */
  void lanes(float[] x, int xFrom, float[] y, int yFrom, int n, float[] lanes);

  /**
   * Folds columns of up to 256 elements, whose rows are {@code stride} apart, to what is in out.
   *
   * @return how many of the n columns: those that fill vectors
   */
  int chunk(float[] x, int from, int stride, int rows, int n, float[] out, int outFrom);
}
