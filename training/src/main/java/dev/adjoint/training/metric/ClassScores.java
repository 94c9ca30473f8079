package dev.adjoint.training.metric;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * The scores of classes in each row, beside the class that is right: what metrics of classes count.
 *
 * <p>As for losses, classes are along the last axis, and the axes before it are rows.
 *
 * @param scores the rows, one after another
 * @param targets the right class of each row
 */
record ClassScores(int classes, double[] scores, int[] targets) {

  /**
   * Checks outputs and targets.
   *
   * @param metric for messages
   * @param outputs of shape (..., C), at least 2 classes
   * @param targets of shape (...)
   */
  static ClassScores of(String metric, Tensor outputs, IntTensor targets) {
    Shape shape = outputs.shape();
    if (!areRows(shape, targets.shape())) {
      throw new IllegalArgumentException(
          "%s: outputs of shape %s and targets of shape %s; expected outputs of shape (..., classes) and targets of shape (...)"
              .formatted(metric, shape, targets.shape()));
    }
    int classes = shape.size(-1);
    if (classes < 2) {
      throw new IllegalArgumentException(
          "%s: outputs of shape %s, in which there is nothing to choose from; expected a score for each of 2 classes or more (one score of class 1 is judged by rocAuc)"
              .formatted(metric, shape));
    }
    return new ClassScores(
        classes, outputs.toDoubleArray(), classes(metric, classes, shape, targets));
  }

  /** Tells whether outputs are rows along their last axis, of which each has a target. */
  static boolean areRows(Shape outputs, Shape targets) {
    return outputs.rank() > 0
        && targets.equals(outputs.reduced(new int[] {outputs.rank() - 1}, false));
  }

  /** Returns the targets after a check that each is a class. */
  static int[] classes(String metric, int classes, Shape outputs, IntTensor targets) {
    int[] checked = targets.toArray();
    for (int row = 0; row < checked.length; row++) {
      if (checked[row] < 0 || checked[row] >= classes) {
        throw new IndexOutOfBoundsException(
            "%s: target %d at position %s is not a class; expected 0 to %d for outputs of shape %s"
                .formatted(
                    metric,
                    checked[row],
                    Arrays.toString(targets.shape().unravel(row)),
                    classes - 1,
                    outputs));
      }
    }
    return checked;
  }

  int rows() {
    return targets.length;
  }

  /** Tells whether a row has an order: NaN is neither above nor below anything. */
  boolean hasOrder(int row) {
    for (int c = 0; c < classes; c++) {
      if (Double.isNaN(score(row, c))) {
        return false;
      }
    }
    return true;
  }

  /** Returns the class with the highest score; of equal scores, the lower class. */
  int best(int row) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      best = score(row, c) > score(row, best) ? c : best;
    }
    return best;
  }

  /** Returns how many classes come before the right one. */
  int rank(int row) {
    int target = targets[row];
    double own = score(row, target);
    int before = 0;
    for (int c = 0; c < classes; c++) {
      double score = score(row, c);
      before += score > own || (score == own && c < target) ? 1 : 0;
    }
    return before;
  }

  /** Returns the number of rows whose right class is among the k first; NaN if one has no order. */
  double hits(int k) {
    int hits = 0;
    for (int row = 0; row < rows(); row++) {
      if (!hasOrder(row)) {
        return Double.NaN;
      }
      hits += rank(row) < k ? 1 : 0;
    }
    return hits;
  }

  private double score(int row, int c) {
    return scores[row * classes + c];
  }
}
