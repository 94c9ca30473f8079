package dev.adjoint.training.metric;

/** Which values of a metric are better. NaN is no value: it is never better than another. */
public enum Goal {
  /** Lower is better, as for a loss. */
  MINIMIZE {
    @Override
    public boolean isBetter(double value, double best, double margin) {
      return Double.isNaN(best) ? !Double.isNaN(value) : value < best - margin;
    }
  },

  /** Higher is better, as for an accuracy. */
  MAXIMIZE {
    @Override
    public boolean isBetter(double value, double best, double margin) {
      return Double.isNaN(best) ? !Double.isNaN(value) : value > best + margin;
    }
  };

  /**
   * Tells whether a value is better than the best so far, by more than a margin.
   *
   * @param best NaN if there is none yet
   */
  public abstract boolean isBetter(double value, double best, double margin);
}
