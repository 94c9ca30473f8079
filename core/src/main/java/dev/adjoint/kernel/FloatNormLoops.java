package dev.adjoint.kernel;

import dev.adjoint.kernel.Norm.Tile;

/**
 * The loops of a normalization.
 *
 * <p>The numbers of a set are {@code scale, offset, inverse, shift}, with {@code d = x scale +
 * offset} and {@code y = d inverse + shift}; then gain and bias or, on the way back, gain and two
 * numbers {@code slope, mean} with {@code dx = (gain dh + d slope + mean) inverse scale}.
 *
 * <p>The first loops go over a tile whose columns have numbers in common: the columns of a table of
 * the tile's width. Such columns are sets that lie side by side; or the lanes of one set, whose
 * elements follow one another: element i belongs to lane {@code i mod 16}, in a table where each
 * number is repeated 16 times. The others take a row of one set, whose elements have gains and
 * biases of their own; its numbers start at k. Or two rows, so that gains are read, and sums of
 * features added to, once for both; the numbers of the second follow. The last ones take a tile
 * whose columns are sets with numbers in a table, and whose rows have a gain and a bias each, from
 * f on.
 */
public interface FloatNormLoops {

  /** How many lanes a set has. */
  int LANES = 16;

  /** How many numbers a set has. */
  int NUMBERS = 7;

  /** Makes a table for lanes of the numbers that start at k. */
  void repeatNumbers(float[] numbers, int k, float[] table);

  /** Adds d and its square to the sums of each column. */
  void moments(float[] x, Tile tile, float[] table, float[] sums);

  /** Adds d and its square of two rows to the sums of each lane; those of the second follow. */
  void momentsPair(float[] x, Tile tile, float[] numbers, int k, float[] sums);

  /** Computes {@code h = gain y + bias}. */
  void apply(float[] x, Tile tile, float[] table, float[] h);

  /** Adds {@code dh d} and {@code dh} to the sums of each column. */
  void sums(float[] dh, float[] x, Tile tile, float[] table, float[] sums);

  /** Computes dx. */
  void pullback(float[] dh, float[] x, Tile tile, float[] table, float[] dx);

  /** Computes h of a row, with gains from f on, and biases after all gains. */
  void applyFeatures(
      float[] x, Tile tile, float[] numbers, int k, float[] affine, int f, float[] h);

  /** Adds {@code q d} and {@code q = gain dh} of a row to the sums of each lane. */
  void sumsFeatures(
      float[] dh,
      float[] x,
      Tile tile,
      float[] numbers,
      int k,
      float[] affine,
      int f,
      float[] sums);

  /** Does the same with two rows; the lanes of the second follow. */
  void sumsPair(
      float[] dh,
      float[] x,
      Tile tile,
      float[] numbers,
      int k,
      float[] affine,
      int f,
      float[] sums);

  /**
   * Computes dx of a row, and adds {@code dh y} and {@code dh} to the sums of each feature, the
   * latter in the second half of their array.
   */
  void pullbackFeatures(
      float[] dh,
      float[] x,
      Tile tile,
      float[] numbers,
      int k,
      float[] affine,
      int f,
      float[] added,
      float[] dx);

  /** Does the same with two rows. */
  void pullbackPair(
      float[] dh,
      float[] x,
      Tile tile,
      float[] numbers,
      int k,
      float[] affine,
      int f,
      float[] added,
      float[] dx);

  /** Computes h of rows; biases come after all gains. */
  void applyRows(float[] x, Tile tile, float[] table, float[] affine, int f, float[] h);

  /**
   * Adds {@code q d} and {@code q = gain dh} to the sums of each column, and {@code dh y} and
   * {@code dh} to the sums of each lane of each row, the lanes of which follow.
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

  /** Computes dx of rows. */
  void pullbackRows(
      float[] dh, float[] x, Tile tile, float[] table, float[] affine, int f, float[] dx);
}
