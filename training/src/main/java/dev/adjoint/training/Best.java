package dev.adjoint.training;

import dev.adjoint.training.metric.Goal;
import org.jspecify.annotations.Nullable;

/** The best value of a metric so far. */
final class Best {

  private final String owner;
  private final String metric;
  private @Nullable Goal said;
  private @Nullable Goal goal;
  private double value = Double.NaN;

  /**
   * Follows a metric.
   *
   * @param owner for messages
   */
  Best(String owner, String metric) {
    this.owner = owner;
    this.metric = metric;
  }

  void maximize() {
    said = Goal.MAXIMIZE;
  }

  void minimize() {
    said = Goal.MINIMIZE;
  }

  /** Finds out, before the first step, whether there is such a metric. */
  void requireIn(Training training) {
    if (!training.metrics().contains(metric)) {
      throw new IllegalArgumentException(
          "%s: no metric '%s'; expected one of %s".formatted(owner, metric, training.metrics()));
    }
  }

  /** Finds out, before the first step, whether there is such a metric, and what is better. */
  void begin(Training training) {
    requireIn(training);
    Goal known = training.goal(metric).orElse(null);
    if (known == null && said == null) {
      throw new IllegalArgumentException(
          "%s: '%s' does not know which values are better; expected maximize() or minimize()"
              .formatted(owner, metric));
    }
    if (known != null && said != null && known != said) {
      throw new IllegalArgumentException(
          "%s: %s() for '%s', of which better values are %s; expected neither maximize() nor minimize()"
              .formatted(
                  owner,
                  said == Goal.MAXIMIZE ? "maximize" : "minimize",
                  metric,
                  known == Goal.MAXIMIZE ? "higher" : "lower"));
    }
    goal = said == null ? known : said;
  }

  /** Returns whether an epoch is better than all before, by more than a margin. */
  boolean improvedBy(Epoch epoch, double margin) {
    double now = epoch.metric(metric);
    boolean better = goal != null && goal.isBetter(now, value, margin);
    value = better ? now : value;
    return better;
  }

  String metric() {
    return metric;
  }

  /** Returns the best value; NaN if there was none. */
  double value() {
    return value;
  }

  void set(double best) {
    value = best;
  }

  /** Returns the metric and, if there is one, its best value. */
  @Override
  public String toString() {
    return "'%s'%s".formatted(metric, Double.isNaN(value) ? "" : ", best " + value);
  }
}
