package dev.adjoint.training;

import com.google.common.collect.Iterables;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.metric.Goal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What is measured after each epoch.
 *
 * @param metrics by their own names
 * @param measure returns a value for each of them
 */
record Validation<X, Y>(
    DataLoader<X, Y> data,
    Map<String, Optional<Goal>> metrics,
    Function<Iterable<Batch<X, Y>>, Map<String, Double>> measure) {

  /** Measures one batch. */
  void rehearse() {
    Map<String, Double> _ = measure.apply(Iterables.limit(data.epoch(0), 1));
  }

  /** Returns values by the names that a metric has in an epoch. */
  static <V> Map<String, V> named(Map<String, V> byMetric) {
    Map<String, V> named = new LinkedHashMap<>();
    byMetric.forEach((name, value) -> named.put("validation " + name, value));
    return named;
  }
}
