package dev.adjoint.training.metric;

import dev.adjoint.tensor.Tensor;
import java.util.function.Supplier;

/**
 * Measures how well outputs fit targets, over as many batches as there are.
 *
 * <p>{@link Classification} and {@link Regression} have the common ones. A metric of one's own
 * makes something that adds up:
 *
 * <pre>{@code
 * Metric<Tensor> largestError =
 *     Metric.of("largest error", () -> new Metric.Sum<>() {
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

  /** Returns an empty sum. */
  Sum<Y> begin();

  /** Returns a metric of this name. */
  static <Y> Metric<Y> of(String name, Supplier<Sum<Y>> begin) {
    return new Metric<>() {
      @Override
      public String name() {
        return name;
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
     * Takes the outputs for a batch into account.
     *
     * @param outputs of the model, constants
     */
    void add(Tensor outputs, Y targets);

    /** Returns the value for all that was added; NaN if that was nothing. */
    double value();
  }
}
