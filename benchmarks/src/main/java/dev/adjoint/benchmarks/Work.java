package dev.adjoint.benchmarks;

/**
 * Says what one call does at least, so that its time can be held against the machine's limits.
 *
 * @param flops floating-point operations of products; 0 where there are none
 * @param elements that are read or written, each array once
 */
record Work(double flops, double elements) {

  /** Returns the work of going over arrays of this shape, one after another or all at once. */
  static Work passes(double passes, int... sizes) {
    return new Work(0, passes * product(sizes));
  }

  /** Returns the work of multiply-adds. */
  static Work macs(double macs) {
    return new Work(2 * macs, 0);
  }

  /** Returns the nanoseconds that a machine with these limits needs at least. */
  double nanos(MachineLimits.Measured limits, int elementBytes) {
    double bytes = elements * elementBytes;
    return Math.max(flops / limits.flops(elementBytes), bytes / limits.bandwidth(bytes));
  }

  static double product(int... sizes) {
    double product = 1;
    for (int size : sizes) {
      product *= size;
    }
    return product;
  }
}
