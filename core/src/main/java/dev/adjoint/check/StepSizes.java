package dev.adjoint.check;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The step sizes of the finite differences of one element.
 *
 * @param first the one that suits most functions
 * @param all descending, each 8 times the next; 4 times in float32
 * @param own the size of the element: what a larger step shows may not be so at the element
 * @param grain the relative precision of the element times its size: what rounding does to a step
 */
record StepSizes(double first, List<Double> all, double own, double grain) {

  /** Below this, numbers are less precise, and then there are none. */
  private static final double LEAST = 0x1p-1000;

  /**
   * Returns steps around a first one: up to the size of the input, or 1, where nothing but an
   * offset limits them; down to where kinks and edges of a domain are told from what is near.
   *
   * @param size of the element, or 0
   * @param typical the size of the whole input
   * @param epsilon of its type
   * @param chosen the first step if the user says so, or 0
   */
  static StepSizes of(double size, double typical, double epsilon, double chosen) {
    boolean single = epsilon > 1e-10;
    int apart = single ? 2 : 3;
    double reach = Math.max(size, typical > 0 ? Math.min(1, typical) : 1);
    double wanted = chosen > 0 ? chosen : Direction.power(reach) * (single ? 0x1p-7 : 0x1p-12);
    double first = Math.max(LEAST, wanted);
    double highest = Direction.power(Math.max(1, reach));
    double own = size > 0 ? size : reach;
    double lowest = Math.min(own, 1) * (single ? 0x1p-17 : 0x1p-36);
    lowest = Math.max(LEAST, Math.max(lowest, size * epsilon * 16));
    int above = (int) Math.max(0, Math.floor((log2(highest) - log2(first)) / apart));
    int below = (int) Math.max(3, Math.floor((log2(first) - log2(lowest)) / apart));
    List<Double> all =
        IntStream.rangeClosed(-above, below).mapToObj(i -> Math.scalb(first, -apart * i)).toList();
    return new StepSizes(first, all, own, size * epsilon);
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }
}
