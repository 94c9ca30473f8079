package dev.adjoint.examples.why;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** The results over all seeds. */
record Spread(double mean, double low, double high) {

  static Spread of(Collection<Double> values) {
    double[] all = values.stream().mapToDouble(Double::doubleValue).toArray();
    return new Spread(
        Arrays.stream(all).average().orElse(Double.NaN),
        Arrays.stream(all).min().orElse(Double.NaN),
        Arrays.stream(all).max().orElse(Double.NaN));
  }

  /** Writes the mean, and the range of the seeds if there is one. */
  String written(String format) {
    String center = String.format(Locale.ROOT, format, mean);
    return low == high
        ? center
        : String.format(Locale.ROOT, "%s (" + format + " to " + format + ")", center, low, high);
  }

  @Override
  public String toString() {
    return written("%.3f");
  }
}
