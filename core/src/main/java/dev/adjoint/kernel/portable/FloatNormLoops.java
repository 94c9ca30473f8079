package dev.adjoint.kernel.portable;

/**
 * The loops of a normalization over a run of elements.
 *
 * <p>What elements have in common are the rows of two tables. The statistics of a set are {@code
 * scale, center, rest, inverse} and, on the way back, {@code mean(q), -mean(q y) along}; {@code y =
 * ((x scale - center) - rest) inverse} and {@code q = gain dh}. A feature has a gain and a bias. A
 * step of 1 takes the next column for the next element; a step of 0 takes the same for all, which
 * must then be there {@link #LANES} times.
 *
 * <p>Element i of a run is added to lane {@code i mod 16}, and the lanes to one another in halves.
 */
public interface FloatNormLoops {

  /** How many lanes are added up, and how often a column is repeated that all elements use. */
  int LANES = 16;

  /** Computes {@code sum(x - center)} and {@code sum((x - center)^2)}. */
  void moments(float[] x, int at, float center, int n, float[] sums);

  /**
   * Adds {@code x - center} to the sums of each of n columns, and its square to those after them.
   */
  void addMoments(float[] x, int at, float[] centers, int c, int n, float[] sums);

  /** Computes {@code h = gain y + bias}. */
  void apply(
      float[] x,
      int at,
      float[] set,
      int s,
      int setStride,
      int setStep,
      float[] affine,
      int f,
      int affineStride,
      int affineStep,
      float[] h,
      int n);

  /** Computes {@code sum(q)} and {@code sum(q y)} of one set. */
  void sums(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int step,
      int n,
      float[] sums);

  /** Adds {@code dh y} and {@code dh} to the sums of each of n columns, which are sets. */
  void addSums(float[] dh, float[] x, int at, float[] set, int n, float[] sums);

  /** Computes {@code dx = (q - mean(q) - y mean(q y) along) inverse scale}. */
  void pullback(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      int s,
      int setStride,
      int setStep,
      float[] affine,
      int f,
      int affineStep,
      float[] dx,
      int n);

  /**
   * Computes dx of one set, and adds {@code dh y} to the sums of the gains, and {@code dh} to those
   * of the biases.
   */
  void pullback(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int affineStride,
      float[] added,
      float[] dx,
      int n);

  /** Adds up lanes in halves. */
  static float total(float[] lanes, int from) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int l = from; l < from + half; l++) {
        lanes[l] += lanes[l + half];
      }
    }
    return lanes[from];
  }
}
