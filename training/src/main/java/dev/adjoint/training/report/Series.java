package dev.adjoint.training.report;

/**
 * A series of a plot, by its places along the axes.
 *
 * @param low the lower edge of a band, the lower ends of error bars; of others y
 * @param high the upper edge or ends; of others y
 */
record Series(Kind kind, String name, double[] x, double[] low, double[] high) {

  /** What is drawn, from back to front. */
  enum Kind {
    BAND,
    ERROR_BARS,
    LINE,
    POINTS
  }

  private static final int FEW = 24;

  /** A line of many points has so many markers. */
  private static final int MARKERS = 5;

  /**
   * Returns which points have markers: all where they are few; else some, elsewhere on each line.
   *
   * @param place of the line among the others, between 0 and 1
   */
  boolean[] marked(double place) {
    boolean[] marked = new boolean[x.length];
    for (int i = 0; i < marked.length; i++) {
      marked[i] = kind == Kind.POINTS || (kind == Kind.LINE && marked.length <= FEW);
    }
    if (kind == Kind.LINE && marked.length > FEW) {
      for (int i = 0; i < MARKERS; i++) {
        marked[(int) ((i + place) * marked.length / MARKERS)] = true;
      }
    }
    return marked;
  }
}
