package dev.adjoint.kernel;

/**
 * The loops of a normalization.
 *
 * <p>Most go over a tile: columns {@code from <= i < to} of some rows, whose elements are at {@code
 * at + row * stride + i}. What the elements of a column have in common are the rows of a table of
 * some width: {@code scale, offset, inverse, shift} of their set, with {@code d = x scale + offset}
 * and {@code y = d inverse + shift}; then gain and bias or, on the way back, gain and two numbers
 * {@code slope, mean} with {@code dx = (gain dh + d slope + mean) inverse scale}.
 *
 * <p>Such columns are sets that lie side by side; or the lanes of one set, whose elements follow
 * one another: element i belongs to lane {@code i mod 16}, in a table where each number is repeated
 * 16 times. The others take elements of one set, which have gains and biases of their own.
 */
public interface FloatNormLoops {

  /** How many lanes a set has. */
  int LANES = 16;

  /** Adds d and its square to the sums of each column, which start at s. */
  void moments(
      float[] x,
      int at,
      int stride,
      int rows,
      float[] set,
      int width,
      int from,
      int to,
      float[] sums,
      int s);

  /** Computes {@code h = gain y + bias}. */
  void apply(
      float[] x, int at, int stride, int rows, float[] set, int width, int from, int to, float[] h);

  /** Adds {@code dh d} and {@code dh} to the sums of each column, which start at s. */
  void sums(
      float[] dh,
      float[] x,
      int at,
      int stride,
      int rows,
      float[] set,
      int width,
      int from,
      int to,
      float[] sums,
      int s);

  /** Computes dx. */
  void pullback(
      float[] dh,
      float[] x,
      int at,
      int stride,
      int rows,
      float[] set,
      int width,
      int from,
      int to,
      float[] dx);

  /** Computes h of elements with gains from f on, and biases after all gains. */
  void applyFeatures(
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int features,
      int from,
      int to,
      float[] h);

  /** Adds {@code q d} and {@code q = gain dh} to the sums of each lane. */
  void sumsFeatures(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int from,
      int to,
      float[] sums);

  /** Computes dx, and adds {@code dh y} and {@code dh} to the sums of each feature. */
  void pullbackFeatures(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int features,
      int from,
      int to,
      float[] added,
      float[] dx);
}
