package dev.adjoint.benchmarks;

import java.util.List;

/** One of the two libraries, in whose process rows are computed. */
interface Side {

  /** The sum of a tensor's elements, and of their absolute values. */
  record Digest(double sum, double absolute) {

    /** Tells whether both can be of the same numbers, rounded otherwise. */
    boolean near(Digest other, double tolerance) {
      double scale = Math.max(absolute, other.absolute);
      return Math.abs(sum - other.sum) <= tolerance * scale
          && Math.abs(absolute - other.absolute) <= tolerance * scale;
    }
  }

  /**
   * Makes what a row computes, computes it, and returns the digests of what came out: of the output
   * and of each gradient, or the losses of three steps.
   */
  List<Digest> prepare(Case.Row row);

  /** Computes the prepared row once. */
  void run();
}
