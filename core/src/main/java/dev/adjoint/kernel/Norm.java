package dev.adjoint.kernel;

/**
 * Describes a normalization: which elements of an array share their statistics, and which have the
 * same gain and bias.
 *
 * <p>The array has the shape (a, channels, b); a set is what one channel has over a and b or,
 * across channels, what all channels have at one place of a and b. The element at index p has the
 * gain and the bias number {@code p / inner mod features}; across channels, all of a channel have
 * the same.
 *
 * @param across whether sets lie across channels
 * @param centered whether the mean is subtracted, and sigma is the deviation; else sigma is the
 *     root of the mean square
 * @param epsilon added to the variance under the root
 * @param epsilonOutsideRoot whether epsilon is added to the root instead
 */
public record Norm(
    int a,
    int channels,
    int b,
    boolean across,
    int inner,
    int features,
    boolean centered,
    double epsilon,
    boolean epsilonOutsideRoot) {

  /** Returns how many sets there are. */
  public int sets() {
    return across ? a * b : channels;
  }

  /** Returns how many elements a set has. */
  public long size() {
    return across ? channels : (long) a * b;
  }

  /** Returns how many runs of neighbors a set consists of. */
  public int runs() {
    return across ? channels : a;
  }

  /** Returns how many neighbors such a run has. */
  public int length() {
    return across ? 1 : b;
  }

  /** Returns where the i-th run of a set starts. */
  public int at(int i, int set) {
    return across ? (set / b * channels + i) * b + set % b : (i * channels + set) * b;
  }

  /** Returns the number of an element's gain and bias. */
  public int feature(int p) {
    return p / inner % features;
  }

  /** Returns how many elements from p to an end have features one after another, or one. */
  public int run(int p, int end) {
    return Math.min(end - p, inner == 1 ? features - p % features : inner - p % inner);
  }

  /** Returns sigma of a set. */
  public double sigma(double variance, double scaledEpsilon) {
    return epsilonOutsideRoot
        ? Math.sqrt(variance) + scaledEpsilon
        : Math.sqrt(variance + scaledEpsilon);
  }

  /**
   * A part of an array for loops: the columns {@code from <= i < to} of some rows, whose elements
   * are at {@code at + row * stride + i}.
   */
  public record Tile(int at, int stride, int rows, int from, int to) {

    /** Returns what is left from a column on. */
    public Tile rest(int column) {
      return new Tile(at, stride, rows, column, to);
    }
  }

  /**
   * A part of an array for loops: elements of a set that follow one another.
   *
   * @param next how far on the same elements of the next set are
   * @param feature the feature of the first element, from which on each has one of its own; or of
   *     all elements
   */
  public record Run(int at, int n, int next, int feature) {

    /** Returns all but the first elements. */
    public Run after(int count) {
      return new Run(at + count, n - count, next, feature + count);
    }

    /** Returns the last elements; all if there are fewer. */
    public Run last(int count) {
      return after(Math.max(0, n - count));
    }

    /**
     * Tells whether steps of so many elements from a place on, the last of which may end behind the
     * run, end within an array.
     */
    public boolean fits(int from, int step, int length) {
      return Math.ceilDiv(n, step) * step <= length - from;
    }
  }
}
