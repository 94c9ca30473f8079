package dev.adjoint.training.metric;

/** Which values of a metric are better. NaN is no value: it is never better than another. */
public enum Goal {
  /** Lower is better, as for a loss. */
  MINIMIZE(-1),
  /** Higher is better, as for an accuracy. */
  MAXIMIZE(1);

  private final int sign;

  Goal(int sign) {
    this.sign = sign;
  }

  /**
   * Tells whether a value is better than the best so far, by more than a margin.
   *
   * @param best NaN if there is none yet
   */
  public boolean isBetter(double value, double best, double margin) {
    return Double.isNaN(best) ? !Double.isNaN(value) : sign * value > sign * best + margin;
  }
}
