package dev.adjoint.nn.inspect;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * A change of the weights or the data of a layer whose effect on the output is measured: the
 * columns of Table 1 of Ba, Kiros and Hinton 2016 (arXiv:1607.06450), and three more.
 *
 * <p>W is a weight with a row for each output, x the data with a row for each case. A factor d is
 * positive; of g and c, d tells how large they are beside the weights or the data.
 */
public enum Perturbation {
  /** {@code W d}: the paper's weight matrix re-scaling. */
  WEIGHTS_RESCALED("W d", true, (of, d, row) -> of.values().times(d)),
  /** {@code W + 1 g'}, one vector added to every row: weight matrix re-centering. */
  WEIGHTS_RECENTERED("W + 1g'", true, (of, d, row) -> of.values().plus(of.vector().times(d))),
  /** {@code W + c}, one number added to every weight. */
  WEIGHTS_SHIFTED("W + c", true, (of, d, row) -> of.values().plus(d * of.size())),
  /** One row of W times d: weight vector re-scaling. */
  ROW_RESCALED("row d", true, Operand::rowRescaled),
  /** A vector added to one row of W. */
  ROW_RECENTERED("row + g", true, Operand::rowRecentered),
  /** {@code x d}: dataset re-scaling. */
  DATA_RESCALED("x d", false, (of, d, row) -> of.values().times(d)),
  /** {@code x + 1 g'}, one vector added to every case: dataset re-centering. */
  DATA_RECENTERED("x + 1g'", false, (of, d, row) -> of.values().plus(of.vector().times(d))),
  /** {@code x + c}, one number added to all data. */
  DATA_SHIFTED("x + c", false, (of, d, row) -> of.values().plus(d * of.size())),
  /** One case times d: single training case re-scaling. */
  CASE_RESCALED("case d", false, Operand::rowRescaled);

  /** Whether the weights are changed, or else the data. */
  final boolean ofWeights;

  final Change change;
  private final String label;

  Perturbation(String label, boolean ofWeights, Change change) {
    this.label = label;
    this.ofWeights = ofWeights;
    this.change = change;
  }

  interface Change {
    Tensor apply(Operand of, double d, int row);
  }

  /** Tells whether one row or case is changed, or else all. */
  boolean ofOne() {
    return this == ROW_RESCALED || this == ROW_RECENTERED || this == CASE_RESCALED;
  }

  /** Tells whether something is scaled, or else shifted. */
  boolean isScale() {
    return this == WEIGHTS_RESCALED
        || this == ROW_RESCALED
        || this == DATA_RESCALED
        || this == CASE_RESCALED;
  }

  /** Returns the head of the column. */
  @Override
  public String toString() {
    return label;
  }

  /**
   * What is perturbed: a weight or data, with rows along axis 0.
   *
   * @param vector what is added to every row, about as large as the values; broadcasts to them
   * @param size the root of the mean square of the values
   */
  record Operand(Tensor values, Tensor vector, double size) {

    /** Perturbs a weight: the vector has a number for each element of a row. */
    static Operand ofWeights(Tensor weights, Generator generator) {
      return of(weights, weights.shape().with(0, 1), generator);
    }

    /** Perturbs data: the vector has a number for each feature, which lie along an axis. */
    static Operand ofData(Tensor data, int featureAxis, Generator generator) {
      Shape features = Shape.along(featureAxis, data.size(featureAxis), data.rank());
      return of(data, features, generator);
    }

    private static Operand of(Tensor values, Shape vector, Generator generator) {
      double size = Math.sqrt(values.square().mean().item());
      return new Operand(values, generator.normal(0, size, vector, values.dtype()), size);
    }

    Operand times(double factor) {
      return new Operand(values.times(factor), vector.times(factor), size * factor);
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
      int[] sizes = Shape.along(0, ones.length, values.rank()).toArray();
      return Tensor.of(ones, sizes).to(values.dtype());
    }
  }
}
