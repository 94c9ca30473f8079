package dev.adjoint.nn.inspect;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Holds what is perturbed: a weight or data, with rows along axis 0.
 *
 * @param vector what is added to every row, about as large as the values; broadcasts to them
 * @param size the root of the mean square of the values
 */
record Subject(Tensor values, Tensor vector, double size) {

  /** Perturbs a weight: the vector has a number for each element of a row. */
  static Subject ofWeights(Tensor weights, Generator generator) {
    int[] sizes = weights.shape().toArray();
    sizes[0] = 1;
    return of(weights, sizes, generator);
  }

  /** Perturbs data: the vector has a number for each feature, which lie along an axis. */
  static Subject ofData(Tensor data, int featureAxis, Generator generator) {
    int[] sizes = new int[data.rank()];
    Arrays.fill(sizes, 1);
    sizes[featureAxis] = data.size(featureAxis);
    return of(data, sizes, generator);
  }

  private static Subject of(Tensor values, int[] sizes, Generator generator) {
    double size = Math.sqrt(values.square().mean().item());
    return new Subject(values, generator.normal(0, size, Shape.of(sizes), values.dtype()), size);
  }

  /** Magnifies everything. */
  Subject times(double factor) {
    return new Subject(values.times(factor), vector.times(factor), size * factor);
  }

  Tensor rowRescaled(double d, int row) {
    return values.times(only(row).times(d - 1).plus(1));
  }

  Tensor rowRecentered(double d, int row) {
    return values.plus(vector.times(only(row)).times(d));
  }

  /** Returns 1 for a row and 0 for the others. */
  private Tensor only(int row) {
    double[] ones = new double[values.size(0)];
    ones[row] = 1;
    int[] sizes = new int[values.rank()];
    Arrays.fill(sizes, 1);
    sizes[0] = ones.length;
    return Tensor.of(ones, sizes).to(values.dtype());
  }
}
