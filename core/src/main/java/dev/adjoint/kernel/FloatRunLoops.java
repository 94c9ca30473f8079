package dev.adjoint.kernel;

import dev.adjoint.kernel.Norm.Run;

/**
 * The loops of a normalization over runs of a set.
 *
 * <p>The numbers of a set start at k. They are {@code scale, offset, inverse, shift}, with {@code d
 * = x scale + offset} and {@code y = d inverse + shift}; then gain and bias or, on the way back,
 * gain and two numbers {@code slope, mean} with {@code dx = (gain dh + d slope + mean) inverse
 * scale}.
 *
 * <p>Sums have lanes: lane {@code i mod 16} is that of element i of a run.
 *
 * <p>Loops over features take elements that have gains of their own. Loops over a pair take two
 * sets, the numbers and lanes of which follow, so that gains are read, and sums of features added
 * to, once for both.
 */
public interface FloatRunLoops {

  /** How many lanes a sum has. */
  int LANES = 16;

  /** How many numbers a set has. */
  int NUMBERS = 7;

  /** Computes the lanes of the sums of d and of its square. */
  void moments(float[] x, Run run, float[] numbers, int k, float[] sums);

  /** Does the same with a pair. */
  void momentsPair(float[] x, Run run, float[] numbers, int k, float[] sums);

  /** Computes {@code h = gain y + bias}. */
  void apply(float[] x, Run run, float[] numbers, int k, float[] h);

  /** Does the same with gains from the run's feature on, and biases after all gains. */
  void applyFeatures(float[] x, Run run, float[] numbers, int k, float[] affine, float[] h);

  /** Computes the lanes of the sums of {@code dh d} and of {@code dh}. */
  void sums(float[] dh, float[] x, Run run, float[] numbers, int k, float[] sums);

  /** Computes the lanes of the sums of {@code q d} and of {@code q = gain dh}. */
  void sumsFeatures(
      float[] dh, float[] x, Run run, float[] numbers, int k, float[] affine, float[] sums);

  /** Does the same with a pair. */
  void sumsPair(
      float[] dh, float[] x, Run run, float[] numbers, int k, float[] affine, float[] sums);

  /** Computes dx. */
  void pullback(float[] dh, float[] x, Run run, float[] numbers, int k, float[] dx);

  /**
   * Computes dx, and adds {@code dh y} and {@code dh} to the sums of each feature, the latter in
   * the second half of their array.
   */
  void pullbackFeatures(
      float[] dh,
      float[] x,
      Run run,
      float[] numbers,
      int k,
      float[] affine,
      float[] added,
      float[] dx);

  /** Does the same with a pair. */
  void pullbackPair(
      float[] dh,
      float[] x,
      Run run,
      float[] numbers,
      int k,
      float[] affine,
      float[] added,
      float[] dx);
}
