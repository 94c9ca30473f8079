package dev.adjoint.nn.inspect;

import dev.adjoint.tensor.Tensor;

/**
 * What an invariance means for the gradients of a loss (Ioffe and Szegedy 2015, arXiv:1502.03167,
 * section 3.3; Salimans and Kingma 2016, arXiv:1602.07868, section 2.1): the columns of {@link
 * InvarianceTable#gradientFacts}.
 *
 * <p>W and x are weight and data, dW and dx the gradients with respect to them. By Euler's theorem
 * on homogeneous functions the first fact is the invariance to the scale of W, said of its
 * gradient, and the second that to the scale of a row; the others follow by the chain rule.
 */
public enum GradientFact {
  /** {@code <W, dW> = 0}: a step turns the weight, and to first order does not shorten it. */
  WEIGHTS_ORTHOGONAL("<W, dW> = 0", true, (at, changed, d) -> changed.cosine()),
  /** {@code <w, dw> = 0} for each row w: a step turns each row. */
  ROWS_ORTHOGONAL("<w, dw> = 0", true, (at, changed, d) -> changed.rowCosine()),
  /** At {@code W d} the gradient is {@code dW / d}: large weights move little. */
  WEIGHTS_RESCALED_DW("W d: dW / d", true, (at, changed, d) -> difference(changed.dw, at.dw, d)),
  /** At {@code W d} the gradient of the data is the same: the layer below feels no scale. */
  WEIGHTS_RESCALED_DX("W d: dx", true, (at, changed, d) -> difference(changed.dx, at.dx, 1)),
  /** At {@code x d} the gradient of the weight is the same. */
  DATA_RESCALED_DW("x d: dW", false, (at, changed, d) -> difference(changed.dw, at.dw, 1)),
  /** At {@code x d} the gradient of the data is {@code dx / d}. */
  DATA_RESCALED_DX("x d: dx / d", false, (at, changed, d) -> difference(changed.dx, at.dx, d));

  /** Whether the weights are scaled, or else the data. */
  final boolean ofWeights;

  final Deviation deviation;
  private final String label;

  GradientFact(String label, boolean ofWeights, Deviation deviation) {
    this.label = label;
    this.ofWeights = ofWeights;
    this.deviation = deviation;
  }

  /** Computes how far from true the fact is, from the gradients before and after scaling by d. */
  interface Deviation {
    double of(LossGradients at, LossGradients changed, double d);
  }

  /** Returns the head of the column. */
  @Override
  public String toString() {
    return label;
  }

  private static double difference(Tensor changed, Tensor at, double factor) {
    return ratio(largest(changed.times(factor).minus(at)), largest(at));
  }

  private static double largest(Tensor tensor) {
    return tensor.abs().max().item();
  }

  /** Divides, where 0 of nothing is 0: without a gradient all is true. */
  private static double ratio(double part, double whole) {
    return part == 0 ? 0 : part / whole;
  }

  /**
   * A weight, with its rows along axis 0, and the gradients of a loss.
   *
   * @param dw of the weight's shape
   * @param dx of the data's shape
   */
  record LossGradients(Tensor w, Tensor dw, Tensor dx) {

    /** Returns the cosine between weight and gradient, without its sign. */
    double cosine() {
      return ratio(Math.abs(w.times(dw).sum().item()), w.norm(2).item() * dw.norm(2).item());
    }

    /** Returns the cosine between a row and its gradient, where rows count by their lengths. */
    double rowCosine() {
      Tensor rows = w.flatten(1, -1);
      Tensor gradients = dw.flatten(1, -1);
      return ratio(
          largest(rows.times(gradients).sum(1)),
          largest(rows.norm(2, 1).times(gradients.norm(2, 1))));
    }
  }
}
