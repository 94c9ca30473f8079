package dev.adjoint.benchmarks;

/**
 * What was measured of a row, on some number of threads; times in nanoseconds.
 *
 * @param ours the median of Adjoint's times
 * @param theirs the median of libtorch's times, or NaN
 * @param limit the least time that the work can take on this machine, or 0 if it is unknown
 * @param bytes allocated by a call of Adjoint
 * @param spread by which part of the median the times of one library, whichever is worse, differ
 */
record Measured(double ours, double theirs, double limit, double bytes, double spread) {

  double ratio() {
    return ours / theirs;
  }
}
