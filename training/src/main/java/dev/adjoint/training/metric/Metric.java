package dev.adjoint.training.metric;

import dev.adjoint.tensor.Tensor;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A measure of how well outputs fit targets, over any number of batches.
 *
 * <p>{@link Classification} and {@link Regression} have the common ones. A metric of one's own
 * makes something that adds up:
 *
 * <pre>{@code
 * Metric<Tensor> largestError =
 *     Metric.of("largest error", Goal.MINIMIZE, () -> new Metric.Sum<>() {
 *       private double largest;
 *
 *       public void add(Tensor outputs, Tensor targets) {
 *         largest = Math.max(largest, outputs.minus(targets).abs().max().item());
 *       }
 *
 *       public double value() {
 *         return largest;
 *       }
 *     });
 * }</pre>
 *
 * @param <Y> the type of the targets
 */
public interface Metric<Y> {

  /** Returns the name under which values are reported. */
  String name();

  /**
   * Returns which values are better; empty, by default, if the metric does not know: then the user
   * has to tell those that look for the best value.
   */
  default Optional<Goal> goal() {
    return Optional.empty();
  }

  /** Returns an empty sum. */
  Sum<Y> begin();

  /** Returns a metric of this name that does not know which values are better. */
  static <Y> Metric<Y> of(String name, Supplier<Sum<Y>> begin) {
    return of(name, Optional.empty(), begin);
  }

  /** Returns a metric of this name. */
  static <Y> Metric<Y> of(String name, Goal goal, Supplier<Sum<Y>> begin) {
    return of(name, Optional.of(goal), begin);
  }

  private static <Y> Metric<Y> of(String name, Optional<Goal> goal, Supplier<Sum<Y>> begin) {
    return new Metric<>() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Optional<Goal> goal() {
        return goal;
      }

      @Override
      public Sum<Y> begin() {
        return begin.get();
      }

      @Override
      public String toString() {
        return name;
      }
    };
  }

  /** Adds up what a metric needs of each batch. */
  interface Sum<Y> {

    /**
     * Adds a batch.
     *
     * @param outputs of the model, constants
     */
    void add(Tensor outputs, Y targets);

    /**
     * Returns the value for all that was added; NaN if that was nothing, or if an output was NaN: a
     * model that has died is not to be judged by what is left.
     */
    double value();
  }
}
