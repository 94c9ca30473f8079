package dev.adjoint.training.metric;

import dev.adjoint.tensor.Tensor;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToIntFunction;

/** Averages what is summed over the elements of each batch. */
final class Mean<Y> implements Metric.Sum<Y> {

  private final ToDoubleBiFunction<Tensor, Y> sum;
  private final ToIntFunction<Y> count;
  private final DoubleUnaryOperator ofMean;
  private double total;
  private long number;

  private Mean(
      ToDoubleBiFunction<Tensor, Y> sum, ToIntFunction<Y> count, DoubleUnaryOperator ofMean) {
    this.sum = sum;
    this.count = count;
    this.ofMean = ofMean;
  }

  static <Y> Metric<Y> metric(
      String name, Goal goal, ToDoubleBiFunction<Tensor, Y> sum, ToIntFunction<Y> count) {
    return metric(name, goal, sum, count, mean -> mean);
  }

  /** Returns the metric that is a function of the mean. */
  static <Y> Metric<Y> metric(
      String name,
      Goal goal,
      ToDoubleBiFunction<Tensor, Y> sum,
      ToIntFunction<Y> count,
      DoubleUnaryOperator ofMean) {
    return Metric.of(name, goal, () -> new Mean<>(sum, count, ofMean));
  }

  @Override
  public void add(Tensor outputs, Y targets) {
    total += sum.applyAsDouble(outputs, targets);
    number += count.applyAsInt(targets);
  }

  @Override
  public double value() {
    return ofMean.applyAsDouble(total / number);
  }
}
