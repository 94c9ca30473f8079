package dev.adjoint.nn.inspect;

import dev.adjoint.tensor.Tensor;

/**
 * Names what is done to the weights or the data of a layer, while its output is watched: the
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
  ROW_RESCALED("row d", true, Subject::rowRescaled),
  /** A vector added to one row of W. */
  ROW_RECENTERED("row + g", true, Subject::rowRecentered),
  /** {@code x d}: dataset re-scaling. */
  DATA_RESCALED("x d", false, (of, d, row) -> of.values().times(d)),
  /** {@code x + 1 g'}, one vector added to every case: dataset re-centering. */
  DATA_RECENTERED("x + 1g'", false, (of, d, row) -> of.values().plus(of.vector().times(d))),
  /** {@code x + c}, one number added to all data. */
  DATA_SHIFTED("x + c", false, (of, d, row) -> of.values().plus(d * of.size())),
  /** One case times d: single training case re-scaling. */
  CASE_RESCALED("case d", false, Subject::rowRescaled);

  private final String label;
  private final boolean ofWeights;
  private final Change change;

  Perturbation(String label, boolean ofWeights, Change change) {
    this.label = label;
    this.ofWeights = ofWeights;
    this.change = change;
  }

  /** Computes the changed weights or data. */
  private interface Change {
    Tensor apply(Subject of, double d, int row);
  }

  /** Tells whether the weights are changed, or else the data. */
  boolean ofWeights() {
    return ofWeights;
  }

  /** Tells whether one row or case is changed, or else all. */
  boolean ofOne() {
    return this == ROW_RESCALED || this == ROW_RECENTERED || this == CASE_RESCALED;
  }

  /** Returns the changed weights or data. */
  Tensor apply(Subject of, double d, int row) {
    return change.apply(of, d, row);
  }

  /** Returns the head of the column. */
  @Override
  public String toString() {
    return label;
  }
}
