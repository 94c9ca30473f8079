package dev.adjoint.op;

import java.util.List;

/**
 * The divided differences of a function at ascending values: (f(b) - f(a)) / (b - a), of these
 * again, and so on; between equal values, the derivatives that these tend to.
 *
 * @param values of several matrices
 * @param derivatives of f at the values, from the function itself on: one more than is asked for
 * @param first where the values of this matrix begin
 */
record DividedDifferences(double[] values, List<double[]> derivatives, int first) {

  private static final double EPSILON = Math.ulp(1.0);

  /** Returns the difference over the values that some indices, in ascending order, stand for. */
  double at(int[] indices, int from, int to) {
    int low = first + indices[from];
    int high = first + indices[to];
    int k = to - from;
    double factorial = 1;
    double sum = 0;
    for (int i = 0; i <= k; i++) {
      factorial *= Math.max(1, i);
      sum += derivatives.get(k)[first + indices[from + i]];
    }
    double mean = sum / (k + 1) / factorial;
    double gap = values[high] - values[low];
    if (k == 0 || gap == 0) {
      return mean;
    }
    double a = at(indices, from, to - 1);
    double b = at(indices, from + 1, to);
    // Between near values the difference is lost in rounding, and the derivative is nearly linear:
    // whichever is expected to be less wrong.
    double rounding = EPSILON * (Math.abs(a) + Math.abs(b)) / gap;
    double bend =
        gap
            * Math.abs(derivatives.get(k + 1)[high] - derivatives.get(k + 1)[low])
            / (12 * factorial);
    return bend < rounding ? mean : (b - a) / gap;
  }
}
