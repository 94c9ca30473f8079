package dev.adjoint.kernel;

import dev.adjoint.kernel.Norm.Tile;

/**
 * The loops of a normalization over columns that are sets.
 *
 * <p>The numbers of each, as {@link FloatRunLoops} names them, are a column of a table, which is as
 * wide as the rows of the tile are apart. Loops over rows take a tile whose rows have a gain and a
 * bias each, from f on, with the biases after all gains.
 */
public interface FloatColumnLoops {

  /** Adds d and its square to two sums of each column. */
  void moments(float[] x, Tile tile, float[] table, float[] sums);

  /** Computes {@code h = gain y + bias}. */
  void apply(float[] x, Tile tile, float[] table, float[] h);

  /** Computes the same with the gain and bias of each row. */
  void applyRows(float[] x, Tile tile, float[] table, float[] affine, int f, float[] h);

  /** Adds {@code dh d} and {@code dh} to two sums of each column. */
  void sums(float[] dh, float[] x, Tile tile, float[] table, float[] sums);

  /**
   * Adds {@code q d} and {@code q = gain dh} to two sums of each column, and {@code dh y} and
   * {@code dh} to the 16 lanes of two sums of each row, which follow.
   */
  void sumsRows(
      float[] dh,
      float[] x,
      Tile tile,
      float[] table,
      float[] affine,
      int f,
      float[] sums,
      float[] lanes);

  /** Computes dx. */
  void pullback(float[] dh, float[] x, Tile tile, float[] table, float[] dx);

  /** Computes dx with the gain of each row. */
  void pullbackRows(
      float[] dh, float[] x, Tile tile, float[] table, float[] affine, int f, float[] dx);
}
