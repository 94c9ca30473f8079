package dev.adjoint.training.report;

/**
 * Holds what is drawn under one name, by its places along the axes.
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

  /** Tells whether each point is drawn as such. */
  boolean hasMarkers() {
    return kind == Kind.POINTS || (kind == Kind.LINE && x.length <= FEW);
  }

  /** Returns this with its places in numbers of labels. */
  Series on(Axis.Scale xScale, Axis.Scale yScale) {
    return new Series(kind, name, xScale.of(x), yScale.of(low), yScale.of(high));
  }
}
