package dev.adjoint.training;

/** Says which values of a metric are better. */
enum Goal {
  MINIMIZE {
    @Override
    boolean isBetter(double value, double best, double margin) {
      return Double.isNaN(best) ? !Double.isNaN(value) : value < best - margin;
    }
  },
  MAXIMIZE {
    @Override
    boolean isBetter(double value, double best, double margin) {
      return Double.isNaN(best) ? !Double.isNaN(value) : value > best + margin;
    }
  };

  /** Tells whether a value is better than the best, which is NaN if there is none, by a margin. */
  abstract boolean isBetter(double value, double best, double margin);
}
