package dev.adjoint.training;

import com.google.common.collect.ImmutableMap;
import java.util.Map;

/**
 * The results of an epoch that has ended.
 *
 * @param number of the epoch, from 0
 * @param steps that the optimizer has made since the beginning of the training
 * @param metrics by name: {@code loss} is the mean over all steps of the epoch, and what validation
 *     measures is called as in {@code validation accuracy}
 * @param examplesPerSecond learned from in this epoch, in this run
 */
public record Epoch(int number, int steps, Map<String, Double> metrics, double examplesPerSecond) {

  /** Keeps the order of the metrics. */
  public Epoch {
    metrics = ImmutableMap.copyOf(metrics);
  }

  /**
   * Returns the value of a metric.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public double metric(String name) {
    Double value = metrics.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "no metric '%s' in epoch %d; expected one of %s"
              .formatted(name, number + 1, metrics.keySet()));
    }
    return value;
  }
}
